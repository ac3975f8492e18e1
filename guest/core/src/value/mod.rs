//! The six value types and their wire form: plain, as in Python's `FlipCache` 1.3.

mod float;
mod integer;
pub mod json;

use std::borrow::Cow;

/// The type of a cache's values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ValueType {
    /// UTF-8 text.
    #[default]
    Text,
    /// An integer of 64 bits, in decimal.
    Integer,
    /// A floating-point number of 64 bits, in Python's shortest decimal form.
    Float,
    /// `true` or `false`.
    Boolean,
    /// JSON text.
    Json,
    /// Bytes as they are.
    Bytes,
}

/// A value of a cache.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// UTF-8 text.
    Text(String),
    /// An integer of 64 bits.
    Integer(i64),
    /// A floating-point number of 64 bits.
    Float(f64),
    /// A truth value.
    Boolean(bool),
    /// JSON text.
    Json(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// Why a value cannot be stored in a cache, or bytes cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValue {
    /// The value is of another type than the cache.
    #[error("the value is {found}, the cache holds {wanted}")]
    OtherType {
        /// The type of the value.
        found: &'static str,
        /// The type of the cache.
        wanted: &'static str,
    },
    /// Text that is not JSON, or bytes that are not of their type.
    #[error("not {0}")]
    Malformed(&'static str),
}

impl ValueType {
    /// Returns a description of a value of this type.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Text => "UTF-8 text",
            Self::Integer => "an integer of 64 bits",
            Self::Float => "a floating-point number",
            Self::Boolean => "true or false",
            Self::Json => "JSON",
            Self::Bytes => "bytes",
        }
    }

    /// Decodes the wire form, including the forms that Python writes. [`Value::encode`] describes
    /// what is written.
    ///
    /// An integer may have spaces around it, a plus sign, leading zeros, and underscores between
    /// digits. A boolean may be `True` or `False`. JSON may contain `NaN` and infinities.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::Malformed`] if the bytes are not a value of this type.
    pub fn decode(self, wire: &[u8]) -> Result<Value, InvalidValue> {
        if self == Self::Bytes {
            return Ok(Value::Bytes(wire.to_vec()));
        }
        let malformed = InvalidValue::Malformed(self.describe());
        let text = str::from_utf8(wire).map_err(|_| malformed)?;
        let value = match self {
            Self::Bytes | Self::Text => Some(Value::Text(text.to_owned())),
            Self::Integer => integer::parse(text).map(Value::Integer),
            Self::Float => float::parse(text).map(Value::Float),
            Self::Boolean => match text {
                "true" | "True" => Some(Value::Boolean(true)),
                "false" | "False" => Some(Value::Boolean(false)),
                _ => None,
            },
            Self::Json => json::is_readable(text).then(|| Value::Json(text.to_owned())),
        };
        value.ok_or(malformed)
    }

    /// Returns whether [`decode`](Self::decode) would succeed, without building the value.
    pub fn accepts(self, wire: &[u8]) -> bool {
        match self {
            Self::Bytes => true,
            Self::Text => str::from_utf8(wire).is_ok(),
            Self::Json => str::from_utf8(wire).is_ok_and(json::is_readable),
            Self::Integer | Self::Float | Self::Boolean => self.decode(wire).is_ok(),
        }
    }
}

impl Value {
    /// Returns the type of this value.
    pub const fn value_type(&self) -> ValueType {
        match self {
            Self::Text(_) => ValueType::Text,
            Self::Integer(_) => ValueType::Integer,
            Self::Float(_) => ValueType::Float,
            Self::Boolean(_) => ValueType::Boolean,
            Self::Json(_) => ValueType::Json,
            Self::Bytes(_) => ValueType::Bytes,
        }
    }

    /// Returns roughly the bytes that the value takes: those of its text or bytes, or eight.
    pub fn weight(&self) -> u64 {
        let len = match self {
            Self::Text(text) | Self::Json(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::Integer(_) | Self::Float(_) | Self::Boolean(_) => size_of::<u64>(),
        };
        len as u64
    }

    /// Encodes the value for a cache that holds values of the type `wanted`.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if the value is of another type, or is JSON text that does not follow RFC
    /// 8259: `NaN` and infinities are read, for compatibility with Python, but never written.
    pub fn encode(&self, wanted: ValueType) -> Result<Cow<'_, [u8]>, InvalidValue> {
        let found = self.value_type();
        if found != wanted {
            let (found, wanted) = (found.describe(), wanted.describe());
            return Err(InvalidValue::OtherType { found, wanted });
        }
        Ok(match self {
            Self::Text(text) => text.as_bytes().into(),
            Self::Integer(number) => number.to_string().into_bytes().into(),
            Self::Float(number) => float::format(*number).into_bytes().into(),
            Self::Boolean(truth) => truth.to_string().into_bytes().into(),
            Self::Json(text) if json::is_standard(text) => text.as_bytes().into(),
            Self::Json(_) => return Err(InvalidValue::Malformed(wanted.describe())),
            Self::Bytes(bytes) => bytes.as_slice().into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(value: &Value) -> String {
        let wire = value
            .encode(value.value_type())
            .expect("a value of its own type");
        String::from_utf8(wire.into_owned()).expect("text")
    }

    #[test]
    fn encode_each_type_is_plain() {
        assert_eq!(wire(&Value::Text("é☃😀".into())), "é☃😀");
        assert_eq!(wire(&Value::Integer(i64::MIN)), "-9223372036854775808");
        assert_eq!(wire(&Value::Float(1e16)), "1e+16");
        assert_eq!(wire(&Value::Boolean(true)), "true");
        assert_eq!(wire(&Value::Json("{\"a\": [1]}".into())), "{\"a\": [1]}");
        assert_eq!(wire(&Value::Bytes(b"b".to_vec())), "b");
    }

    #[test]
    fn encode_another_type_or_bad_json_fails() {
        let other = Value::Integer(1).encode(ValueType::Text);
        assert!(
            matches!(other, Err(InvalidValue::OtherType { .. })),
            "{other:?}"
        );
        for text in ["", "{", "NaN", "{'a': 1}", "\u{feff}1"] {
            let bad = Value::Json(text.into());
            assert_eq!(
                bad.encode(ValueType::Json),
                Err(InvalidValue::Malformed("JSON")),
                "{text:?}"
            );
        }
    }

    #[test]
    fn decode_bytes_of_another_type_is_malformed() {
        for (value_type, wire) in [
            (ValueType::Text, b"\xff".as_slice()),
            (ValueType::Integer, b"1.5"),
            (ValueType::Integer, b"9223372036854775808"),
            (ValueType::Float, b"one"),
            (ValueType::Boolean, b"yes"),
            (ValueType::Json, b"{"),
            (ValueType::Integer, b""),
        ] {
            assert!(value_type.decode(wire).is_err(), "{value_type:?} {wire:?}");
            assert!(!value_type.accepts(wire), "{value_type:?} {wire:?}");
        }
    }

    #[test]
    fn decode_python_forms_are_accepted() {
        assert_eq!(
            ValueType::Integer.decode(b" +1_000 "),
            Ok(Value::Integer(1000))
        );
        assert_eq!(ValueType::Boolean.decode(b"True"), Ok(Value::Boolean(true)));
        assert_eq!(ValueType::Float.decode(b"1e-07"), Ok(Value::Float(1e-7)));
        assert_eq!(
            ValueType::Json.decode(b"[NaN]"),
            Ok(Value::Json("[NaN]".into()))
        );
    }

    #[test]
    fn decode_empty_bytes_are_a_value_of_text_and_of_bytes() {
        assert_eq!(ValueType::Text.decode(b""), Ok(Value::Text(String::new())));
        assert_eq!(ValueType::Bytes.decode(b""), Ok(Value::Bytes(Vec::new())));
    }
}
