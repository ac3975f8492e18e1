//! How many entries a tier holds, and in which order they leave.

use super::*;

#[test]
fn put_fifo_overwrite_keeps_its_place_and_lru_moves() {
    for (eviction, after_overwrite, after_insert) in [
        (Eviction::Fifo, "abc", "bcd"),
        (Eviction::Lru, "bca", "cad"),
    ] {
        let mut bench = Bench::new();
        let cache = bench.open("n", 3, eviction);
        for key in ["a", "b", "c"] {
            bench.fill(&cache, key, "v");
        }
        bench.set(&cache, "a", "new");
        assert_eq!(bench.keys(&cache), after_overwrite, "{eviction:?}");
        bench.fill(&cache, "d", "v");
        assert_eq!(bench.keys(&cache), after_insert, "{eviction:?}");
    }
}

#[test]
fn read_moves_under_lru_alone_and_touch_under_both() {
    for (eviction, after_read) in [(Eviction::Fifo, "abc"), (Eviction::Lru, "bca")] {
        let mut bench = Bench::new();
        let cache = bench.open("n", 3, eviction);
        for key in ["a", "b", "c"] {
            bench.fill(&cache, key, "v");
        }
        bench.get(&cache, "a");
        assert_eq!(bench.keys(&cache), after_read, "{eviction:?}");
        let hash = bench.hash(&cache, "b");
        assert!(
            bench
                .shard
                .touch(cache.id, hash, "b", &|| Moment::from_nanos(1))
        );
        assert!(bench.keys(&cache).ends_with('b'), "{eviction:?}");
    }
}

#[test]
fn put_beyond_the_bytes_evicts_and_what_is_larger_passes_through() {
    let mut bench = Bench::new();
    let options = Options {
        local_max_bytes: Some(10),
        ..Options::default()
    };
    let cache = bench.open_with("n", &options);
    bench.fill(&cache, "a", "1234");
    bench.fill(&cache, "b", "1234");
    // 5 + 5 bytes: full.
    bench.fill(&cache, "c", "1");
    assert_eq!(bench.keys(&cache), "bc");
    let ticket = bench.ask(&cache, "d");
    assert_eq!(
        bench.settle(&cache, "d", ticket, "0123456789", None),
        Settled::PassedOn
    );
    assert_eq!(bench.keys(&cache), "bc");
    bench.set(&cache, "b", "0123456789");
    assert_eq!(
        (bench.keys(&cache).as_str(), bench.get(&cache, "b")),
        ("c", None)
    );
}

#[test]
fn put_beyond_the_shards_budget_evicts_from_the_heaviest_when_the_own_tier_is_empty() {
    let mut bench = Bench::with_budget(3 * Tier::weight_of("a", b"1"));
    let [full, empty] = ["full", "empty"].map(|name| bench.open(name, 9, Eviction::Fifo));
    for key in ["a", "b", "c"] {
        bench.fill(&full, key, "1");
    }
    bench.fill(&empty, "d", "1");
    assert_eq!(
        (bench.keys(&full).as_str(), bench.keys(&empty).as_str()),
        ("bc", "d")
    );
}

#[test]
fn settle_undecodable_keeps_nothing() {
    let mut bench = Bench::new();
    let options = Options {
        value_type: ValueType::Integer,
        ..Options::default()
    };
    let cache = bench.open_with("n", &options);
    let ticket = bench.ask(&cache, "k");
    assert_eq!(
        bench.settle(&cache, "k", ticket, "1.5", None),
        Settled::Undecodable
    );
    assert_eq!(bench.keys(&cache), "");
}

/// A value that somebody else wrote first may be anything.
#[test]
fn end_write_of_what_is_not_of_the_type_keeps_nothing() {
    let mut bench = Bench::new();
    let options = Options {
        value_type: ValueType::Integer,
        ..Options::default()
    };
    let cache = bench.open_with("n", &options);
    let ticket = bench.begin(&cache, "k");
    bench.end(&cache, "k", ticket, Some("1.5"));
    assert_eq!(bench.keys(&cache), "");
    let ticket = bench.begin(&cache, "k");
    bench.end(&cache, "k", ticket, Some("1"));
    assert_eq!(bench.keys(&cache), "k");
}

#[test]
fn open_with_no_local_tier_keeps_nothing_and_counts_no_refusal() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 0, Eviction::Lru);
    let ticket = bench.ask(&cache, "k");
    assert_eq!(
        bench.settle(&cache, "k", ticket, "v", None),
        Settled::PassedOn
    );
    bench.set(&cache, "k", "v");
    assert_eq!(bench.keys(&cache), "");
    assert_eq!(bench.shard.stats(cache.id).refused_fills, 0);
}

#[test]
fn open_again_with_less_room_evicts_the_oldest() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 3, Eviction::Fifo);
    for key in ["a", "b", "c"] {
        bench.fill(&cache, key, "v");
    }
    bench.open("n", 1, Eviction::Fifo);
    assert_eq!(bench.keys(&cache), "c");
}

/// `a` is the next to leave, unless it was used twice.
#[test]
fn read_and_touch_are_uses_under_s3_fifo_and_looks_are_none() {
    for (uses, keys) in [
        ("", "dbc"),
        ("rr", "dca"),
        ("rt", "dca"),
        ("rp", "dbc"),
        ("w", "dbc"),
        ("wr", "dca"),
    ] {
        let mut bench = Bench::new();
        let cache = bench.open("n", 3, Eviction::S3Fifo);
        for key in ["a", "b", "c"] {
            bench.fill(&cache, key, "v");
        }
        let hash = bench.hash(&cache, "a");
        let clock = || Moment::from_nanos(1);
        for one in uses.chars() {
            match one {
                'r' => assert!(bench.get(&cache, "a").is_some()),
                't' => assert!(bench.shard.touch(cache.id, hash, "a", &clock)),
                'w' => bench.set(&cache, "a", "w"),
                _ => {
                    let held = bench.shard.peek(cache.id, hash, "a", &clock);
                    assert!(held.is_some());
                }
            }
        }
        assert_eq!(bench.keys(&cache).len(), 3);
        bench.fill(&cache, "d", "v");
        assert_eq!(bench.keys(&cache), keys, "{uses}");
    }
}

#[test]
fn put_beyond_the_shards_budget_under_s3_fifo_counts_ghosts() {
    let mut bench = Bench::with_budget(8 * Tier::weight_of("99", b"v"));
    let cache = bench.open("n", 1_000, Eviction::S3Fifo);
    for key in 0..100 {
        bench.fill(&cache, &key.to_string(), "v");
        bench.shard.validate();
    }
    let len = bench.shard.stats(cache.id).local_len;
    assert!((4..7).contains(&len), "{len} entries beside their ghosts");
}
