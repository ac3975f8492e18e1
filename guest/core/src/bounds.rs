//! The bounds of a cache in one shard.

use std::time::Duration;

use crate::options::{Eviction, Options};
use crate::value::ValueType;

/// The size, eviction and value type of one cache in one shard. If a cache is opened several times,
/// the last opening counts, except that `keep_expired` is the longest of all openings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Maximum number of entries; 0 disables the local tier.
    pub max_entries: u32,
    /// Maximum bytes of keys and values in wire form; `u64::MAX` leaves only the shard's budget.
    pub max_bytes: u64,
    /// Which entry is evicted first.
    pub eviction: Eviction,
    /// The value type. Bytes that are not of this type are not stored.
    pub value_type: ValueType,
    /// How long expired entries are kept so that they can be served stale.
    pub keep_expired: Duration,
}

impl From<&Options> for Bounds {
    /// Returns bounds that give the whole cache to one shard and keep no expired entries.
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
