//! What a codec is.

use std::borrow::Cow;
use std::error::Error;

/// Turns values into what the shared tier holds of them, and back.
///
/// `decode(encode(v))` is `v`, for every value that `encode` takes. Keys and expiries are not the codec's.
/// Everything that `decode` gets may have been written by somebody else, or by an attacker: it bounds what
/// it allocates, and answers an error rather than something wrong.
pub trait ValueCodec: Send + Sync + 'static {
    /// What to store of `value`. What is stored as it is, is lent.
    ///
    /// # Errors
    ///
    /// [`CodecError`] if this value cannot be stored. The write that it belongs to then fails whole.
    fn encode<'v>(&self, value: &'v [u8]) -> Result<Cow<'v, [u8]>, CodecError>;

    /// The value of which `stored` is stored.
    ///
    /// # Errors
    ///
    /// [`CodecError`] if it is of none. Its key then counts as one that holds something else than a value.
    fn decode(&self, stored: Vec<u8>) -> Result<Vec<u8>, CodecError>;

    /// Whether every integer of 64 bits in canonical decimal form is stored as it is. Only then can the
    /// shared tier count in them; else increments are refused. `false` unless a codec says otherwise.
    fn keeps_integers(&self) -> bool {
        false
    }
}

/// What lies under a [`CodecError`]: another error, or a sentence.
pub type Cause = Box<dyn Error + Send + Sync>;

/// Why a value was not encoded or decoded.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The value is longer than the codec takes, or would become so.
    #[error("a value is longer than the {limit} bytes that the codec takes")]
    TooLarge {
        /// What the codec takes, in bytes.
        limit: u64,
    },
    /// The bytes are not what the codec writes, or it cannot write them.
    #[error("the codec failed")]
    Failed(#[source] Cause),
}
