//! The trait of codecs and its errors.

use std::borrow::Cow;
use std::error::Error;

/// Encodes values for L2 and decodes them again.
///
/// `decode(encode(v))` is `v` for every value that `encode` accepts. Keys and TTLs are not encoded.
/// The input of `decode` may have been written by another client or an attacker, so `decode` must
/// bound what it allocates, and return an error rather than a wrong value.
pub trait ValueCodec: Send + Sync + 'static {
    /// Encodes `value` for storage; borrows it if it is stored unchanged.
    ///
    /// # Errors
    ///
    /// [`CodecError`] if this value cannot be stored. The whole write that it belongs to then
    /// fails.
    fn encode<'v>(&self, value: &'v [u8]) -> Result<Cow<'v, [u8]>, CodecError>;

    /// Decodes a stored value.
    ///
    /// # Errors
    ///
    /// [`CodecError`] if `stored` is not an encoded value. The backend then reports the key as
    /// `wrong-type`.
    fn decode(&self, stored: Vec<u8>) -> Result<Vec<u8>, CodecError>;

    /// Returns whether every 64-bit integer in canonical decimal form is stored unchanged. Only
    /// then can L2 increment it; otherwise increments are refused. `false` by default.
    fn keeps_integers(&self) -> bool {
        false
    }
}

/// The cause of a [`CodecError`]: another error, or a message.
pub type Cause = Box<dyn Error + Send + Sync>;

/// Why a value was not encoded or decoded.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The value is longer than the codec's limit, or would become so.
    #[error("a value is longer than the codec's limit of {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The bytes were not written by the codec, or it cannot write them.
    #[error("the codec failed")]
    Failed(#[source] Cause),
}
