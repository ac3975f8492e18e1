//! Sums, in caches of integers.

use super::{Cache, Codec, Integer, Key, Keys};
use crate::Error;

impl<T, K: Keys> Cache<Integer<T>, K>
where
    Integer<T>: Codec,
{
    /// Adds to the integer of a key, 0 if absent; answers the sum. A key that was absent gets the
    /// cache's TTL, one that was there keeps its own.
    ///
    /// # Errors
    ///
    /// [`Error::Undecodable`] if the key holds no integer, [`Error::InvalidValue`] if the sum is
    /// beyond 64 bits; nothing has changed then.
    pub async fn increment(&self, key: K::Key<'_>, delta: i64) -> Result<i64, Error> {
        self.handle.increment(&key.text(), delta).await
    }
}
