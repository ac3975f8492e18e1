//! Why JSON could not be read or written, without the value: what serde says of it repeats parts of it.

use serde_json::error::Category;

/// Why a value has no JSON text, or JSON text has no value of the type.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The value's own `Serialize` failed, in its words.
    #[error("the value cannot be written as JSON")]
    Encode(#[source] serde_json::Error),
    /// The text cannot be read. Of the value, this says no more than where.
    #[error("{kind} at line {line} column {column}")]
    Decode {
        /// The kind of error. serde's own message quotes the value.
        kind: &'static str,
        /// Counted from 1; 0: not known.
        line: usize,
        /// Counted from 1, in bytes; 0: not known.
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
            let told = format!("{error} {error:?}");
            assert!(!told.contains("hunter2"), "{told}");
            assert!(told.contains("line 1 column"), "{told}");
            assert!(error.source().is_none(), "a cause would be printed, too");
        }
    }
}
