//! How many entries a tier holds, and in which order they are evicted.

use super::*;

#[test]
fn put_overwrite_keeps_its_position_under_fifo_and_moves_under_lru() {
    for (eviction, after_overwrite, after_insert) in [
        (Eviction::Fifo, "abc", "bcd"),
        (Eviction::Lru, "bca", "cad"),
    ] {
        let mut fixture = Fixture::new();
        let cache = fixture.open("n", 3, eviction);
        for key in ["a", "b", "c"] {
            fixture.fill(&cache, key, "v");
        }
        fixture.set(&cache, "a", "new");
        assert_eq!(fixture.keys(&cache), after_overwrite, "{eviction:?}");
        fixture.fill(&cache, "d", "v");
        assert_eq!(fixture.keys(&cache), after_insert, "{eviction:?}");
    }
}

#[test]
fn read_moves_under_lru_only_and_touch_under_both() {
    for (eviction, after_read) in [(Eviction::Fifo, "abc"), (Eviction::Lru, "bca")] {
        let mut fixture = Fixture::new();
        let cache = fixture.open("n", 3, eviction);
        for key in ["a", "b", "c"] {
            fixture.fill(&cache, key, "v");
        }
        fixture.get(&cache, "a");
        assert_eq!(fixture.keys(&cache), after_read, "{eviction:?}");
        let hash = fixture.hash(&cache, "b");
        assert!(
            fixture
                .shard
                .touch(cache.id, hash, "b", &|| Moment::from_nanos(1))
        );
        assert!(fixture.keys(&cache).ends_with('b'), "{eviction:?}");
    }
}

#[test]
fn put_beyond_the_bytes_evicts_and_a_larger_value_is_not_stored() {
    let mut fixture = Fixture::new();
    let options = Options {
        local_max_bytes: Some(10),
        ..Options::default()
    };
    let cache = fixture.open_with("n", &options);
    fixture.fill(&cache, "a", "1234");
    fixture.fill(&cache, "b", "1234");
    // 5 + 5 bytes: full.
    fixture.fill(&cache, "c", "1");
    assert_eq!(fixture.keys(&cache), "bc");
    let ticket = fixture.ask(&cache, "d");
    assert_eq!(
        fixture.settle(&cache, "d", ticket, "0123456789", None),
        FillOutcome::NotStored
    );
    assert_eq!(fixture.keys(&cache), "bc");
    fixture.set(&cache, "b", "0123456789");
    assert_eq!(
        (fixture.keys(&cache).as_str(), fixture.get(&cache, "b")),
        ("c", None)
    );
}

#[test]
fn put_beyond_the_shards_budget_evicts_from_the_heaviest_tier_if_its_own_is_empty() {
    let mut fixture = Fixture::with_budget(3 * Tier::weight_of("a", b"1"));
    let [full, empty] = ["full", "empty"].map(|name| fixture.open(name, 9, Eviction::Fifo));
    for key in ["a", "b", "c"] {
        fixture.fill(&full, key, "1");
    }
    fixture.fill(&empty, "d", "1");
    assert_eq!(
        (fixture.keys(&full).as_str(), fixture.keys(&empty).as_str()),
        ("bc", "d")
    );
}

#[test]
fn settle_undecodable_stores_nothing() {
    let mut fixture = Fixture::new();
    let options = Options {
        value_type: ValueType::Integer,
        ..Options::default()
    };
    let cache = fixture.open_with("n", &options);
    let ticket = fixture.ask(&cache, "k");
    assert_eq!(
        fixture.settle(&cache, "k", ticket, "1.5", None),
        FillOutcome::Undecodable
    );
    assert_eq!(fixture.keys(&cache), "");
}

/// A value that another client wrote first may be of any type.
#[test]
fn end_write_of_another_type_stores_nothing() {
    let mut fixture = Fixture::new();
    let options = Options {
        value_type: ValueType::Integer,
        ..Options::default()
    };
    let cache = fixture.open_with("n", &options);
    let ticket = fixture.begin(&cache, "k");
    fixture.end(&cache, "k", ticket, Some("1.5"));
    assert_eq!(fixture.keys(&cache), "");
    let ticket = fixture.begin(&cache, "k");
    fixture.end(&cache, "k", ticket, Some("1"));
    assert_eq!(fixture.keys(&cache), "k");
}

#[test]
fn open_without_local_tier_stores_nothing_and_counts_no_refused_fill() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 0, Eviction::Lru);
    let ticket = fixture.ask(&cache, "k");
    assert_eq!(
        fixture.settle(&cache, "k", ticket, "v", None),
        FillOutcome::NotStored
    );
    fixture.set(&cache, "k", "v");
    assert_eq!(fixture.keys(&cache), "");
    assert_eq!(fixture.shard.stats(cache.id).refused_fills, 0);
}

#[test]
fn open_again_with_less_room_evicts_the_oldest() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 3, Eviction::Fifo);
    for key in ["a", "b", "c"] {
        fixture.fill(&cache, key, "v");
    }
    fixture.open("n", 1, Eviction::Fifo);
    assert_eq!(fixture.keys(&cache), "c");
}

/// `a` is the next to be evicted, unless it was used twice.
#[test]
fn read_and_touch_count_as_uses_under_s3_fifo_and_peek_does_not() {
    for (uses, keys) in [
        ("", "dbc"),
        ("rr", "dca"),
        ("rt", "dca"),
        ("rp", "dbc"),
        ("w", "dbc"),
        ("wr", "dca"),
    ] {
        let mut fixture = Fixture::new();
        let cache = fixture.open("n", 3, Eviction::S3Fifo);
        for key in ["a", "b", "c"] {
            fixture.fill(&cache, key, "v");
        }
        let hash = fixture.hash(&cache, "a");
        let clock = || Moment::from_nanos(1);
        for one in uses.chars() {
            match one {
                'r' => assert!(fixture.get(&cache, "a").is_some()),
                't' => assert!(fixture.shard.touch(cache.id, hash, "a", &clock)),
                'w' => fixture.set(&cache, "a", "w"),
                _ => {
                    let held = fixture.shard.peek(cache.id, hash, "a", &clock);
                    assert!(held.is_some());
                }
            }
        }
        assert_eq!(fixture.keys(&cache).len(), 3);
        fixture.fill(&cache, "d", "v");
        assert_eq!(fixture.keys(&cache), keys, "{uses}");
    }
}

#[test]
fn put_beyond_the_shards_budget_under_s3_fifo_counts_ghosts() {
    let mut fixture = Fixture::with_budget(8 * Tier::weight_of("99", b"v"));
    let cache = fixture.open("n", 1_000, Eviction::S3Fifo);
    for key in 0..100 {
        fixture.fill(&cache, &key.to_string(), "v");
        fixture.shard.validate();
    }
    let len = fixture.shard.stats(cache.id).local_len;
    assert!((4..7).contains(&len), "{len} entries besides their ghosts");
}
