//! Counters of a cache.

use std::iter::Sum;

/// Counters of one cache since its tier was created, and its current size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Reads served by the local tier.
    pub local_hits: u64,
    /// Reads served by L2.
    pub backend_hits: u64,
    /// Reads served by neither tier.
    pub misses: u64,
    /// Those misses that were served by a cached absence.
    pub absent_hits: u64,
    /// Reads served by an entry that was marked stale.
    pub stale_hits: u64,
    /// Entries that have left the local tier.
    pub removals: Removals,
    /// Replies of L2 that were not stored because they may have been outdated.
    pub refused_fills: u64,
    /// Values that were not stored because they exceed the local tier's limit for one value.
    pub too_large: u64,
    /// Reads and writes that failed at L2.
    pub backend_errors: u64,
    /// Current entries of the local tier, including expired ones that no access has removed yet.
    pub local_len: u64,
    /// Bytes of their keys and values in wire form.
    pub local_bytes: u64,
}

/// Entries that have left the local tier, by cause. Their sum and the current entries make up all
/// entries stored since the tier was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removals {
    /// Evicted for room, or overwritten by a value that is too large.
    pub size: u64,
    /// Removed on access after the TTL (and any stale-on-error window) had passed.
    pub expired: u64,
    /// Deleted or cleared by this cache, removed with its local tier, or dropped after its write
    /// failed.
    pub explicit: u64,
    /// Overwritten by this cache, also by an equal value.
    pub replaced: u64,
    /// Changed by another client, or possibly so: the key or bucket was invalidated, or L2 returned
    /// something else.
    pub invalidated: u64,
    /// Invalidated with everything else: the backend was emptied, or invalidations were lost.
    pub flushed: u64,
}

/// Why an entry was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RemovalCause {
    Size,
    Expired,
    Explicit,
    Replaced,
    Invalidated,
    Flushed,
}

impl Removals {
    /// Returns the name of each cause with its count.
    pub fn by_cause(&self) -> [(&'static str, u64); 6] {
        [
            ("size", self.size),
            ("expired", self.expired),
            ("explicit", self.explicit),
            ("replaced", self.replaced),
            ("invalidated", self.invalidated),
            ("flushed", self.flushed),
        ]
    }

    /// Returns the sum over all causes.
    pub fn total(&self) -> u64 {
        self.by_cause().iter().map(|(_, count)| count).sum()
    }

    pub(crate) fn add(&mut self, cause: RemovalCause, count: u64) {
        let counter = match cause {
            RemovalCause::Size => &mut self.size,
            RemovalCause::Expired => &mut self.expired,
            RemovalCause::Explicit => &mut self.explicit,
            RemovalCause::Replaced => &mut self.replaced,
            RemovalCause::Invalidated => &mut self.invalidated,
            RemovalCause::Flushed => &mut self.flushed,
        };
        *counter += count;
    }
}

impl Sum for Removals {
    fn sum<I: Iterator<Item = Self>>(removals: I) -> Self {
        removals.fold(Self::default(), |sum, one| Self {
            size: sum.size + one.size,
            expired: sum.expired + one.expired,
            explicit: sum.explicit + one.explicit,
            replaced: sum.replaced + one.replaced,
            invalidated: sum.invalidated + one.invalidated,
            flushed: sum.flushed + one.flushed,
        })
    }
}

impl Sum for Stats {
    /// Sums the counters of all shards of a cache.
    fn sum<I: Iterator<Item = Self>>(stats: I) -> Self {
        stats.fold(Self::default(), |sum, one| Self {
            local_hits: sum.local_hits + one.local_hits,
            backend_hits: sum.backend_hits + one.backend_hits,
            misses: sum.misses + one.misses,
            absent_hits: sum.absent_hits + one.absent_hits,
            stale_hits: sum.stale_hits + one.stale_hits,
            removals: [sum.removals, one.removals].into_iter().sum(),
            refused_fills: sum.refused_fills + one.refused_fills,
            too_large: sum.too_large + one.too_large,
            backend_errors: sum.backend_errors + one.backend_errors,
            local_len: sum.local_len + one.local_len,
            local_bytes: sum.local_bytes + one.local_bytes,
        })
    }
}
