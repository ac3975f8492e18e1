//! The minimal codec, which changes nothing.

use std::borrow::Cow;

use crate::{CodecError, ValueCodec};

/// Stores every value unchanged.
#[derive(Clone, Copy, Debug, Default)]
pub struct PassThrough;

impl ValueCodec for PassThrough {
    fn encode<'v>(&self, value: &'v [u8]) -> Result<Cow<'v, [u8]>, CodecError> {
        Ok(value.into())
    }

    fn decode(&self, stored: Vec<u8>) -> Result<Vec<u8>, CodecError> {
        Ok(stored)
    }

    fn keeps_integers(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encode_any_value_borrows_it() {
        let value = b"\x28\xb5\x2f\xfd".as_slice();
        assert!(matches!(PassThrough.encode(value), Ok(Cow::Borrowed(stored)) if stored == value));
        assert_eq!(PassThrough.decode(value.to_vec()).unwrap(), value);
    }
}
