//! Who is compared.

use std::fmt;

use flipcache_core::Eviction;
use foyer_memory::{LruConfig, S3FifoConfig};

use crate::{optimum, own, peers};

/// A cache with its eviction, or what none can surpass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The core.
    Own(Eviction),
    /// moka: TinyLFU, its default.
    Moka,
    /// quick_cache: its only one, which its author tells to be a CLOCK-Pro that is close to
    /// S3-FIFO.
    QuickCache,
    /// foyer's in-memory cache: LRU, its default.
    Foyer,
    /// foyer's in-memory cache with its S3-FIFO.
    FoyerS3Fifo,
    /// Belády's, which knows the future.
    Optimum,
}

impl Policy {
    /// All policies, in the order of the table.
    pub const ALL: [Self; 8] = [
        Self::Own(Eviction::Fifo),
        Self::Own(Eviction::Lru),
        Self::Own(Eviction::S3Fifo),
        Self::Moka,
        Self::QuickCache,
        Self::Foyer,
        Self::FoyerS3Fifo,
        Self::Optimum,
    ];

    /// How many of the requests are hits, in a cache that is empty at first and holds so many
    /// entries.
    pub fn hits(self, requests: &[u32], capacity: u32) -> u32 {
        match self {
            Self::Own(eviction) => own::hits(requests, capacity, eviction),
            Self::Moka => peers::moka(requests, capacity),
            Self::QuickCache => peers::quick_cache(requests, capacity),
            Self::Foyer => peers::foyer(requests, capacity, LruConfig::default().into()),
            Self::FoyerS3Fifo => peers::foyer(requests, capacity, S3FifoConfig::default().into()),
            Self::Optimum => optimum::hits(requests, capacity),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own(Eviction::Fifo) => "FIFO",
            Self::Own(Eviction::Lru) => "LRU",
            Self::Own(Eviction::S3Fifo) => "S3-FIFO",
            Self::Moka => "moka",
            Self::QuickCache => "quick_cache",
            Self::Foyer => "foyer LRU",
            Self::FoyerS3Fifo => "foyer S3-FIFO",
            Self::Optimum => "optimum",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five keys three times, then keys that are read once, then the five again.
    fn scanned() -> Vec<u32> {
        let hot: Vec<u32> = (1..=5).collect();
        [hot.repeat(3), (100..121).collect(), hot].concat()
    }

    #[test]
    fn hits_after_a_scan_tell_policies_apart() {
        for policy in Policy::ALL {
            let expected = match policy {
                // What is read once pushed the five out.
                Policy::Own(Eviction::Fifo | Eviction::Lru) | Policy::Foyer => 10,
                _ => 15,
            };
            assert_eq!(policy.hits(&scanned(), 10), expected, "{policy}");
        }
    }

    #[test]
    fn hits_with_room_for_all_are_all_but_the_first_of_each_key() {
        for policy in Policy::ALL {
            assert_eq!(policy.hits(&scanned(), 100), 15, "{policy}");
        }
    }

    #[test]
    fn hits_of_an_alternation_are_known() {
        // Under FIFO the 1 is pushed out by 3 and by 5, under LRU it is always the younger one.
        let requests = [1, 2, 1, 3, 1, 4, 1, 5, 1, 6];
        let hits = |policy: Policy| policy.hits(&requests, 2);
        assert_eq!(hits(Policy::Own(Eviction::Fifo)), 2);
        assert_eq!(hits(Policy::Own(Eviction::Lru)), 4);
        assert_eq!(hits(Policy::Optimum), 4);
    }

    #[test]
    fn hits_of_two_runs_are_the_same() {
        let requests: Vec<u32> = (0..2_000).map(|i| i * i % 337 % 90).collect();
        for policy in Policy::ALL {
            let hits = policy.hits(&requests, 20);
            assert_eq!(policy.hits(&requests, 20), hits, "{policy}");
            assert!(hits <= Policy::Optimum.hits(&requests, 20), "{policy}");
        }
    }

    #[test]
    fn hits_with_one_entry_are_the_repetitions_at_most() {
        for policy in Policy::ALL {
            assert!(policy.hits(&[1, 1, 2, 2, 2, 1], 1) <= 3, "{policy}");
        }
    }
}
