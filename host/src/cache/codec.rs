//! Codecs: conversions between an application's values and their wire form.

use std::borrow::Borrow;
use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;

use flipcache_core::{InvalidValue, Value, ValueType};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::json_error::JsonError;
use crate::Error;

/// Converts values to the bytes that L2 stores, and back.
///
/// L2 stores exactly what `encode` returns, with no envelope and no type. `decode` gets whatever
/// any writer stored under the key.
///
/// # Examples
///
/// A shape as Python's example of a custom type writes it:
///
/// ```
/// use flipcache::{Client, Codec};
///
/// #[derive(Debug, PartialEq)]
/// struct Shape { name: String, edges: u32 }
///
/// struct ShapeCodec;
///
/// impl Codec for ShapeCodec {
///     type Value = Shape;
///     type Borrowed = Shape;
///     type Error = String;
///
///     fn encode(&self, shape: &Shape) -> Result<Vec<u8>, String> {
///         Ok(format!("{}||{}", shape.name, shape.edges).into_bytes())
///     }
///
///     fn decode(&self, wire: &[u8]) -> Result<Shape, String> {
///         let wire = str::from_utf8(wire).map_err(|error| error.to_string())?;
///         let (name, edges) = wire.split_once("||").ok_or("a shape has two fields")?;
///         let edges = edges.parse().map_err(|_| "edges are counted")?;
///         Ok(Shape { name: name.to_owned(), edges })
///     }
/// }
///
/// # pollster::block_on(async {
/// let client = Client::connect("memory:")?;
/// let shapes = client.cache("shapes").codec(ShapeCodec).open()?;
/// let womp = Shape { name: "womp".into(), edges: 6 };
/// shapes.set("123", &womp).await?;
/// assert_eq!(shapes.get("123").await?, Some(womp));
/// # Ok::<(), flipcache::Error>(())
/// # }).unwrap();
/// ```
pub trait Codec: Send + Sync + 'static {
    /// The type that a read returns.
    type Value: Borrow<Self::Borrowed> + Send + 'static;
    /// The type that a write takes by reference: `str` for `String`; for most codecs, the value's
    /// own type.
    type Borrowed: ?Sized;
    /// The error for values that cannot be encoded, or bytes that cannot be decoded.
    type Error: Into<Box<dyn std::error::Error + Send + Sync>>;

    /// The wire form's type as the cache sees it. Bytes that are not of this type are refused
    /// before `decode` gets them.
    const WIRE: ValueType = ValueType::Bytes;

    /// Returns the wire form of a value.
    ///
    /// # Errors
    ///
    /// The codec's own error, if the value has no wire form.
    fn encode(&self, value: &Self::Borrowed) -> Result<Vec<u8>, Self::Error>;

    /// Returns the value of a wire form.
    ///
    /// # Errors
    ///
    /// The codec's own error, if the bytes are not a value.
    fn decode(&self, wire: &[u8]) -> Result<Self::Value, Self::Error>;

    /// As [`decode`](Self::decode), but owns the bytes, so that a value made of them need not copy
    /// them.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    fn decode_owned(&self, wire: Vec<u8>) -> Result<Self::Value, Self::Error> {
        self.decode(&wire)
    }
}

/// Returns the wire form of a key's value.
pub(super) fn to_wire<C: Codec>(
    codec: &C,
    key: &str,
    value: &C::Borrowed,
) -> Result<Vec<u8>, Error> {
    codec.encode(value).map_err(|error| failed(key, error))
}

/// Returns the value of a key's wire form.
#[inline]
pub(super) fn from_wire<C: Codec>(codec: &C, key: &str, wire: Vec<u8>) -> Result<C::Value, Error> {
    codec.decode_owned(wire).map_err(|error| failed(key, error))
}

fn failed(key: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Codec {
        key: key.to_owned(),
        source: error.into(),
    }
}

/// `String`s, as UTF-8.
#[derive(Clone, Copy, Debug, Default)]
pub struct Text;

impl Codec for Text {
    type Value = String;
    type Borrowed = str;
    type Error = std::str::Utf8Error;

    const WIRE: ValueType = ValueType::Text;

    fn encode(&self, value: &str) -> Result<Vec<u8>, Self::Error> {
        Ok(value.as_bytes().to_vec())
    }

    #[inline]
    fn decode(&self, wire: &[u8]) -> Result<String, Self::Error> {
        str::from_utf8(wire).map(str::to_owned)
    }

    #[inline]
    fn decode_owned(&self, wire: Vec<u8>) -> Result<String, Self::Error> {
        String::from_utf8(wire).map_err(|error| error.utf8_error())
    }
}

/// Bytes, as they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bytes;

impl Codec for Bytes {
    type Value = Vec<u8>;
    type Borrowed = [u8];
    type Error = Infallible;

    fn encode(&self, value: &[u8]) -> Result<Vec<u8>, Infallible> {
        Ok(value.to_vec())
    }

    fn decode(&self, wire: &[u8]) -> Result<Vec<u8>, Infallible> {
        Ok(wire.to_vec())
    }

    fn decode_owned(&self, wire: Vec<u8>) -> Result<Vec<u8>, Infallible> {
        Ok(wire)
    }
}

/// Floating-point numbers, in the shortest decimal form, as Python writes them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Float;

impl Codec for Float {
    type Value = f64;
    type Borrowed = f64;
    type Error = InvalidValue;

    const WIRE: ValueType = ValueType::Float;

    fn encode(&self, value: &f64) -> Result<Vec<u8>, InvalidValue> {
        encode(&Value::Float(*value))
    }

    fn decode(&self, wire: &[u8]) -> Result<f64, InvalidValue> {
        match Self::WIRE.decode(wire)? {
            Value::Float(number) => Ok(number),
            other => Err(not(Self::WIRE, &other)),
        }
    }
}

/// Booleans, as `true` and `false`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Boolean;

impl Codec for Boolean {
    type Value = bool;
    type Borrowed = bool;
    type Error = InvalidValue;

    const WIRE: ValueType = ValueType::Boolean;

    fn encode(&self, value: &bool) -> Result<Vec<u8>, InvalidValue> {
        encode(&Value::Boolean(*value))
    }

    fn decode(&self, wire: &[u8]) -> Result<bool, InvalidValue> {
        match Self::WIRE.decode(wire)? {
            Value::Boolean(truth) => Ok(truth),
            other => Err(not(Self::WIRE, &other)),
        }
    }
}

/// Integers of a type that fits into a signed 64-bit integer, in decimal.
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

impl<T> Codec for Integer<T>
where
    T: TryFrom<i64> + Into<i64> + Copy + Send + 'static,
{
    type Value = T;
    type Borrowed = T;
    type Error = InvalidValue;

    const WIRE: ValueType = ValueType::Integer;

    fn encode(&self, value: &T) -> Result<Vec<u8>, InvalidValue> {
        encode(&Value::Integer((*value).into()))
    }

    fn decode(&self, wire: &[u8]) -> Result<T, InvalidValue> {
        match Self::WIRE.decode(wire)? {
            Value::Integer(number) => T::try_from(number)
                .map_err(|_| InvalidValue::Malformed("an integer of the cache's type")),
            other => Err(not(Self::WIRE, &other)),
        }
    }
}

/// Any serde type, as JSON text with Python's separators.
///
/// The Rust type refuses what it cannot hold of what Python writes: `String` refuses lone
/// surrogates, `f64` refuses `1E400`. `serde_json::Value` reads an integer beyond 64 bits as a
/// float. To pass such text through unchanged, use a codec with `WIRE` of [`ValueType::Json`] and
/// `String`.
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

impl<T: Serialize + DeserializeOwned + Send + 'static> Codec for Json<T> {
    type Value = T;
    type Borrowed = T;
    type Error = JsonError;

    const WIRE: ValueType = ValueType::Json;

    fn encode(&self, value: &T) -> Result<Vec<u8>, JsonError> {
        super::python_json::to_vec(value).map_err(JsonError::Encode)
    }

    /// Reads Python's `NaN` and infinities as `null`. Most number types refuse that; an `Option` of
    /// one accepts it.
    fn decode(&self, wire: &[u8]) -> Result<T, JsonError> {
        let value = serde_json::from_slice(wire).or_else(|error| match str::from_utf8(wire) {
            Ok(text) => serde_json::from_str(&flipcache_core::value::json::to_line(text)),
            Err(_) => Err(error),
        });
        value.map_err(|error| JsonError::of_decode(&error))
    }
}

fn encode(value: &Value) -> Result<Vec<u8>, InvalidValue> {
    Ok(value.encode(value.value_type())?.into_owned())
}

fn not(wanted: ValueType, found: &Value) -> InvalidValue {
    let (found, wanted) = (found.value_type().describe(), wanted.describe());
    InvalidValue::OtherType { found, wanted }
}
