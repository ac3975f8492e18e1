//! Patterns for `SCAN … MATCH`: <https://redis.io/docs/latest/commands/keys/>.

/// A pattern that fits every key that begins with `prefix`, taken literally, and no other.
pub(super) fn starting_with(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for character in prefix.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\' | '^' | '-') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('*');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starting_with_plain_text_only_adds_the_star() {
        assert_eq!(starting_with("user:ü:"), "user:ü:*");
    }

    #[test]
    fn starting_with_glob_characters_are_escaped() {
        assert_eq!(
            starting_with(r"h[a-z]?*\^:"),
            r"h\[a\-z\]\?\*\\\^:*",
            "escape what Redis' stringmatch gives a meaning"
        );
    }
}
