//! Shards: where keys are, what they hold together, and that they are no islands.

use std::time::Duration;

use flipcache::{Client, Eviction, Expiry, Options, Source, Value, ValueCache};
use pollster::block_on;

use super::{client, shards};
use crate::stores::in_memory;

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

async fn set(cache: &ValueCache, key: &str, value: &str) {
    let written = cache.set(key, &text(value), Expiry::Inherit).await;
    written.expect("it must be written");
}

#[test]
fn open_small_cache_is_held_by_one_shard_and_evicts_in_exact_order() {
    let client = client(in_memory().backend, shards(4));
    let options = Options {
        local_max: 255,
        eviction: Eviction::Lru,
        ..Options::default()
    };
    let cache = client.open("n", options).expect("it must open");
    block_on(async {
        for key in 0..256 {
            let key = key.to_string();
            set(&cache, &key, "v").await;
        }
    });
    let expected: Vec<_> = (1..256).map(|key: i32| key.to_string()).collect();
    assert_eq!(cache.local_keys(), expected);
}

#[test]
fn open_large_cache_is_spread_and_holds_about_its_bound() {
    let client = client(in_memory().backend, shards(4));
    let options = Options {
        local_max: 4_000,
        ..Options::default()
    };
    let cache = client.open("n", options).expect("it must open");
    let value = text("v");
    let keys: Vec<_> = (0..8_000).map(|key| key.to_string()).collect();
    let entries = keys.iter().map(|key| (key.as_str(), &value));
    block_on(cache.set_many(entries, Expiry::Inherit)).expect("they must be written");
    assert_eq!(cache.stats().local_len, 4_000, "each shard is full");
    let kept = cache.local_keys();
    let late = kept
        .iter()
        .filter(|key| key.parse::<u32>().is_ok_and(|key| key >= 3_500));
    assert_eq!(late.count(), 4_000, "each shard keeps its latest");
}

/// Returns a client with a cache and one whose names nest in it, which live in different shards.
fn nested() -> (Client, [ValueCache; 2]) {
    let client = client(in_memory().backend, shards(2));
    let open = |name| client.open(name, Options::default()).expect("it must open");
    let caches = ["user", "user:admin"].map(open);
    (client, caches)
}

#[test]
fn set_key_of_two_caches_in_other_shards_is_seen_by_both() {
    let (_client, [user, admin]) = nested();
    block_on(async {
        for (value, writer, reader, reader_key, writer_key) in [
            ("1", &user, &admin, "1", "admin:1"),
            ("2", &admin, &user, "admin:1", "1"),
            ("3", &user, &admin, "1", "admin:1"),
        ] {
            set(writer, writer_key, value).await;
            for source in [Source::Backend, Source::Local] {
                let found = reader.get(reader_key).await.expect("it must be read");
                assert_eq!((found.value, found.source), (Some(text(value)), source));
            }
        }
    });
}

#[test]
fn clear_of_a_name_empties_nested_names_in_other_shards() {
    let (_client, [user, admin]) = nested();
    block_on(async {
        set(&admin, "1", "v").await;
        assert_eq!(user.clear().await.expect("it must be cleared"), 1);
        let found = admin.get("1").await.expect("it must be read");
        assert_eq!((found.value, found.source), (None, Source::None));
    });
}

#[test]
fn reopen_with_other_bounds_moves_keys_and_serves_nothing_old() {
    let client = client(in_memory().backend, shards(2));
    let open = |local_max| {
        let options = Options {
            local_max,
            ..Options::default()
        };
        client.open("n", options).expect("it must open")
    };
    block_on(async {
        for round in 0..4 {
            let cache = open(if round % 2 == 0 { 10 } else { 10_000 });
            for key in 0..8 {
                let (key, value) = (key.to_string(), round.to_string());
                let old = cache.get(&key).await.expect("it must be read");
                let last = (round > 0).then(|| text(&(round - 1).to_string()));
                assert_eq!(
                    old.value, last,
                    "what was written last, whatever the bounds were"
                );
                set(&cache, &key, &value).await;
                let new = cache.get(&key).await.expect("it must be read");
                assert_eq!((new.value, new.source), (Some(text(&value)), Source::Local));
            }
            assert_eq!(cache.stats().local_len, 8);
        }
    });
}

/// Values of all sizes come and go, in much more than the memory: nothing runs out.
#[test]
fn set_more_than_the_memory_evicts_before_it_runs_out() {
    let client = client(in_memory().backend, shards(2).memory(16 << 20));
    let options = Options {
        local_max: u32::MAX,
        ttl: Some(Duration::from_secs(600)),
        ..Options::default()
    };
    let cache = client.open("n", options).expect("it must open");
    let sizes = [0, 10, 10, 10, 100, 1_000, 10_000, 300_000];
    let count = 6_000_u64;
    block_on(async {
        for number in 0..count {
            let key = format!("{:016x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let size = sizes[usize::try_from(number).expect("it is small") % sizes.len()];
            set(&cache, &key, &"v".repeat(size)).await;
        }
    });
    let stats = cache.stats();
    assert!(
        stats.removals.size > 0 && stats.local_bytes < 16 << 20,
        "{stats:?}"
    );
    assert_eq!(
        stats.removals.size + stats.local_len,
        count,
        "no shard may have begun anew: {stats:?}"
    );
}

#[test]
fn set_value_larger_than_a_shard_is_not_cached_and_removes_no_entry() {
    let client = client(in_memory().backend, shards(1).memory(1 << 20));
    let cache = client.open("n", Options::default()).expect("it must open");
    block_on(async {
        set(&cache, "small", "v").await;
        let large = "v".repeat(40 << 20);
        set(&cache, "large", &large).await;
        let found = cache.get("large").await.expect("it must be read");
        assert!(found.value == Some(Value::Text(large)) && found.source == Source::Backend);
        let found = cache.get("small").await.expect("it must be read");
        assert_eq!(found.source, Source::Local, "the shard lives on");
    });
}
