//! Codecs: between an application's values and their wire form.

use std::borrow::Borrow;
use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;

use flipcache_core::{InvalidValue, Value, ValueType};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::json_error::JsonError;
use crate::Error;

/// Turns values into what stands in the shared tier, and back.
///
/// What it writes is all that stands there: no envelope, no type. `decode` is called with everything
/// that anybody wrote there.
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
    /// What a read answers.
    type Value: Borrow<Self::Borrowed> + Send + 'static;
    /// What a write takes by reference: `str` for `String`; for most, the value's own type.
    type Borrowed: ?Sized;
    /// Why a value cannot be written, or bytes cannot be read.
    type Error: Into<Box<dyn std::error::Error + Send + Sync>>;

    /// What the wire form is, as far as the cache's rules are concerned: bytes that are not of this
    /// type are refused before `decode` sees them.
    const WIRE: ValueType = ValueType::Bytes;

    /// The wire form of a value.
    ///
    /// # Errors
    ///
    /// The codec's own, if the value has none.
    fn encode(&self, value: &Self::Borrowed) -> Result<Vec<u8>, Self::Error>;

    /// The value of a wire form.
    ///
    /// # Errors
    ///
    /// The codec's own, if the bytes are none.
    fn decode(&self, wire: &[u8]) -> Result<Self::Value, Self::Error>;

    /// As [`decode`](Self::decode), of bytes that nobody else needs: a value that is made of them need
    /// not copy them.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    fn decode_owned(&self, wire: Vec<u8>) -> Result<Self::Value, Self::Error> {
        self.decode(&wire)
    }
}

/// The wire form of a key's value.
pub(super) fn to_wire<C: Codec>(
    codec: &C,
    key: &str,
    value: &C::Borrowed,
) -> Result<Vec<u8>, Error> {
    codec.encode(value).map_err(|error| failed(key, error))
}

/// The value of a key's wire form.
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

/// Integers of a type that 64 bits with a sign can hold, in decimal.
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

/// Any type of serde's, as JSON text with Python's separators.
///
/// What Python writes and a Rust type cannot hold is refused by that type: lone surrogates by `String`,
/// `1E400` by `f64`. `serde_json::Value` reads an integer beyond 64 bits as a float. Where such text has
/// to pass through unchanged, keep it as text: a codec with `WIRE` of [`ValueType::Json`] and `String`.
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

    /// `NaN` and infinities of Python's are read as `null`, which most types of numbers refuse and an
    /// `Option` of one takes.
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
