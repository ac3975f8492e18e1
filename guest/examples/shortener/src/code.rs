//! Short codes: numbers to the base 62.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The longest code: that of the largest number.
const LONGEST: usize = 11;

/// Returns the code of a number.
pub fn code(mut number: u64) -> String {
    let mut digits = Vec::with_capacity(LONGEST);
    loop {
        // Less than 62.
        digits.push(DIGITS[(number % 62) as usize]);
        number /= 62;
        if number == 0 {
            return digits.into_iter().rev().map(char::from).collect();
        }
    }
}

/// Returns whether a text can be the code of a number. Other texts need no look-up.
pub fn is_code(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_of_numbers_is_a_code_and_counts_on() {
        let codes = [0, 9, 10, 61, 62, u64::MAX].map(code);
        assert_eq!(codes, ["0", "9", "A", "z", "10", "LygHa16AHYF"]);
        assert!(codes.iter().all(|code| is_code(code)));
    }

    #[test]
    fn is_code_of_other_text_is_false() {
        for text in ["", "a-b", "a/b", "ä", "123456789012"] {
            assert!(!is_code(text), "{text}");
        }
    }
}
