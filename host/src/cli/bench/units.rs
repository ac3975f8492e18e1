//! Numbers for display: three significant digits and a unit.

/// Formats a time in nanoseconds.
pub(super) fn time(ns: f64) -> String {
    let mut value = ns;
    let mut unit = "ns";
    for larger in ["µs", "ms", "s"] {
        if value < 999.5 {
            break;
        }
        value /= 1_000.0;
        unit = larger;
    }
    format!("{} {unit}", digits(value))
}

/// Formats a factor.
pub(super) fn times(factor: f64) -> String {
    format!("{}×", digits(factor))
}

/// Formats a number with a comma before each three digits.
pub(super) fn count(number: u32) -> String {
    let baseline = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in baseline.chars().enumerate() {
        if at > 0 && (baseline.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn digits(value: f64) -> String {
    match value {
        value if value < 9.995 => format!("{value:.2}"),
        value if value < 99.95 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_has_three_digits_and_the_unit_that_fits() {
        for (ns, shown) in [
            (0.0, "0.00 ns"),
            (7.123, "7.12 ns"),
            (144.4, "144 ns"),
            (999.4, "999 ns"),
            (999.6, "1.00 µs"),
            (38_249.0, "38.2 µs"),
            (99_960.0, "100 µs"),
            (1_234_000.0, "1.23 ms"),
            (999_600_000.0, "1.00 s"),
            (5e12, "5000 s"),
        ] {
            assert_eq!(time(ns), shown, "round {ns} ns before choosing its unit");
        }
    }

    #[test]
    fn times_has_three_digits() {
        for (factor, shown) in [
            (1.0, "1.00×"),
            (0.876, "0.88×"),
            (12.34, "12.3×"),
            (265.7, "266×"),
        ] {
            assert_eq!(times(factor), shown, "show {factor} with three digits");
        }
    }

    #[test]
    fn count_groups_digits_by_three() {
        for (number, shown) in [
            (7, "7"),
            (100, "100"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(count(number), shown, "put a comma before each three digits");
        }
    }
}
