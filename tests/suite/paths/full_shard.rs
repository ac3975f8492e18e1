//! A shard that is filled to its budget bears every call, and loses nothing by it.

use std::collections::HashSet;
use std::time::Duration;

use flipcache::{Client, Expiry, MAX_KEY_BYTES, Options, Stats, Value, ValueCache};
use pollster::block_on;

use super::{client, shards};
use crate::stores::in_memory;

/// The budget of the shard: less than the keys of a call in these tests.
const MEMORY: u64 = 8 << 20;

/// Returns a cache whose only shard holds as many small entries as it can.
fn full() -> (Client, ValueCache, Stats) {
    let client = client(in_memory().backend, shards(1).memory(MEMORY));
    let options = Options {
        local_max: u32::MAX,
        ..Options::default()
    };
    let cache = client.open("n", options).expect("it must open");
    let value = Value::Text("v".to_owned());
    let keys: Vec<_> = (0..120_000).map(|key| format!("{key:x}")).collect();
    for keys in keys.chunks(10_000) {
        let entries = keys.iter().map(|key| (key.as_str(), &value));
        block_on(cache.set_many(entries, Expiry::Inherit)).expect("they must be written");
    }
    let stats = cache.stats();
    assert!(stats.removals.size > 0, "it must be full: {stats:?}");
    (client, cache, stats)
}

/// A shard that begins again counts from nothing.
fn assert_same(cache: &ValueCache, before: Stats) {
    let now = cache.stats();
    assert_eq!(now.local_len, before.local_len, "a shard has begun anew");
    assert_eq!(
        now.removals.size, before.removals.size,
        "a shard has begun anew"
    );
}

#[test]
fn local_keys_of_a_full_shard_are_all_keys() {
    let (_client, cache, before) = full();
    let keys = cache.local_keys();
    assert_eq!(keys.len() as u64, before.local_len);
    let last = format!("{:x}", 119_999);
    assert_eq!(keys.last(), Some(&last), "in the order in which they leave");
    assert_eq!(
        keys.into_iter().collect::<HashSet<_>>().len() as u64,
        before.local_len
    );
    assert_same(&cache, before);
}

#[test]
fn local_get_of_a_key_that_is_too_long_is_a_miss_without_a_shard_call() {
    let (_client, cache, before) = full();
    assert!(cache.local_get(&"k".repeat(24 << 20)).is_none());
    assert_same(&cache, before);
}

#[test]
fn calls_with_many_long_keys_do_not_change_a_full_shard() {
    let (_client, cache, before) = full();
    let keys: Vec<_> = (0..500)
        .map(|key| format!("{key:03}{}", "k".repeat(MAX_KEY_BYTES - 3)))
        .collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    block_on(async {
        let deleted = cache.delete(&keys).await;
        assert_eq!(deleted.expect("they must be deleted"), 0);
        assert_same(&cache, before);
        let found = cache.get_many(&keys).await.expect("they must be read");
        assert!(found.iter().all(Option::is_none));
        assert_same(&cache, before);
        let empty = Value::Text(String::new());
        let entries = keys.iter().map(|key| (*key, &empty));
        let written = cache.set_many(entries, Expiry::Inherit).await;
        written.expect("they must be written");
    });
    let now = cache.stats();
    assert!(
        now.removals.size > before.removals.size,
        "others have made room: {now:?}"
    );
    let found = block_on(cache.get_many(&keys)).expect("they must be read");
    assert!(found.iter().all(Option::is_some));
}

#[test]
fn reads_of_long_keys_that_extend_their_ttl_do_not_change_a_full_shard() {
    let (client, full, before) = full();
    let hour = Duration::from_secs(3_600);
    let options = Options {
        ttl: Some(hour),
        refresh_ttl_on_get: true,
        ..Options::default()
    };
    let cache = client.open("extending", options).expect("it must open");
    let keys: Vec<_> = (0..300)
        .map(|key| format!("{key:03}{}", "k".repeat(MAX_KEY_BYTES - 3)))
        .collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let value = Value::Text("v".to_owned());
    block_on(async {
        let entries = keys.iter().map(|key| (*key, &value));
        let written = cache.set_many(entries, Expiry::After(hour / 2)).await;
        written.expect("they must be written");
        let found = cache.get_many(&keys).await.expect("they must be read");
        assert!(found.iter().all(Option::is_some));
        let ttl = cache.ttl(keys[0]).await.expect("it must be read");
        assert!(
            matches!(ttl, Some(Expiry::After(ttl)) if ttl > hour / 2),
            "the read must have extended it: {ttl:?}"
        );
    });
    let now = full.stats();
    assert!(
        now.removals.size >= before.removals.size,
        "a shard has begun anew"
    );
}
