//! What a shard is told of a cache.

use crate::options::{Eviction, Options};
use crate::value::ValueType;

/// What one shard holds of a cache, and as what. Of several openings the last one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Entries; 0: no local tier.
    pub max_entries: u32,
    /// Bytes of keys and values in wire form; `u64::MAX`: the shard's budget alone.
    pub max_bytes: u64,
    /// Which entry leaves first.
    pub eviction: Eviction,
    /// What values are. What is of no such type is not kept.
    pub value_type: ValueType,
}

impl From<&Options> for Bounds {
    /// All of the cache, in one shard.
    fn from(options: &Options) -> Self {
        Self {
            max_entries: options.local_max,
            max_bytes: options.local_max_bytes.unwrap_or(u64::MAX),
            eviction: options.eviction,
            value_type: options.value_type,
        }
    }
}
