//! JSON text: the standard's, and Python's `json.dumps`, which also writes `NaN` and infinities.
//!
//! Values stay text; integers of any size, lone surrogates (`"\ud800"`) and duplicate names pass
//! through unchanged. Standard: [RFC 8259](https://www.rfc-editor.org/rfc/rfc8259).

use serde::de::IgnoredAny;

/// What Python writes where the standard has no number. The longest first: it contains another.
const CONSTANTS: [&str; 3] = ["-Infinity", "Infinity", "NaN"];

/// What may stand between tokens: one less than ASCII has, where a form feed is a space too.
const SPACES: [char; 4] = [' ', '\t', '\n', '\r'];

/// Whether the text is JSON as the standard has it.
pub fn is_standard(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Whether the text is JSON as the standard or as Python has it.
pub fn is_readable(text: &str) -> bool {
    is_standard(text) || (text.contains(['N', 'I']) && is_standard(&to_line(text)))
}

/// The same JSON in one line, as the standard has it: no space between tokens, and `null` for `NaN`
/// and infinities, as JavaScript writes them.
///
/// Text that is not JSON comes out as other text that is not JSON.
pub fn to_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let taken = if first == '"' {
            let string = &rest[..string_len(rest)];
            line.push_str(string);
            string.len()
        } else if let Some(constant) = CONSTANTS.iter().find(|name| rest.starts_with(**name)) {
            line.push_str("null");
            constant.len()
        } else {
            if !SPACES.contains(&first) {
                line.push(first);
            } else if between_words(&line, rest) {
                line.push(' ');
            }
            first.len_utf8()
        };
        rest = &rest[taken..];
    }
    line
}

/// The length of the string literal that the text begins with; the whole text if it does not end.
fn string_len(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

/// Whether dropping this space would join two words: then it is no JSON, and must not become one.
fn between_words(line: &str, rest: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    line.ends_with(word) && rest.trim_start_matches(SPACES).starts_with(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_readable_what_python_writes_is_read_and_what_nobody_writes_is_not() {
        for text in [
            "NaN",
            "[Infinity, -Infinity, NaN]",
            "{\"a\": NaN, \"NaN\": \"-Infinity\"}",
            "123456789012345678901234567890",
            "\"\\ud800\"",
            "1E400",
            " {\"a\": 1, \"a\": 2}\n",
        ] {
            assert!(is_readable(text), "{text}");
        }
        for text in [
            "",
            "nan",
            "1NaN",
            "NaN1",
            "--Infinity",
            "NaNNaN",
            "N a N",
            "[1 2]",
            "[NaN NaN]",
            "\u{c}NaN",
            "[NaN,\u{c}1]",
            "\"",
            "\"\\",
        ] {
            assert!(!is_readable(text), "{text}");
        }
    }

    #[test]
    fn is_standard_pythons_constants_are_not() {
        assert!(is_standard("[1, null]"));
        assert!(!is_standard("[NaN]"));
    }

    #[test]
    fn is_standard_deep_nesting_does_not_exhaust_the_stack() {
        let deep = "[".repeat(200_000) + &"]".repeat(200_000);
        assert!(is_standard(&deep));
    }

    #[test]
    fn to_line_what_is_no_space_of_json_stays() {
        for text in ["\u{c}1", "1\u{c}", "[\u{b}]", "\u{a0}1", "1 \u{c}2"] {
            assert!(!is_standard(&to_line(text)), "{text:?}");
        }
        assert_eq!(to_line("\r[1,\t2]\n"), "[1,2]");
    }

    #[test]
    fn to_line_keeps_strings_and_drops_space_elsewhere() {
        let text = "{\n  \"a b\": [1, NaN],\n  \"\\\" \": -Infinity\n}";
        assert_eq!(to_line(text), r#"{"a b":[1,null],"\" ":null}"#);
    }
}
