//! What a shard is told of a cache.

use std::time::Duration;

use crate::options::{Eviction, Options};
use crate::value::ValueType;

/// What one shard holds of a cache, and as what. Of several openings the last one counts, and the longest
/// that any of them keeps what has expired.
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
    /// For how long entries whose lives are over may be kept, to answer as stale ones.
    pub keep_expired: Duration,
}

impl From<&Options> for Bounds {
    /// All of the cache, in one shard; of what has expired nothing is kept.
    fn from(options: &Options) -> Self {
        Self {
            max_entries: options.local_max,
            max_bytes: options.local_max_bytes.unwrap_or(u64::MAX),
            eviction: options.eviction,
            value_type: options.value_type,
            keep_expired: Duration::ZERO,
        }
    }
}
