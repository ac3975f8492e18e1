//! Codecs: conversions between an application's values and those that a cache stores.

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::json_error::JsonError;
use crate::{Value, ValueType};

/// Converts an application's values into those that a cache stores, and back.
///
/// # Examples
///
/// A custom text format:
///
/// ```
/// use flipcache_guest::{Cache, Codec, Error, Value, ValueType};
///
/// struct Shape { name: String, edges: u32 }
///
/// struct ShapeCodec;
///
/// impl Codec for ShapeCodec {
///     type Value = Shape;
///     type Borrowed = Shape;
///     type Error = String;
///
///     const WIRE: ValueType = ValueType::Text;
///
///     fn encode(&self, shape: &Shape) -> Result<Value, String> {
///         Ok(format!("{}||{}", shape.name, shape.edges).into())
///     }
///
///     fn decode(&self, value: Value) -> Result<Shape, String> {
///         let Value::Text(text) = value else { return Err("no text".into()) };
///         let (name, edges) = text.split_once("||").ok_or("a shape has two fields")?;
///         let edges = edges.parse().map_err(|_| "edges are counted")?;
///         Ok(Shape { name: name.to_owned(), edges })
///     }
/// }
///
/// fn shape(id: &str) -> Result<Option<Shape>, Error> {
///     Cache::builder("shapes").codec(ShapeCodec).open()?.get(id)
/// }
/// ```
pub trait Codec {
    /// The type that reads return.
    type Value: Borrow<Self::Borrowed>;
    /// The type that writes take by reference: `str` for `String`; for most, the value's own type.
    type Borrowed: ?Sized;
    /// Why a value cannot be encoded or decoded.
    type Error: Into<Box<dyn std::error::Error + Send + Sync>>;

    /// The value type of the cache. `encode` returns values of this type.
    const WIRE: ValueType;

    /// Encodes a value for the cache.
    ///
    /// # Errors
    ///
    /// The codec's own, if the value cannot be encoded.
    fn encode(&self, value: &Self::Borrowed) -> Result<Value, Self::Error>;

    /// Decodes a value of the cache.
    ///
    /// # Errors
    ///
    /// The codec's own, if the value cannot be decoded.
    fn decode(&self, value: Value) -> Result<Self::Value, Self::Error>;
}

/// A value that is not what the codec reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnexpectedValue {
    /// The value is of another type than the cache was opened with.
    #[error("the cache returned {found:?} instead of {wanted:?}")]
    Type {
        /// The type that the codec decodes.
        wanted: ValueType,
        /// The type that the cache returned.
        found: ValueType,
    },
    /// The integer does not fit the application's type.
    #[error("the integer is out of the range of the application's type")]
    Range,
}

impl UnexpectedValue {
    fn of_type(wanted: ValueType, found: &Value) -> Self {
        let found = found.value_type();
        Self::Type { wanted, found }
    }
}

/// `String`s.
#[derive(Clone, Copy, Debug, Default)]
pub struct Text;

impl Codec for Text {
    type Value = String;
    type Borrowed = str;
    type Error = UnexpectedValue;

    const WIRE: ValueType = ValueType::Text;

    fn encode(&self, value: &str) -> Result<Value, UnexpectedValue> {
        Ok(value.into())
    }

    fn decode(&self, value: Value) -> Result<String, UnexpectedValue> {
        match value {
            Value::Text(text) => Ok(text),
            other => Err(UnexpectedValue::of_type(Self::WIRE, &other)),
        }
    }
}

/// Bytes, as they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bytes;

impl Codec for Bytes {
    type Value = Vec<u8>;
    type Borrowed = [u8];
    type Error = UnexpectedValue;

    const WIRE: ValueType = ValueType::Bytes;

    fn encode(&self, value: &[u8]) -> Result<Value, UnexpectedValue> {
        Ok(value.into())
    }

    fn decode(&self, value: Value) -> Result<Vec<u8>, UnexpectedValue> {
        match value {
            Value::Bytes(bytes) => Ok(bytes),
            other => Err(UnexpectedValue::of_type(Self::WIRE, &other)),
        }
    }
}

/// Floating-point numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Float;

impl Codec for Float {
    type Value = f64;
    type Borrowed = f64;
    type Error = UnexpectedValue;

    const WIRE: ValueType = ValueType::Float;

    fn encode(&self, value: &f64) -> Result<Value, UnexpectedValue> {
        Ok((*value).into())
    }

    fn decode(&self, value: Value) -> Result<f64, UnexpectedValue> {
        match value {
            Value::Float(number) => Ok(number),
            other => Err(UnexpectedValue::of_type(Self::WIRE, &other)),
        }
    }
}

/// Booleans.
#[derive(Clone, Copy, Debug, Default)]
pub struct Boolean;

impl Codec for Boolean {
    type Value = bool;
    type Borrowed = bool;
    type Error = UnexpectedValue;

    const WIRE: ValueType = ValueType::Boolean;

    fn encode(&self, value: &bool) -> Result<Value, UnexpectedValue> {
        Ok((*value).into())
    }

    fn decode(&self, value: Value) -> Result<bool, UnexpectedValue> {
        match value {
            Value::Boolean(truth) => Ok(truth),
            other => Err(UnexpectedValue::of_type(Self::WIRE, &other)),
        }
    }
}

/// Integers of a type that 64 bits with a sign can hold.
pub struct Integer<T = i64>(PhantomData<fn() -> T>);

impl<T> Default for Integer<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T> fmt::Debug for Integer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Integer")
    }
}

impl<T: TryFrom<i64> + Into<i64> + Copy> Codec for Integer<T> {
    type Value = T;
    type Borrowed = T;
    type Error = UnexpectedValue;

    const WIRE: ValueType = ValueType::Integer;

    fn encode(&self, value: &T) -> Result<Value, UnexpectedValue> {
        Ok(Value::Integer((*value).into()))
    }

    fn decode(&self, value: Value) -> Result<T, UnexpectedValue> {
        match value {
            Value::Integer(number) => T::try_from(number).map_err(|_| UnexpectedValue::Range),
            other => Err(UnexpectedValue::of_type(Self::WIRE, &other)),
        }
    }
}

/// Any type of serde's, as JSON text.
///
/// It is read as the standard has it: `NaN` and infinities, which Python writes, are errors.
pub struct Json<T>(PhantomData<fn() -> T>);

impl<T> Default for Json<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T> fmt::Debug for Json<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Json")
    }
}

impl<T: Serialize + DeserializeOwned> Codec for Json<T> {
    type Value = T;
    type Borrowed = T;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    const WIRE: ValueType = ValueType::Json;

    fn encode(&self, value: &T) -> Result<Value, Self::Error> {
        let text = serde_json::to_string(value).map_err(JsonError::Encode)?;
        Ok(Value::Json(text))
    }

    fn decode(&self, value: Value) -> Result<T, Self::Error> {
        match value {
            Value::Json(text) => {
                let value = serde_json::from_str(&text);
                Ok(value.map_err(|error| JsonError::of_decode(&error))?)
            }
            other => Err(UnexpectedValue::of_type(Self::WIRE, &other).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Returns a value after encoding and decoding it.
    fn there_and_back<C: Codec>(codec: &C, value: &C::Borrowed) -> C::Value
    where
        C::Error: fmt::Debug,
    {
        let held = codec.encode(value).expect("it has a form");
        assert_eq!(held.value_type(), C::WIRE);
        codec.decode(held).expect("it was written by the codec")
    }

    #[test]
    fn decode_encoded_value_is_the_value() {
        assert_eq!(there_and_back(&Text, "grün"), "grün");
        assert_eq!(there_and_back(&Bytes, b"\0\xff"), b"\0\xff");
        assert_eq!(there_and_back(&Float, &0.1), 0.1);
        assert!(there_and_back(&Boolean, &true));
        assert_eq!(
            there_and_back(&Integer::<u32>::default(), &u32::MAX),
            u32::MAX
        );
        let map = BTreeMap::from([("π".to_owned(), vec![0.1, 1e-7])]);
        assert_eq!(there_and_back(&Json::default(), &map), map);
    }

    #[test]
    fn decode_value_of_another_type_names_both() {
        let told = UnexpectedValue::Type {
            wanted: ValueType::Text,
            found: ValueType::Integer,
        };
        assert_eq!(Text.decode(1.into()), Err(told));
        let json = Json::<i64>::default().decode(1.into());
        assert!(json.is_err_and(|error| error.is::<UnexpectedValue>()));
    }

    #[test]
    fn decode_integer_beyond_the_type_fails_without_naming_it() {
        let decoded = Integer::<u8>::default().decode(256.into());
        assert_eq!(decoded, Err(UnexpectedValue::Range));
    }

    #[test]
    fn decode_json_error_has_kind_line_and_column_and_nothing_of_the_value() {
        let json = Json::<BTreeMap<String, i64>>::default();
        for text in [
            r#"{"hunter2": "hunter2"}"#,
            r#"{"hunter2" hunter2"#,
            r#"["hunter2"#,
        ] {
            let error = json.decode(Value::Json(text.to_owned())).expect_err(text);
            let told = format!("{error} {error:?}");
            assert!(!told.contains("hunter2"), "{told}");
            assert!(told.contains("line 1 column"), "{told}");
            assert!(error.source().is_none(), "a cause would be printed, too");
            assert!(error.is::<JsonError>());
        }
    }
}
