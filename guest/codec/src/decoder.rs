//! Decodes the values of one reply of L2 within a common bound.

use crate::{CodecError, ValueCodec};

/// Maximum growth in bytes of all values of one reply together: 512 MiB, the longest value in
/// Redis.
///
/// A few compressed bytes can stand for millions, so without this bound a small store could fill
/// all memory with one reply. Smaller batches stay within the bound.
pub const MAX_GROWTH: usize = 512 * 1024 * 1024;

/// Decodes the values of one reply, one by one.
///
/// # Examples
///
/// ```
/// use flipcache_codec::{Decoder, Zstd};
///
/// let mut reply = Decoder::new(&Zstd);
/// assert_eq!(reply.decode(b"plain".to_vec())?.as_deref(), Some(b"plain".as_slice()));
/// assert_eq!(reply.decode(b"\x28\xb5\x2f\xfd and no frame".to_vec())?, None);
/// # Ok::<(), flipcache_codec::CodecError>(())
/// ```
pub struct Decoder<'c, C> {
    codec: &'c C,
    growth: usize,
}

impl<'c, C: ValueCodec> Decoder<'c, C> {
    /// Creates a decoder for a new reply.
    pub fn new(codec: &'c C) -> Self {
        Self { codec, growth: 0 }
    }

    /// Decodes a stored value.
    ///
    /// `None` if it is not an encoded value. Backends return the slot `wrong-type` for such a key,
    /// and the slots of other keys are not affected. It is not reported as absent, because a
    /// default could then be stored over it. Its raw bytes are not a value either, although a cache
    /// of bytes would accept them.
    ///
    /// # Errors
    ///
    /// [`CodecError::TooLarge`] if the values of this reply have grown by more than [`MAX_GROWTH`].
    pub fn decode(&mut self, stored: Vec<u8>) -> Result<Option<Vec<u8>>, CodecError> {
        let length = stored.len();
        let Ok(value) = self.codec.decode(stored) else {
            return Ok(None);
        };
        self.growth += value.len().saturating_sub(length);
        if self.growth > MAX_GROWTH {
            let limit = MAX_GROWTH as u64;
            return Err(CodecError::TooLarge { limit });
        }
        Ok(Some(value))
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    /// Stores the length of a value of zeros.
    struct Zeros;

    impl ValueCodec for Zeros {
        fn encode<'v>(&self, value: &'v [u8]) -> Result<Cow<'v, [u8]>, CodecError> {
            Ok(value.len().to_string().into_bytes().into())
        }

        fn decode(&self, stored: Vec<u8>) -> Result<Vec<u8>, CodecError> {
            let length = str::from_utf8(&stored).ok().and_then(|n| n.parse().ok());
            let length = length.ok_or_else(|| CodecError::Failed("no length".into()))?;
            Ok(vec![0; length])
        }
    }

    #[test]
    fn decode_invalid_value_is_none_and_the_next_value_is_decoded() {
        let mut reply = Decoder::new(&Zeros);
        assert_eq!(reply.decode(b"x".to_vec()).unwrap(), None);
        assert_eq!(reply.decode(b"2".to_vec()).unwrap(), Some(vec![0; 2]));
    }

    #[test]
    fn decode_values_that_exceed_the_bound_together_is_too_large() {
        let mut reply = Decoder::new(&Zeros);
        let half = (MAX_GROWTH / 2).to_string().into_bytes();
        assert!(reply.decode(half.clone()).is_ok());
        assert!(
            reply.decode(half.clone()).is_ok(),
            "two make the bound less 18 bytes"
        );
        assert!(matches!(
            reply.decode(half),
            Err(CodecError::TooLarge { .. })
        ));
    }
}
