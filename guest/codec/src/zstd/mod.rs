//! Compression with Zstandard, so that plain values stay plain.
//!
//! Of a value, a frame is stored if that is shorter, and the value as it is otherwise:
//!
//! | value | stored |
//! |---|---|
//! | shorter than [`MIN_BYTES`] | as it is |
//! | longer than [`MAX_BYTES`] | as it is |
//! | not made shorter by compression | as it is |
//! | all others | a frame |
//! | begins with a frame's [`MAGIC`] | a frame, always |
//!
//! What is stored and begins with [`MAGIC`] is therefore a frame, all else is a value. Integers, and what peers
//! write who know nothing of compression, are read and stored as ever; redis-cli shows them. A frame is a
//! standard one with its content's size and without a checksum, and any tool that knows Zstandard reads it. Frames of
//! other tools are read too; a checksum that they have is not looked at.
//!
//! The format: RFC 8878, <https://www.rfc-editor.org/rfc/rfc8878>.

mod frame;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::{CodecError, ValueCodec};

/// What a frame begins with.
pub const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The shortest value that is compressed, in bytes. Shorter ones would hardly become shorter.
pub const MIN_BYTES: usize = 256;

/// The longest value that a frame stands for, in bytes: 16 MiB.
///
/// A longer one is stored as it is, and a frame of more is refused, so that no reader needs to have much memory, and
/// none is held up for long. Decompression takes up to about three times as much memory.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Compresses what becomes shorter by it.
///
/// Costs some 30 µs and 6 µs per KiB to write, 2 µs and 1.5 µs per KiB to read, on the calling thread.
///
/// # Examples
///
/// ```
/// use flipcache_codec::{ValueCodec, Zstd};
///
/// let value = b"no news. ".repeat(100);
/// let stored = Zstd.encode(&value)?.into_owned();
/// assert!(stored.len() < value.len() / 10);
/// assert_eq!(Zstd.decode(stored)?, value);
///
/// assert_eq!(*Zstd.encode(b"42")?, *b"42");
/// # Ok::<(), flipcache_codec::CodecError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Zstd;

impl ValueCodec for Zstd {
    /// See the [module](self).
    ///
    /// # Errors
    ///
    /// [`CodecError::TooLarge`] if the value begins with [`MAGIC`] and is longer than [`MAX_BYTES`].
    fn encode<'v>(&self, value: &'v [u8]) -> Result<Cow<'v, [u8]>, CodecError> {
        let ambiguous = value.starts_with(&MAGIC);
        if value.len() > MAX_BYTES {
            return match ambiguous {
                true => Err(too_large()),
                false => Ok(value.into()),
            };
        }
        if value.len() < MIN_BYTES && !ambiguous {
            return Ok(value.into());
        }
        let frame = frame::compress(value);
        Ok(match ambiguous || frame.len() < value.len() {
            true => frame.into(),
            false => value.into(),
        })
    }

    /// See the [module](self).
    ///
    /// # Errors
    ///
    /// [`CodecError::TooLarge`] if it is a frame of more than [`MAX_BYTES`]; [`CodecError::Failed`] if it begins
    /// as a frame and is not exactly one, or one that needs a dictionary.
    fn decode(&self, stored: Vec<u8>) -> Result<Vec<u8>, CodecError> {
        match stored.starts_with(&MAGIC) {
            true => frame::decompress(&stored, MAX_BYTES),
            false => Ok(stored),
        }
    }

    /// They are short.
    fn keeps_integers(&self) -> bool {
        true
    }
}

fn too_large() -> CodecError {
    let limit = MAX_BYTES as u64;
    CodecError::TooLarge { limit }
}
