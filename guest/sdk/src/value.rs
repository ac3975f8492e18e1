//! Conversions of Rust's values to WIT's.

use crate::{Value, ValueType};

impl Value {
    /// Returns the value type of a cache that stores it.
    pub fn value_type(&self) -> ValueType {
        match self {
            Self::Text(_) => ValueType::Text,
            Self::Integer(_) => ValueType::Integer,
            Self::Float(_) => ValueType::Float,
            Self::Boolean(_) => ValueType::Boolean,
            Self::Json(_) => ValueType::Json,
            Self::Bytes(_) => ValueType::Bytes,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_each_of_rusts_types_is_of_its_own_type() {
        let values: [(Value, ValueType); 7] = [
            ("a".into(), ValueType::Text),
            ("a".to_owned().into(), ValueType::Text),
            (1.into(), ValueType::Integer),
            (1.5.into(), ValueType::Float),
            (true.into(), ValueType::Boolean),
            (b"a".as_slice().into(), ValueType::Bytes),
            (vec![1u8].into(), ValueType::Bytes),
        ];
        for (value, value_type) in values {
            assert_eq!(value.value_type(), value_type, "{value:?}");
        }
    }
}
