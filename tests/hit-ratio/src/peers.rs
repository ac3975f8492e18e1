//! Other caches of Rust, each bounded to the same number of entries, with its own defaults but for
//! these: one shard, as shards of a few entries would have hit ratios of their own; work that is
//! put off is done at once; and a fixed hash, so that two runs answer the same.

use foldhash::quality::FixedState;
use foyer_memory::{Cache, CacheBuilder, EvictionConfig};
use quick_cache::sync::DefaultLifecycle;
use quick_cache::{OptionsBuilder, UnitWeighter};

const HASH: FixedState = FixedState::with_seed(7);

/// moka decides in its maintenance who stays. Until then it holds what is new beyond its bound, up
/// to 64 entries.
pub(crate) fn moka(requests: &[u32], capacity: u32) -> u32 {
    let cache = moka::future::Cache::builder()
        .max_capacity(capacity.into())
        .build_with_hasher(HASH);
    pollster::block_on(async {
        let mut hits = 0;
        for key in requests {
            match cache.get(key).await {
                Some(()) => hits += 1,
                None => cache.insert(*key, ()).await,
            }
            cache.run_pending_tasks().await;
        }
        hits
    })
}

pub(crate) fn quick_cache(requests: &[u32], capacity: u32) -> u32 {
    let options = OptionsBuilder::new()
        .shards(1)
        .estimated_items_capacity(capacity as usize)
        .weight_capacity(capacity.into())
        .build()
        .expect("all is set");
    let lifecycle = DefaultLifecycle::default();
    let cache = quick_cache::sync::Cache::with_options(options, UnitWeighter, HASH, lifecycle);
    let is_hit = |key| cache.get(&key).is_some();
    replay(requests, is_hit, |key| cache.insert(key, ()))
}

/// What is asked of foyer's in-memory cache is given back at once, so that all of it may leave.
pub(crate) fn foyer(requests: &[u32], capacity: u32, eviction: EvictionConfig) -> u32 {
    let cache: Cache<u32, (), _> = CacheBuilder::new(capacity as usize)
        .with_shards(1)
        .with_eviction_config(eviction)
        .with_hash_builder(HASH)
        .build();
    let is_hit = |key| cache.get(&key).is_some();
    replay(requests, is_hit, |key| drop(cache.insert(key, ())))
}

fn replay(requests: &[u32], is_hit: impl Fn(u32) -> bool, insert: impl Fn(u32)) -> u32 {
    let mut hits = 0;
    for key in requests {
        match is_hit(*key) {
            true => hits += 1,
            false => insert(*key),
        }
    }
    hits
}
