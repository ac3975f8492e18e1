//! Counters, in caches of integers.

use super::{Cache, Codec, Integer, Key, Keys};
use crate::Error;

impl<T, K: Keys> Cache<Integer<T>, K>
where
    Integer<T>: Codec,
{
    /// Adds to the integer of a key, or to 0 if it is absent. Returns the sum.
    ///
    /// A key that was absent gets the cache's TTL; one that was present keeps its own.
    ///
    /// # Errors
    ///
    /// [`Error::Undecodable`] if the key does not hold an integer, [`Error::InvalidValue`] if the
    /// sum does not fit into 64 bits. The key is unchanged then.
    pub async fn increment(&self, key: K::Key<'_>, delta: i64) -> Result<i64, Error> {
        self.handle.increment(&key.text(), delta).await
    }
}
