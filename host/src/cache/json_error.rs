//! JSON errors without the value, as serde's own messages quote parts of it.

use serde_json::error::Category;

/// The error for a value that has no JSON text, or for JSON text that is not a value of the type.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The value's own `Serialize` failed; the text is its message.
    #[error("the value cannot be written as JSON")]
    Encode(#[source] serde_json::Error),
    /// The text cannot be read. Names the position, and nothing of the value.
    #[error("{kind} at line {line} column {column}")]
    Decode {
        /// The kind of error, not serde's own message, which quotes the value.
        kind: &'static str,
        /// Counted from 1; 0 if unknown.
        line: usize,
        /// Counted from 1, in bytes; 0 if unknown.
        column: usize,
    },
}

impl JsonError {
    pub(super) fn of_decode(error: &serde_json::Error) -> Self {
        let kind = match error.classify() {
            Category::Syntax | Category::Io => "malformed JSON",
            Category::Eof => "JSON that ends early",
            Category::Data => "JSON of another shape than the type",
        };
        Self::Decode {
            kind,
            line: error.line(),
            column: error.column(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::error::Error as _;

    use crate::{Codec, Json};

    #[test]
    fn decode_json_error_has_kind_line_and_column_and_nothing_of_the_value() {
        let json = Json::<BTreeMap<String, i64>>::default();
        for wire in [
            r#"{"hunter2": "hunter2"}"#,
            r#"{"hunter2" hunter2"#,
            r#"["hunter2"#,
        ] {
            let error = json.decode(wire.as_bytes()).expect_err(wire);
            let message = format!("{error} {error:?}");
            assert!(!message.contains("hunter2"), "{message}");
            assert!(message.contains("line 1 column"), "{message}");
            assert!(error.source().is_none(), "a cause would be printed, too");
        }
    }
}
