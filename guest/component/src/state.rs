//! What one instance holds: its shard, and the seed of its hashes.

use std::cell::RefCell;

use flipcache_core::{Moment, Seed, Shard};

use crate::bindings::wasi::clocks::monotonic_clock;

/// What the tiers of one instance may weigh together, in bytes: a quarter of what 32 bits of
/// addresses could hold, so that a cache without a bound in bytes evicts before memory runs out.
const BUDGET: u64 = 1 << 30;

thread_local! {
    static SHARD: RefCell<Shard> = RefCell::new(Shard::new(0, BUDGET));
    // The component has no source of randomness; the nanosecond of its first use has to do.
    static SEED: Seed = Seed::new(monotonic_clock::now());
}

/// Works on the shard. Nothing that calls out of the component may run inside, but the clock.
pub(crate) fn with_shard<R>(work: impl FnOnce(&mut Shard) -> R) -> R {
    SHARD.with_borrow_mut(work)
}

/// The seed of this instance.
pub(crate) fn seed() -> Seed {
    SEED.with(Clone::clone)
}

/// The time, by the imported clock.
pub(crate) fn clock() -> Moment {
    Moment::from_nanos(monotonic_clock::now())
}
