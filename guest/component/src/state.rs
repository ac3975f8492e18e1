//! The state of one instance: its caches, their shard, and the seed of its hashes.

use std::cell::{Cell, RefCell};

use flipcache_core::{
    Bounds, CacheId, Catalog, KeyListing, Moment, OpenError, Options, Resilience, Seed, Shard,
};

use crate::bindings::wasi::clocks::monotonic_clock;

/// Maximum weight of all tiers of one instance, in bytes: a quarter of a 32-bit address space, so
/// that a cache without a bound in bytes evicts before memory runs out.
const BUDGET: u64 = 1 << 30;

thread_local! {
    static CATALOG: RefCell<Catalog> = RefCell::new(Catalog::for_budget(BUDGET));
    static MEMORY: RefCell<Memory> = RefCell::new(Memory {
        shard: Shard::new(1, BUDGET),
        window: Vec::new(),
        listing: None,
    });
    /// When the host reported that invalidations are lost, until it reports that they are live.
    static LOST_SINCE: Cell<Option<Moment>> = const { Cell::new(None) };
    // The component has no source of randomness, so the nanosecond of its first use is the seed.
    static SEED: Seed = Seed::new(monotonic_clock::now());
}

/// The local tiers, and the window through which a host that can read this memory passes keys.
struct Memory {
    shard: Shard,
    window: Vec<u8>,
    /// The position of the host's listing of keys.
    listing: Option<KeyListing>,
}

/// Starts again with an empty shard: see [`Shard::new`].
pub(crate) fn start(incarnation: u32, max_bytes: u64) {
    with_shard(|shard| *shard = Shard::new(incarnation, max_bytes));
}

/// Opens a cache in the only shard.
pub(crate) fn open(
    name: &str,
    options: &Options,
    resilience: &Resilience,
) -> Result<CacheId, OpenError> {
    let cache = CATALOG.with_borrow_mut(|catalog| catalog.open(name, options))?;
    let bounds = Bounds {
        keep_expired: resilience.stale_on_error,
        ..Bounds::from(options)
    };
    with_shard(|shard| shard.open(cache, name, bounds));
    Ok(cache)
}

/// Closes one opening of a cache.
pub(crate) fn close(cache: CacheId) {
    CATALOG.with_borrow_mut(|catalog| catalog.close(cache));
}

/// Runs `work` on the shard. `work` may call no import except the clock.
pub(crate) fn with_shard<R>(work: impl FnOnce(&mut Shard) -> R) -> R {
    MEMORY.with_borrow_mut(|memory| work(&mut memory.shard))
}

/// Runs `work` on the window and the shard, as [`with_shard`] does.
pub(crate) fn with_window<R>(work: impl FnOnce(&mut Vec<u8>, &mut Shard) -> R) -> R {
    MEMORY.with_borrow_mut(|Memory { shard, window, .. }| work(window, shard))
}

/// Runs `work` on the shard and the host's listing of keys, as [`with_shard`] does.
pub(crate) fn with_listing<R>(work: impl FnOnce(&mut Shard, &mut Option<KeyListing>) -> R) -> R {
    MEMORY.with_borrow_mut(|Memory { shard, listing, .. }| work(shard, listing))
}

/// Suspends the shard while invalidations are lost, and resumes it once they are live.
pub(crate) fn set_live(live: bool) {
    let since = if live { None } else { Some(clock()) };
    // Repeated reports keep the first moment.
    LOST_SINCE.set(since.map(|since| LOST_SINCE.get().unwrap_or(since)));
    with_shard(if live { Shard::resume } else { Shard::suspend });
}

/// Returns when invalidations were lost, if they are not live.
pub(crate) fn lost_since() -> Option<Moment> {
    LOST_SINCE.get()
}

/// Returns the seed of this instance.
pub(crate) fn seed() -> Seed {
    SEED.with(Clone::clone)
}

/// Returns bits that clients cannot predict. The component has no source of randomness, so they are
/// derived from the clock and the seed.
#[expect(
    clippy::cast_possible_truncation,
    reason = "half of the bits are as good as all"
)]
pub(crate) fn random() -> u32 {
    seed().hash_bytes(&clock().as_nanos().to_le_bytes()) as u32
}

/// Reads the imported clock.
pub(crate) fn clock() -> Moment {
    Moment::from_nanos(monotonic_clock::now())
}
