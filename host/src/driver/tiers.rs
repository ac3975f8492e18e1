//! The local tiers of one client, in this process's own memory.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use flipcache_core::{Clock, Moment, Seed, Shard};

/// What the tiers may weigh together, in bytes, where their bounds say nothing.
const BUDGET: u64 = 1 << 30;

pub(super) struct Tiers {
    shard: Mutex<Shard>,
    seed: Seed,
    start: Instant,
}

impl Tiers {
    pub(super) fn new() -> Self {
        Self {
            shard: Mutex::new(Shard::new(0, BUDGET)),
            seed: Seed::new(RandomState::new().hash_one(())),
            start: Instant::now(),
        }
    }

    /// Works on the tiers, with their clock. No code of others runs inside.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut Shard, Clock<'_>) -> R) -> R {
        let clock = || {
            let nanos = self.start.elapsed().as_nanos();
            Moment::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
        };
        // Each step of the core leaves it whole.
        let mut shard = self.shard.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut shard, &clock)
    }

    /// The hash of a complete key.
    pub(super) fn hash(&self, name: &str, key: &str) -> u64 {
        self.seed.hash(name, key)
    }
}
