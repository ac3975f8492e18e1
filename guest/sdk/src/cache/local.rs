//! A view of a cache's local tier without L2.

use super::Cache;
use crate::{Codec, Error, Key, Keys};

/// A view of a cache's local tier. No method sends a request to L2 or counts as an access.
pub struct Local<'a, C: Codec, K: Keys> {
    cache: &'a Cache<C, K>,
}

impl<'a, C: Codec, K: Keys> Local<'a, C, K> {
    pub(super) fn new(cache: &'a Cache<C, K>) -> Self {
        Self { cache }
    }

    /// Returns the value in the local tier.
    ///
    /// # Errors
    ///
    /// [`Error::Codec`] if the codec cannot decode it.
    pub fn get(&self, key: K::Key<'_>) -> Result<Option<C::Value>, Error> {
        let key = key.text();
        let value = self.cache.raw.local_get(&key);
        value
            .map(|value| self.cache.decode(&key, value))
            .transpose()
    }

    /// Returns the keys in eviction order. O(n).
    pub fn keys(&self) -> Vec<K::Owned> {
        let keys = self.cache.raw.local_keys();
        keys.into_iter().filter_map(K::owned).collect()
    }

    /// Returns the number of entries, including expired ones that no access has removed yet.
    pub fn len(&self) -> u64 {
        self.cache.stats().local_len
    }

    /// Returns whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes every entry; L2 is not changed.
    pub fn clear(&self) {
        self.cache.raw.local_clear();
    }
}
