//! What a cache has done.

use std::iter::Sum;

/// Counters of one cache since its tier was made, and its size now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Reads answered by the local tier.
    pub local_hits: u64,
    /// Reads answered by L2.
    pub backend_hits: u64,
    /// Reads that neither tier answered.
    pub misses: u64,
    /// Of those, the ones that a remembered absence answered.
    pub absent_hits: u64,
    /// Reads answered by an entry that was marked stale.
    pub stale_hits: u64,
    /// Entries that left to make room.
    pub evictions: u64,
    /// Entries dropped at the end of their life, or of the time for which they may answer stale after it.
    pub expirations: u64,
    /// Entries dropped because others may have changed them.
    pub invalidations: u64,
    /// Answers of L2 that were not kept because they may have been old.
    pub refused_fills: u64,
    /// Questions and writes that L2 failed.
    pub backend_errors: u64,
    /// Entries that the local tier holds now; expired ones that nobody has met since count.
    pub local_len: u64,
    /// Bytes of their keys and values in wire form.
    pub local_bytes: u64,
}

impl Sum for Stats {
    /// What all shards of a cache have done.
    fn sum<I: Iterator<Item = Self>>(stats: I) -> Self {
        stats.fold(Self::default(), |sum, one| Self {
            local_hits: sum.local_hits + one.local_hits,
            backend_hits: sum.backend_hits + one.backend_hits,
            misses: sum.misses + one.misses,
            absent_hits: sum.absent_hits + one.absent_hits,
            stale_hits: sum.stale_hits + one.stale_hits,
            evictions: sum.evictions + one.evictions,
            expirations: sum.expirations + one.expirations,
            invalidations: sum.invalidations + one.invalidations,
            refused_fills: sum.refused_fills + one.refused_fills,
            backend_errors: sum.backend_errors + one.backend_errors,
            local_len: sum.local_len + one.local_len,
            local_bytes: sum.local_bytes + one.local_bytes,
        })
    }
}
