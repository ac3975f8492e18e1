//! The local tier of a cache, without L2.

use super::{Cache, Codec, Key, Keys};
use crate::Error;

/// A view of a cache's local tier. No method reads L2 or counts as an access.
pub struct Local<'a, C: Codec, K: Keys> {
    cache: &'a Cache<C, K>,
}

impl<'a, C: Codec, K: Keys> Local<'a, C, K> {
    pub(super) fn new(cache: &'a Cache<C, K>) -> Self {
        Self { cache }
    }

    /// Returns the value that the local tier holds.
    ///
    /// # Errors
    ///
    /// [`Error::Codec`] if the codec cannot decode it.
    pub fn get(&self, key: K::Key<'_>) -> Result<Option<C::Value>, Error> {
        let key = key.text();
        let wire = self.cache.handle.local_get(&key);
        wire.map(|wire| self.cache.decode(&key, wire)).transpose()
    }

    /// Returns the keys, in eviction order. O(n).
    pub fn keys(&self) -> Vec<K::Owned> {
        let keys = self.cache.handle.local_keys();
        keys.into_iter().filter_map(K::owned).collect()
    }

    /// Returns how many entries the local tier holds, including expired ones that have not been
    /// removed yet.
    pub fn len(&self) -> u64 {
        self.cache.stats().local_len
    }

    /// Returns whether the local tier holds no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes every entry. L2 is not changed.
    pub fn clear(&self) {
        self.cache.handle.local_clear();
    }
}
