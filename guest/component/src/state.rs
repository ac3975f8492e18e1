//! What one instance holds: its caches, their shard, and the seed of its hashes.

use std::cell::RefCell;

use flipcache_core::{Bounds, CacheId, Catalog, Moment, OpenError, Options, Seed, Shard};

use crate::bindings::wasi::clocks::monotonic_clock;

/// What the tiers of one instance may weigh together, in bytes: a quarter of what 32 bits of
/// addresses could hold, so that a cache without a bound in bytes evicts before memory runs out.
const BUDGET: u64 = 1 << 30;

thread_local! {
    static CATALOG: RefCell<Catalog> = RefCell::new(Catalog::new());
    static SHARD: RefCell<Shard> = RefCell::new(Shard::new(1, BUDGET));
    // The component has no source of randomness; the nanosecond of its first use has to do.
    static SEED: Seed = Seed::new(monotonic_clock::now());
}

/// Begins anew, with an empty shard: see [`Shard::new`].
pub(crate) fn start(incarnation: u32, max_bytes: u64) {
    SHARD.set(Shard::new(incarnation, max_bytes));
}

/// Opens a cache in the one shard that there is.
pub(crate) fn open(name: &str, options: &Options) -> Result<CacheId, OpenError> {
    let cache = CATALOG.with_borrow_mut(|catalog| catalog.open(name, options))?;
    with_shard(|shard| shard.open(cache, name, Bounds::from(options)));
    Ok(cache)
}

/// Ends an opening.
pub(crate) fn close(cache: CacheId) {
    CATALOG.with_borrow_mut(|catalog| catalog.close(cache));
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
