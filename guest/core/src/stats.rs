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
    /// Entries that the local tier held and holds no more.
    pub removals: Removals,
    /// Answers of L2 that were not kept because they may have been old.
    pub refused_fills: u64,
    /// Values that were not kept because they are larger than the local tier may hold of one value.
    pub too_large: u64,
    /// Questions and writes that L2 failed.
    pub backend_errors: u64,
    /// Entries that the local tier holds now; expired ones that nobody has met since count.
    pub local_len: u64,
    /// Bytes of their keys and values in wire form.
    pub local_bytes: u64,
}

/// Entries that the local tier held and holds no more, each under the cause of its end. What was kept
/// since the tier was made is the sum of these and of what it holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removals {
    /// They made room, or were to hold a value that is too large.
    pub size: u64,
    /// Their life was over, and the time for which they may answer stale after it, and somebody met them.
    pub expired: u64,
    /// This cache deleted or cleared them, dropped its local tier, or could not write them.
    pub explicit: u64,
    /// This cache put another value in their place, or the same one again.
    pub replaced: u64,
    /// Others changed them, or may have: their keys or their bucket were invalidated, or L2 answered otherwise.
    pub invalidated: u64,
    /// Everything was void: the store was emptied, or changes had gone untold.
    pub flushed: u64,
}

/// Why an entry left.
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
    /// Each cause by its name, and how many it ended.
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

    /// How many there are, whatever the cause.
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
    /// What all shards of a cache have done.
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
