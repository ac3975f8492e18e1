//! Negative caching.

use std::time::Duration;

use flipcache::{Resilience, Source};
use flipcache_tests::RedisServer;

use super::{SECOND, World, found, nothing, read};
use crate::faulty_backend::Fault;
use crate::stores::{connect, foreign};

fn remembering(absent_ttl: Duration) -> Resilience {
    Resilience {
        absent_ttl,
        ..Resilience::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_absent_twice_reads_l2_once_until_the_absent_ttl_has_passed() {
    let world = World::new();
    let cache = world.open(remembering(SECOND));
    for _ in 0..3 {
        assert_eq!(read(&cache, "k").await, nothing());
    }
    let many = cache.get_many(["k", "k"]).await.expect("it is known");
    assert_eq!(many, [None, None]);
    assert_eq!(world.faulty.calls(), ["get"]);
    let stats = cache.stats();
    assert_eq!((stats.misses, stats.absent_hits), (5, 4));

    world.clock.advance(SECOND);
    assert_eq!(read(&cache, "k").await, nothing());
    assert_eq!(world.faulty.calls(), ["get"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_cached_absence_while_l2_fails_is_served() {
    let world = World::new();
    let cache = world.open(remembering(SECOND));
    assert_eq!(read(&cache, "k").await, nothing());
    world.faulty.set_fault(Fault::Down);
    assert_eq!(read(&cache, "k").await, nothing());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn own_write_replaces_a_cached_absence_at_once() {
    let world = World::new();
    let cache = world.open(remembering(SECOND));
    assert_eq!(read(&cache, "k").await, nothing());
    cache.set("k", "v").await.expect("it must be written");
    assert_eq!(read(&cache, "k").await, found("v", Source::Local));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn default_is_returned_for_a_cached_absence_and_stored_if_enabled() {
    let world = World::new();
    let cache = world.cache().resilience(remembering(SECOND)).default("d");
    let cache = cache.open().expect("the options are valid");
    for _ in 0..2 {
        assert_eq!(read(&cache, "k").await, found("d", Source::Default));
    }
    assert_eq!(world.faulty.calls(), ["get"]);
    let storing = world.cache().resilience(remembering(SECOND));
    let storing = storing.default("d").store_default(true).open();
    let storing = storing.expect("the options are valid");
    assert_eq!(read(&storing, "k").await, found("d", Source::Default));
    assert_eq!(read(&storing, "k").await, found("d", Source::Local));
    assert_eq!(world.faulty.calls(), ["set_if_absent"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn external_write_removes_a_cached_absence_once_invalidated() {
    let server = RedisServer::start();
    let client = flipcache::Client::builder(connect(&server.url()))
        .build()
        .expect("there must be memory for its shards");
    let cache = client
        .cache("user")
        .resilience(remembering(Duration::from_secs(3600)));
    let cache = cache.open().expect("the options are valid");
    for round in 0..20 {
        let key = round.to_string();
        crate::coherence::wait_until(&cache, &key, None).await;
        // Once more, before anybody writes: this one is answered by what is remembered.
        assert_eq!(read(&cache, &key).await, nothing());
        let _: () = foreign(&server, &["SET", &format!("user:{key}"), "v"]);
        crate::coherence::wait_until(&cache, &key, Some("v")).await;
    }
    assert!(cache.stats().absent_hits > 0, "absences must be remembered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loader_for_a_cached_absence_runs_without_another_read() {
    let world = World::new();
    let cache = world.open(remembering(SECOND));
    assert_eq!(read(&cache, "k").await, nothing());
    let load = || async { Ok::<_, String>("loaded".to_owned()) };
    let loaded = cache.get_or_insert_with("k", load).await;
    assert_eq!(loaded.expect("it must be loaded"), "loaded");
    assert_eq!(world.faulty.calls(), ["get", "set_if_absent"]);
    assert_eq!(read(&cache, "k").await, found("loaded", Source::Local));
}
