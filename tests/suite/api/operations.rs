//! What a cache does, on every backend.

use std::time::Duration;

use flipcache::{Client, Error, Eviction, Expiry, Source};
use futures_util::TryStreamExt;

use super::{client, refused};
use crate::stores::{Store, in_memory, in_redis, in_sqlite};

const HOUR: Duration = Duration::from_secs(3_600);

/// Runs a function over a client of every backend.
macro_rules! on_every_backend {
    ($($case:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                for new_store in [in_memory, in_sqlite, in_redis] {
                    let store: Store = new_store();
                    cases::$case(client(store.backend.clone())).await;
                }
            }
        )+
    };
}

on_every_backend!(
    clear_empties_both_tiers,
    default_is_answered_fresh_and_stored_if_told,
    get_many_answers_in_order,
    get_second_time_is_local,
    increment_adds_in_l2,
    keys_lists_every_key_once_or_more,
    refresh_and_ttl_tell_of_the_life,
    set_if_absent_tells_who_came_first,
);

mod cases {
    use super::*;

    pub(super) async fn get_second_time_is_local(client: Client) {
        let cache = client.cache("n").open().expect("it must open");
        cache.set("k", "v").await.expect("it must be written");
        cache.local().clear();
        let found = cache.get_detailed("k").await.expect("it must be read");
        assert_eq!(
            (found.value.as_deref(), found.source),
            (Some("v"), Source::Backend)
        );
        let found = cache.get_detailed("k").await.expect("it must be read");
        assert_eq!(
            (found.value.as_deref(), found.source),
            (Some("v"), Source::Local)
        );
        assert_eq!(cache.get("absent").await.expect("it must be read"), None);
        assert!(cache.contains("k").await.expect("it must answer"));
        assert!(cache.delete("k").await.expect("it must be deleted"));
        assert!(!cache.delete("k").await.expect("it must answer"));
        assert!(!cache.contains("k").await.expect("it must answer"));
        assert_eq!(cache.local().keys(), [""; 0]);
    }

    pub(super) async fn get_many_answers_in_order(client: Client) {
        let cache = client
            .cache("n")
            .integers::<i32>()
            .integer_keys()
            .open()
            .expect("it must open");
        cache
            .set_many([(1, &10), (2, &20), (-3, &-30)])
            .await
            .expect("they must be written");
        cache.local().clear();
        cache.get(2).await.expect("it must be read");
        let values = cache
            .get_many([-3, 7, 2, 1, 1])
            .await
            .expect("they must be read");
        assert_eq!(values, [Some(-30), None, Some(20), Some(10), Some(10)]);
        assert_eq!(
            cache
                .delete_many([1, 2, 7])
                .await
                .expect("they must be deleted"),
            2
        );
    }

    pub(super) async fn set_if_absent_tells_who_came_first(client: Client) {
        let cache = client.cache("n").open().expect("it must open");
        assert!(
            cache
                .set_if_absent("lock", "mine")
                .await
                .expect("it must answer")
        );
        assert!(
            !cache
                .set_if_absent("lock", "mine")
                .await
                .expect("it must answer")
        );
        assert_eq!(
            cache.get("lock").await.expect("it must be read").as_deref(),
            Some("mine")
        );
    }

    pub(super) async fn increment_adds_in_l2(client: Client) {
        let cache = client
            .cache("n")
            .integers::<i64>()
            .open()
            .expect("it must open");
        assert_eq!(cache.increment("k", 5).await.expect("it must add"), 5);
        assert_eq!(cache.get("k").await.expect("it must be read"), Some(5));
        assert_eq!(cache.increment("k", -7).await.expect("it must add"), -2);
        cache.set("k", &i64::MAX).await.expect("it must be written");
        let error = refused(cache.increment("k", 1).await);
        assert!(matches!(error, Error::InvalidValue(_)), "{error:?}");
    }

    pub(super) async fn refresh_and_ttl_tell_of_the_life(client: Client) {
        let cache = client.cache("n").ttl(HOUR).open().expect("it must open");
        cache
            .set_with_ttl("k", "v", 2 * HOUR)
            .await
            .expect("it must be written");
        cache
            .set_with("ever", "v", Expiry::Never)
            .await
            .expect("it must be written");
        for _ in ["by the local tier", "by L2"] {
            let Some(Expiry::After(left)) = cache.ttl("k").await.expect("the TTL must be returned")
            else {
                panic!("it must expire");
            };
            assert!(left > HOUR && left <= 2 * HOUR, "{left:?}");
            assert_eq!(
                cache.ttl("ever").await.expect("the TTL must be returned"),
                Some(Expiry::Never)
            );
            cache.local().clear();
        }
        for key in ["k", "ever"] {
            assert!(cache.refresh(key).await.expect("it must answer"));
            let Some(Expiry::After(left)) = cache.ttl(key).await.expect("the TTL must be returned")
            else {
                panic!("{key} must expire");
            };
            assert!(left <= HOUR, "{left:?}");
        }
        assert!(!cache.refresh("absent").await.expect("it must answer"));
        assert_eq!(
            cache.ttl("absent").await.expect("the TTL must be returned"),
            None
        );
        let error = refused(cache.set_with_ttl("k", "v", Duration::ZERO).await);
        assert!(
            matches!(error, Error::InvalidTtl { millis: 0 }),
            "{error:?}"
        );
    }

    pub(super) async fn keys_lists_every_key_once_or_more(client: Client) {
        let cache = client
            .cache("n")
            .integer_keys()
            .open()
            .expect("it must open");
        let keys: Vec<i64> = (-10..2_500).collect();
        cache
            .set_many(keys.iter().map(|key| (*key, "v")))
            .await
            .expect("they must be written");
        let nested = client.cache("n:nested").open().expect("it must open");
        nested.set("k", "v").await.expect("it must be written");
        let mut listed: Vec<i64> = cache
            .keys()
            .try_collect()
            .await
            .expect("they must be listed");
        listed.sort_unstable();
        listed.dedup();
        assert_eq!(listed, keys);
        assert_eq!(
            cache.len().await.expect("they must be counted"),
            keys.len() as u64 + 1
        );
    }

    pub(super) async fn clear_empties_both_tiers(client: Client) {
        let cache = client
            .cache("n")
            .eviction(Eviction::Lru)
            .local_max(2)
            .open()
            .expect("it must open");
        for key in ["a", "b", "c"] {
            cache.set(key, "v").await.expect("it must be written");
        }
        cache.get("b").await.expect("it must be read");
        assert_eq!(cache.local().keys(), ["c", "b"]);
        assert_eq!(
            cache.local().get("b").expect("it is text").as_deref(),
            Some("v")
        );
        assert_eq!(cache.clear().await.expect("it must be cleared"), 3);
        assert!(cache.is_empty().await.expect("they must be counted"));
        assert!(cache.local().is_empty());
    }

    /// Q9, Q10.
    pub(super) async fn default_is_answered_fresh_and_stored_if_told(client: Client) {
        let builder = || client.cache("n").json::<Vec<i32>>().default([1]);
        let cache = builder().open().expect("it must open");
        let mut first = cache
            .get("a")
            .await
            .expect("it must be read")
            .expect("the default");
        first.push(2);
        assert_eq!(
            cache.get("b").await.expect("it must be read"),
            Some(vec![1])
        );
        assert!(
            cache.is_empty().await.expect("they must be counted"),
            "a read must not write"
        );
        let storing = builder().store_default(true).open().expect("it must open");
        let found = storing.get_detailed("a").await.expect("it must be read");
        assert_eq!(
            (found.value, found.source),
            (Some(vec![1]), Source::Default)
        );
        assert_eq!(
            storing
                .get_detailed("a")
                .await
                .expect("it must be read")
                .source,
            Source::Local
        );
        storing
            .set("c", &vec![3])
            .await
            .expect("it must be written");
        storing.local().clear();
        let values = storing
            .get_many(["b", "c"])
            .await
            .expect("they must be read");
        assert_eq!(values, [Some(vec![1]), Some(vec![3])]);
    }
}

#[tokio::test]
async fn blocking_call_on_a_thread_of_a_runtime_returns() {
    let client = Client::connect("memory:").expect("it must open");
    let cache = client
        .cache("n")
        .integers::<u8>()
        .open()
        .expect("it must open")
        .blocking();
    cache.set("k", &1).expect("it must be written");
    assert_eq!(cache.get("k").expect("it must be read"), Some(1));
    assert_eq!(cache.increment("k", 1).expect("it must add"), 2);
    let loaded = cache.get_or_insert_with("other", || Ok::<_, Error>(7));
    assert_eq!(loaded.expect("it must be loaded"), 7);
    let mut keys = cache
        .keys()
        .collect::<Result<Vec<_>, _>>()
        .expect("they must be listed");
    keys.sort();
    assert_eq!(keys, ["k", "other"]);
    assert_eq!(
        cache.get_many(["other", "k"]).expect("they must be read"),
        [Some(7), Some(2)]
    );
}

#[tokio::test]
async fn set_many_entries_are_all_in_the_local_tier() {
    let client = Client::connect("memory:").expect("it must open");
    let cache = client
        .cache("n")
        .integer_keys()
        // No two shards get exactly as many.
        .local_max(20_000)
        .open()
        .expect("it must open");
    let keys = 0..10_000_i64;
    cache
        .set_many(keys.map(|key| (key, "v")))
        .await
        .expect("they must be written");
    assert_eq!(cache.local().len(), 10_000);
    assert_eq!(cache.stats().backend_hits, 0);
}
