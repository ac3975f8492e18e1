//! JSON text: the standard's, and Python's `json.dumps`, which also writes `NaN` and infinities.
//!
//! Values stay text; integers of any size, lone surrogates (`"\ud800"`) and duplicate names pass
//! through unchanged. Standard: [RFC 8259](https://www.rfc-editor.org/rfc/rfc8259).

use serde::de::IgnoredAny;

/// The words that Python writes for numbers that the standard lacks. The longest comes first, as it contains
/// another.
const CONSTANTS: [&str; 3] = ["-Infinity", "Infinity", "NaN"];

/// Whitespace between tokens: ASCII's without the form feed.
const SPACES: [char; 4] = [' ', '\t', '\n', '\r'];

/// Returns whether the text is JSON by the standard.
pub fn is_standard(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Returns whether the text is JSON by the standard or as Python writes it.
pub fn is_readable(text: &str) -> bool {
    is_standard(text) || (text.contains(['N', 'I']) && is_standard(&to_line(text)))
}

/// Returns the same JSON in one line, by the standard: without whitespace between tokens, and with
/// `null` for `NaN` and infinities, as JavaScript writes them.
///
/// Text that is not JSON is turned into other text that is not JSON.
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

/// Returns the length of the string literal at the start of the text; that of the whole text if the
/// literal does not end.
fn string_len(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

/// Returns whether removing this whitespace would join two words, which would turn non-JSON into
/// JSON.
fn between_words(line: &str, rest: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    line.ends_with(word) && rest.trim_start_matches(SPACES).starts_with(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_readable_accepts_pythons_json_and_no_other_extension() {
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
    fn is_standard_rejects_pythons_constants() {
        assert!(is_standard("[1, null]"));
        assert!(!is_standard("[NaN]"));
    }

    #[test]
    fn is_standard_deep_nesting_does_not_exhaust_the_stack() {
        let deep = "[".repeat(200_000) + &"]".repeat(200_000);
        assert!(is_standard(&deep));
    }

    #[test]
    fn to_line_keeps_other_whitespace() {
        for text in ["\u{c}1", "1\u{c}", "[\u{b}]", "\u{a0}1", "1 \u{c}2"] {
            assert!(!is_standard(&to_line(text)), "{text:?}");
        }
        assert_eq!(to_line("\r[1,\t2]\n"), "[1,2]");
    }

    #[test]
    fn to_line_keeps_strings_and_removes_whitespace_elsewhere() {
        let text = "{\n  \"a b\": [1, NaN],\n  \"\\\" \": -Infinity\n}";
        assert_eq!(to_line(text), r#"{"a b":[1,null],"\" ":null}"#);
    }
}
