//! Compression with Zstandard that leaves plain values plain.
//!
//! A value is stored as a frame if that is shorter, and unchanged otherwise:
//!
//! | value | stored | |---|---| | shorter than [`MIN_BYTES`] | unchanged | | longer than
//! [`MAX_BYTES`] | unchanged | | not made shorter by compression | unchanged | | all others | a
//! frame | | begins with a frame's [`MAGIC`] | a frame, always |
//!
//! Stored bytes that begin with [`MAGIC`] are therefore a frame, and all others are a value.
//! Integers, and values of clients without compression, are read and stored as before, and
//! redis-cli shows them. A frame is a standard one with the size of its content and without a
//! checksum, which any Zstandard tool reads. Frames of other tools are read too; their checksums
//! are not verified.
//!
//! The format: RFC 8878, <https://www.rfc-editor.org/rfc/rfc8878>.

mod frame;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::{CodecError, ValueCodec};

/// The first bytes of a frame.
pub const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The shortest value that is compressed, in bytes. Shorter ones would hardly shrink.
pub const MIN_BYTES: usize = 256;

/// The longest content of a frame, in bytes: 16 MiB.
///
/// Longer values are stored unchanged, and longer frames are refused, so that a reader needs
/// neither much memory nor much time. Decompression takes up to about three times as much memory.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Compresses values that shrink by it.
///
/// A write costs about 30 µs plus 6 µs per KiB, a read 2 µs plus 1.5 µs per KiB, on the calling
/// thread.
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
    /// Encodes a value as the [module](self) describes.
    ///
    /// # Errors
    ///
    /// [`CodecError::TooLarge`] if the value begins with [`MAGIC`] and is longer than
    /// [`MAX_BYTES`].
    fn encode<'v>(&self, value: &'v [u8]) -> Result<Cow<'v, [u8]>, CodecError> {
        let ambiguous = value.starts_with(&MAGIC);
        if value.len() > MAX_BYTES {
            return if ambiguous {
                Err(too_large())
            } else {
                Ok(value.into())
            };
        }
        if value.len() < MIN_BYTES && !ambiguous {
            return Ok(value.into());
        }
        let frame = frame::compress(value);
        Ok(if ambiguous || frame.len() < value.len() {
            frame.into()
        } else {
            value.into()
        })
    }

    /// Decodes a value as the [module](self) describes.
    ///
    /// # Errors
    ///
    /// [`CodecError::TooLarge`] if it is a frame of more than [`MAX_BYTES`]; [`CodecError::Failed`]
    /// if it begins as a frame but is not exactly one, or needs a dictionary.
    fn decode(&self, stored: Vec<u8>) -> Result<Vec<u8>, CodecError> {
        if stored.starts_with(&MAGIC) {
            frame::decompress(&stored, MAX_BYTES)
        } else {
            Ok(stored)
        }
    }

    /// Returns `true`: integers are shorter than [`MIN_BYTES`].
    fn keeps_integers(&self) -> bool {
        true
    }
}

fn too_large() -> CodecError {
    let limit = MAX_BYTES as u64;
    CodecError::TooLarge { limit }
}
