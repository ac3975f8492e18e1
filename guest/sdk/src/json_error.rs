//! JSON errors without the value: serde's messages quote parts of it.

use serde_json::error::Category;

/// Why a value cannot be encoded as JSON, or JSON cannot be decoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The value's own `Serialize` failed.
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
    pub(crate) fn of_decode(error: &serde_json::Error) -> Self {
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
