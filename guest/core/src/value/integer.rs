//! Decimal integers of 64 bits, as Python's `int()` reads them.

/// Parses an integer. Spaces around it, a sign, leading zeros, and single underscores between
/// digits are allowed.
pub(super) fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    if !text.contains('_') {
        return text.parse().ok();
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let well_placed = digits.split('_').all(|group| !group.is_empty());
    let joined: String = text.chars().filter(|c| *c != '_').collect();
    joined.parse().ok().filter(|_| well_placed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_forms_that_python_accepts_succeeds() {
        for (text, number) in [
            ("7", 7),
            (" 7\n", 7),
            ("+7", 7),
            ("-07", -7),
            ("1_0", 10),
            ("-1_0", -10),
        ] {
            assert_eq!(parse(text), Some(number), "{text:?}");
        }
    }

    #[test]
    fn parse_forms_that_python_rejects_fails() {
        for text in [
            "", " ", "1__0", "_1", "1_", "-_1", "1 0", "0x1", "1.0", "--1",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
