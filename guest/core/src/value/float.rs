//! Floating-point numbers as Python writes and reads them: `repr(float)`, the shortest digits that
//! parse back to the same number.

/// Writes a number as Python does: `1.0`, `1e-07`, `1e+16`, `nan`, `-inf`.
pub(super) fn format(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = number.to_string();
        return if plain.contains('.') {
            plain
        } else {
            plain + ".0"
        };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

/// Parses a number. Spaces around it are allowed, and `nan` and `inf` in any case.
pub(super) fn parse(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_is_pythons_repr() {
        for (number, text) in [
            (1.5, "1.5"),
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.25e100, "1.25e+100"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e-7, "1e-07"),
            (0.1 + 0.2, "0.30000000000000004"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(format(number), text);
        }
    }

    #[test]
    fn parse_formatted_number_is_the_same_number() {
        for number in [0.1, -1e-300, 123_456_789.125, f64::MAX, f64::INFINITY] {
            assert_eq!(parse(&format(number)), Some(number));
        }
        assert!(parse("NaN").is_some_and(f64::is_nan));
        assert_eq!(parse("1,5"), None);
    }
}
