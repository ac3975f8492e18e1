//! Other clients of the server.

use std::time::{Duration, Instant};

use flipcache::backend::Coherence;
use flipcache_tests::RedisServer;

use super::{
    Cache, cache, client, client_with, coherence, keep, local, read, wait_until, wait_until_local,
};
use crate::stores::{PATIENCE, foreign};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_after_a_command_of_another_client_returns_its_result() {
    let server = RedisServer::start();
    let user = cache(&client(&server), "user");
    let left: [(&[&str], Option<&str>); 9] = [
        (&["SET", "user:k", "new"], Some("new")),
        (&["APPEND", "user:k", "!"], Some("old!")),
        (&["DEL", "user:k"], None),
        (&["UNLINK", "user:k"], None),
        (&["PEXPIRE", "user:k", "1"], None),
        (&["RENAME", "user:k", "elsewhere"], None),
        (
            &["EVAL", "return redis.call('SET', 'user:k', 'lua')", "0"],
            Some("lua"),
        ),
        (&["FLUSHDB"], None),
        (&["FLUSHALL"], None),
    ];
    for (command, value) in left {
        keep(&user, "k", "old").await;
        let _: redis::Value = foreign(&server, command);
        wait_until(&user, "k", value).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_other_keys_than_the_changed_one_stay_local() {
    let server = RedisServer::start();
    let user = cache(&client(&server), "user");
    keep(&user, "k", "v").await;
    keep(&user, "other", "v").await;
    let _: () = foreign(&server, &["SET", "user:k", "new"]);
    let _: () = foreign(&server, &["SET", "users:other", "new"]);
    wait_until(&user, "k", Some("new")).await;
    assert_eq!(read(&user, "other").await, local("v"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_after_a_write_of_another_instance_returns_it() {
    let server = RedisServer::start();
    let (one, other) = (client(&server), client(&server));
    let (one, other) = (cache(&one, "user"), cache(&other, "user"));
    for round in 0..50 {
        let value = round.to_string();
        one.set("k", &value).await.expect("the server must take it");
        wait_until(&other, "k", Some(&value)).await;
        other.delete("k").await.expect("the server must take it");
        wait_until(&one, "k", None).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn own_writes_do_not_empty_the_local_tier() {
    let server = RedisServer::start();
    let user = cache(&client(&server), "user");
    keep(&user, "k", "1").await;
    keep(&user, "k", "2").await;
    let _: () = foreign(&server, &["SET", "user:other", "v"]);
    wait_until(&user, "other", Some("v")).await;
    assert_eq!(
        read(&user, "k").await,
        local("2"),
        "all invalidations must have arrived"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_nested_names_in_any_order_all_receive_invalidations() {
    for names in [["user", "user:admin"], ["user:admin", "user"]] {
        let server = RedisServer::start();
        let client = client(&server);
        let caches = names.map(|name| cache(&client, name));
        for cache in &caches {
            let key = if cache.name() == "user" {
                "admin:1"
            } else {
                "1"
            };
            // The other cache holds the same key, and receives its invalidation.
            keep(cache, key, "v").await;
        }
        let _: () = foreign(&server, &["SET", "user:admin:1", "new"]);
        for cache in &caches {
            let key = if cache.name() == "user" {
                "admin:1"
            } else {
                "1"
            };
            wait_until(cache, key, Some("new")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_more_names_than_tracking_prefixes_all_receive_invalidations() {
    // Their common prefix is tracked then, or all keys if there is none.
    for common in ["app-", ""] {
        let server = RedisServer::start();
        let client = client(&server);
        let caches: Vec<_> = (0..80)
            .map(|number| cache(&client, &format!("{common}{number}")))
            .collect();
        for cache in &caches {
            cache.set("k", "v").await.expect("the server must take it");
        }
        for cache in &caches {
            let key = format!("{}:k", cache.name());
            let _: () = foreign(&server, &["SET", &key, "new"]);
            wait_until(cache, "k", Some("new")).await;
        }
        wait_until_local(&caches[0], "k").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_without_coherence_is_a_local_hit_until_its_ttl_has_passed() {
    let server = RedisServer::start();
    let user = cache(&client_with(&server, &coherence(Coherence::Off)), "user");
    keep(&user, "k", "old").await;
    let _: () = foreign(&server, &["SET", "user:k", "new"]);
    // There is no event to wait for; an invalidation would have arrived by then.
    let reader = cache(&client(&server), "user");
    wait_until(&reader, "k", Some("new")).await;
    assert_eq!(read(&user, "k").await, local("old"));
}

/// Returns how many reads asked the server.
fn asked(cache: &Cache) -> u64 {
    let stats = cache.stats();
    stats.backend_hits + stats.misses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_of_a_key_whose_ttl_two_processes_extend_is_a_local_hit_and_never_absent() {
    let server = RedisServer::start();
    // Long enough that no reader is held up for as much, and short enough to wait for.
    let life = Duration::from_secs(4);
    let caches = [(), ()].map(|()| {
        let cache = client(&server).cache("user").ttl(life);
        let cache = cache.refresh_ttl_on_get(true).open();
        cache.expect("the options are valid")
    });
    caches[0].set("hot", "v").await.expect("set");
    let readers = caches.clone().map(|cache| {
        tokio::spawn(async move {
            let start = Instant::now();
            // Each extends it once an eighth of it is over.
            while asked(&cache) < 6 {
                assert!(start.elapsed() < PATIENCE, "its life must be prolonged");
                let value = cache.get("hot").await.expect("get");
                assert_eq!(value.as_deref(), Some("v"), "it is read all the time");
                tokio::task::yield_now().await;
            }
        })
    });
    for reader in readers {
        reader.await.expect("no reader may fail");
    }
    for cache in &caches {
        let stats = cache.stats();
        assert!(
            stats.local_hits > 19 * asked(cache),
            "more than 95 in 100 reads must be local: {stats:?}"
        );
    }
}
