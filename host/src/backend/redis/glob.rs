//! Patterns for `SCAN … MATCH`: <https://redis.io/docs/latest/commands/keys/>.

/// Returns a pattern that matches every key that begins with the literal `prefix`, and no other.
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
    use proptest::prelude::*;

    use super::*;

    /// Returns whether Redis matches the text, for a pattern without classes: a class matches
    /// nothing here.
    fn fits(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => (0..=text.len()).any(|at| fits(rest, &text[at..])),
            ([b'[', ..], _) => false,
            ([b'?', rest @ ..], [_, text @ ..]) => fits(rest, text),
            ([b'\\', literal, rest @ ..], [byte, text @ ..])
            | ([literal, rest @ ..], [byte, text @ ..]) => literal == byte && fits(rest, text),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn starting_with_any_prefix_fits_what_begins_with_it_and_nothing_else(
            prefix in r"[a*?\[\]\\^\-ü:]{0,8}",
            rest in r"[a*?\[\]\\^\-ü:]{0,4}",
            other in r"[a*?\[\]\\^\-ü:]{0,8}",
        ) {
            let pattern = starting_with(&prefix);
            let longer = format!("{prefix}{rest}");
            prop_assert!(fits(pattern.as_bytes(), longer.as_bytes()));
            let fits_other = fits(pattern.as_bytes(), other.as_bytes());
            prop_assert_eq!(fits_other, other.starts_with(&prefix));
        }
    }

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
