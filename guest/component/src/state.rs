//! The state of one instance: its caches, their shard, and the seed of its hashes.

use std::cell::{Cell, RefCell};

use flipcache_core::{
    Bounds, CacheId, Catalog, KeyListing, Moment, OpenError, Options, Resilience, Seed, Shard,
};

use crate::bindings::wasi::clocks::monotonic_clock;

/// What the tiers of one instance may weigh together, in bytes: a quarter of what 32 bits of
/// addresses could hold, so that a cache without a bound in bytes evicts before memory runs out.
const BUDGET: u64 = 1 << 30;

thread_local! {
    static CATALOG: RefCell<Catalog> = RefCell::new(Catalog::for_budget(BUDGET));
    static MEMORY: RefCell<Memory> = RefCell::new(Memory {
        shard: Shard::new(1, BUDGET),
        window: Vec::new(),
        listing: None,
    });
    /// When the host said that changes go unheard, until it says otherwise.
    static DEAF_SINCE: Cell<Option<Moment>> = const { Cell::new(None) };
    // The component has no source of randomness; the nanosecond of its first use has to do.
    static SEED: Seed = Seed::new(monotonic_clock::now());
}

/// The local tiers, and where a host that sees this memory passes keys to look for in them.
struct Memory {
    shard: Shard,
    window: Vec<u8>,
    /// The position of the host's listing of keys.
    listing: Option<KeyListing>,
}

/// Begins anew, with an empty shard: see [`Shard::new`].
pub(crate) fn start(incarnation: u32, max_bytes: u64) {
    with_shard(|shard| *shard = Shard::new(incarnation, max_bytes));
}

/// Opens a cache in the one shard that there is.
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

/// Ends an opening.
pub(crate) fn close(cache: CacheId) {
    CATALOG.with_borrow_mut(|catalog| catalog.close(cache));
}

/// Works on the shard. Nothing that calls out of the component may run inside, but the clock.
pub(crate) fn with_shard<R>(work: impl FnOnce(&mut Shard) -> R) -> R {
    MEMORY.with_borrow_mut(|memory| work(&mut memory.shard))
}

/// Works on the window and the shard, as [`with_shard`] does.
pub(crate) fn with_window<R>(work: impl FnOnce(&mut Vec<u8>, &mut Shard) -> R) -> R {
    MEMORY.with_borrow_mut(|Memory { shard, window, .. }| work(window, shard))
}

/// Works on the shard and the host's listing of keys, as [`with_shard`] does.
pub(crate) fn with_listing<R>(work: impl FnOnce(&mut Shard, &mut Option<KeyListing>) -> R) -> R {
    MEMORY.with_borrow_mut(|Memory { shard, listing, .. }| work(shard, listing))
}

/// The host hears of changes, or does not.
pub(crate) fn hears(hears: bool) {
    let since = if hears { None } else { Some(clock()) };
    // The first time counts, if it says so again.
    DEAF_SINCE.set(since.map(|since| DEAF_SINCE.get().unwrap_or(since)));
    with_shard(if hears { Shard::resume } else { Shard::suspend });
}

/// Since when the host does not hear.
pub(crate) fn deaf_since() -> Option<Moment> {
    DEAF_SINCE.get()
}

/// The seed of this instance.
pub(crate) fn seed() -> Seed {
    SEED.with(Clone::clone)
}

/// Bits that nobody outside foresees. The component has no source of randomness: they come of the clock and
/// the seed.
#[expect(
    clippy::cast_possible_truncation,
    reason = "half of the bits are as good as all"
)]
pub(crate) fn random() -> u32 {
    seed().hash_bytes(&clock().as_nanos().to_le_bytes()) as u32
}

/// The time, by the imported clock.
pub(crate) fn clock() -> Moment {
    Moment::from_nanos(monotonic_clock::now())
}
