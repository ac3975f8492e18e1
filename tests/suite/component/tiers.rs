//! Which entries the local tier holds, and in which order they leave.

use flipcache::component::{CacheError, Source};
use flipcache::{Eviction, Options, ValueType};

use super::world::{World, get_text, local, refused, set};
use crate::stores::in_memory;

fn full_cache(eviction: Eviction) -> (World, flipcache::component::Cache) {
    let world = World::over_store(in_memory);
    let cache = world.open(
        "n",
        Options {
            local_max: 3,
            eviction,
            ..Options::default()
        },
    );
    for key in ["a", "b", "c"] {
        set(&cache, key, "v");
    }
    (world, cache)
}

/// Section 2.7.
#[test]
fn set_fifo_neither_read_nor_overwrite_moves() {
    let (_world, cache) = full_cache(Eviction::Fifo);
    get_text(&cache, "a");
    set(&cache, "a", "new");
    assert_eq!(local(&cache), "abc");
    set(&cache, "d", "v");
    assert_eq!(local(&cache), "bcd");
    get_text(&cache, "a");
    // Promoted from L2, it enters last.
    assert_eq!(local(&cache), "cda");
}

#[test]
fn set_lru_read_and_overwrite_move() {
    let (_world, cache) = full_cache(Eviction::Lru);
    get_text(&cache, "a");
    assert_eq!(local(&cache), "bca");
    set(&cache, "b", "new");
    assert_eq!(local(&cache), "cab");
    set(&cache, "d", "v");
    assert_eq!(local(&cache), "abd");
    cache.contains("a").expect("the cache must answer");
    cache.local_get("a").expect("the local tier must answer");
    assert_eq!(local(&cache), "abd", "looking is no use");
}

/// Sections 2.6 and 2.7.
#[test]
fn refresh_moves_under_both_and_fills_nothing() {
    for eviction in [Eviction::Fifo, Eviction::Lru] {
        let (_world, cache) = full_cache(eviction);
        assert!(cache.refresh("a").expect("L2 must answer"));
        assert_eq!(local(&cache), "bca", "{eviction:?}");
        cache.local_clear().expect("the local tier must answer");
        assert!(cache.refresh("a").expect("L2 must answer"));
        assert!(!cache.refresh("absent").expect("L2 must answer"));
        assert_eq!(local(&cache), "", "{eviction:?}");
    }
}

/// Section 1.1, `local_max` of 0.
#[test]
fn open_without_a_local_tier_reads_l2_every_time() {
    let world = World::over_store(in_memory);
    let cache = world.open(
        "n",
        Options {
            local_max: 0,
            ..Options::default()
        },
    );
    set(&cache, "k", "v");
    for _ in 0..2 {
        assert_eq!(get_text(&cache, "k"), (Some("v".into()), Source::Backend));
    }
    assert_eq!(local(&cache), "");
}

#[test]
fn set_larger_than_max_bytes_is_not_cached() {
    let world = World::over_store(in_memory);
    let cache = world.open(
        "n",
        Options {
            local_max_bytes: Some(10),
            ..Options::default()
        },
    );
    set(&cache, "small", "12345");
    assert_eq!(local(&cache), "small");
    set(&cache, "k", "0123456789");
    assert_eq!(local(&cache), "small");
    assert_eq!(get_text(&cache, "k").1, Source::Backend);
    set(&cache, "x", "1");
    assert_eq!(local(&cache), "x", "12 bytes are more than 10");
}

#[test]
fn open_again_shares_the_tier_and_the_last_bounds_apply() {
    let (world, cache) = full_cache(Eviction::Fifo);
    let again = world.open(
        "n",
        Options {
            local_max: 2,
            ..Options::default()
        },
    );
    assert_eq!((local(&cache), local(&again)), ("bc".into(), "bc".into()));
    set(&again, "b", "by the other handle");
    assert_eq!(
        get_text(&cache, "b"),
        (Some("by the other handle".into()), Source::Local)
    );
}

#[test]
fn open_with_another_type_conflicts_until_the_last_handle_is_dropped() {
    let (world, cache) = full_cache(Eviction::Fifo);
    let integers = Options {
        value_type: ValueType::Integer,
        ..Options::default()
    };
    let error = refused(world.instance.open("n", integers.clone()).map(|_| ()));
    assert!(matches!(error, CacheError::Conflict(_)), "{error:?}");
    drop(cache);
    let integers = world.open("n", integers);
    assert_eq!(
        local(&integers),
        "",
        "a text must not be returned as an integer"
    );
}
