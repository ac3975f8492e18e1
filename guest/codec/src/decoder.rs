//! The values of one answer of the shared tier, decoded within a bound.

use crate::{CodecError, ValueCodec};

/// By how many bytes the values of one answer may grow together: 512 MiB, which is what one value may
/// have in Redis.
///
/// A few compressed bytes can stand for millions, so without this bound a small store could make an
/// answer that fills all memory. An answer that goes beyond can be had in smaller batches.
pub const MAX_GROWTH: usize = 512 * 1024 * 1024;

/// Decodes the values of one answer, one after the other.
///
/// # Examples
///
/// ```
/// use flipcache_codec::{Decoder, Zstd};
///
/// let mut answer = Decoder::new(&Zstd);
/// assert_eq!(answer.decode(b"plain".to_vec())?.as_deref(), Some(b"plain".as_slice()));
/// assert_eq!(answer.decode(b"\x28\xb5\x2f\xfd and no frame".to_vec())?, None);
/// # Ok::<(), flipcache_codec::CodecError>(())
/// ```
pub struct Decoder<'c, C> {
    codec: &'c C,
    growth: usize,
}

impl<'c, C: ValueCodec> Decoder<'c, C> {
    /// For an answer of which nothing is decoded yet.
    pub fn new(codec: &'c C) -> Self {
        Self { codec, growth: 0 }
    }

    /// The value of which `stored` is stored.
    ///
    /// `None` if it is of none. Such a key holds *something that is not a plain string of bytes*: a backend
    /// answers the slot `wrong-type` for it, the answers for other keys stand. It is not an absence, which
    /// would let a default be stored over it, nor are the raw bytes a value, which a cache of bytes would
    /// take for one.
    ///
    /// # Errors
    ///
    /// [`CodecError::TooLarge`] if the values of this answer have grown by more than [`MAX_GROWTH`].
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
    fn decode_what_is_no_value_is_none_and_the_next_value_is_decoded() {
        let mut answer = Decoder::new(&Zeros);
        assert_eq!(answer.decode(b"x".to_vec()).unwrap(), None);
        assert_eq!(answer.decode(b"2".to_vec()).unwrap(), Some(vec![0; 2]));
    }

    #[test]
    fn decode_values_beyond_the_bound_together_is_too_large() {
        let mut answer = Decoder::new(&Zeros);
        let half = (MAX_GROWTH / 2).to_string().into_bytes();
        assert!(answer.decode(half.clone()).is_ok());
        assert!(
            answer.decode(half.clone()).is_ok(),
            "two make the bound less 18 bytes"
        );
        assert!(matches!(
            answer.decode(half),
            Err(CodecError::TooLarge { .. })
        ));
    }
}
