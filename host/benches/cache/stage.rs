//! What is read: a few hundred entries, so that they fit the processor's caches in every
//! contestant.

use std::sync::Arc;

use flipcache::backend::memory::MemoryBackend;
use flipcache::{Cache, Client, Eviction, Shards};

/// How many entries there are.
const ENTRIES: u32 = 256;

/// Keys and values of 16 bytes.
pub(crate) struct Stage {
    pub(crate) keys: Vec<String>,
    pub(crate) values: Vec<String>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self {
            keys: keys(ENTRIES),
            values: (0..ENTRIES).map(|i| format!("value-{i:010}")).collect(),
        }
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        let values = self.values.iter().map(String::as_str);
        self.keys.iter().map(String::as_str).zip(values)
    }

    /// Returns a cache with the defaults whose local tier holds all entries.
    pub(crate) fn cache(&self, shards: Shards) -> Cache {
        self.cache_under(Eviction::S3Fifo, shards)
    }

    /// As [`cache`](Self::cache), under another eviction.
    pub(crate) fn cache_under(&self, eviction: Eviction, shards: Shards) -> Cache {
        let client = Client::builder(Arc::new(MemoryBackend::new())).shards(shards);
        let client = client.build().expect("the client must be made");
        // More than there are, as shards do not get equal shares.
        let cache = client.cache("bench").local_max(4 * ENTRIES);
        let cache = cache
            .eviction(eviction)
            .open()
            .expect("the options are valid");
        for (key, value) in self.entries() {
            let written = pollster::block_on(cache.set(key, value));
            written.expect("the memory takes it");
        }
        assert_eq!(cache.local().len(), u64::from(ENTRIES), "all must be hits");
        cache
    }
}

/// Returns so many keys, of 16 bytes each.
pub(crate) fn keys(count: u32) -> Vec<String> {
    (0..count).map(|i| format!("user:{i:011}")).collect()
}
