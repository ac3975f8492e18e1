//! The local tier of a cache, looked at without the shared one.

use super::Cache;
use crate::{Codec, Error, Key, Keys};

/// A view of a cache's local tier. No method asks the shared tier or counts as a use.
pub struct Local<'a, C: Codec, K: Keys> {
    cache: &'a Cache<C, K>,
}

impl<'a, C: Codec, K: Keys> Local<'a, C, K> {
    pub(super) fn new(cache: &'a Cache<C, K>) -> Self {
        Self { cache }
    }

    /// The value that the local tier holds.
    ///
    /// # Errors
    ///
    /// [`Error::Codec`] if the codec does not read it.
    pub fn get(&self, key: K::Key<'_>) -> Result<Option<C::Value>, Error> {
        let key = key.text();
        let value = self.cache.raw.local_get(&key);
        value
            .map(|value| self.cache.decode(&key, value))
            .transpose()
    }

    /// The keys, in the order in which they would be evicted. O(n).
    pub fn keys(&self) -> Vec<K::Owned> {
        let keys = self.cache.raw.local_keys();
        keys.into_iter().filter_map(K::owned).collect()
    }

    /// How many entries it holds; expired ones that nobody has met since count.
    pub fn len(&self) -> u64 {
        self.cache.stats().local_len
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removals every entry; the shared tier stays as it is.
    pub fn clear(&self) {
        self.cache.raw.local_clear();
    }
}
