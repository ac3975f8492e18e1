//! Stale-on-error: values marked stale while L2 is unavailable.

use std::time::{Duration, Instant};

use flipcache::backend::{BackendOptions, open};
use flipcache::component::{Cache as ComponentCache, Instance};
use flipcache::{Cache, Client, Error, Options, Resilience, Source};
use flipcache_tests::RedisServer;
use tokio::runtime::Handle;

use super::{SECOND, World, found, nothing, read};
use crate::component::world::{FakeClock, get_text, over as over_backend, set};
use crate::faulty_backend::{Fault, FaultyBackend};
use crate::stores::{PATIENCE, connect, foreign};

const MINUTE: Duration = Duration::from_secs(60);

fn bearing(stale_on_error: Duration) -> Resilience {
    Resilience {
        stale_on_error,
        ..Resilience::default()
    }
}

async fn write(cache: &Cache, key: &str, value: &str) {
    let written = cache.set(key, value).await;
    written.unwrap_or_else(|error| panic!("{key} must be written: {error:?}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_expired_while_l2_fails_is_stale_within_the_window_and_marked() {
    let world = World::new();
    let cache = world.open(bearing(MINUTE));
    write(&cache, "k", "v").await;
    world.faulty.set_fault(Fault::Down);
    world.clock.advance(MINUTE);
    for _ in 0..2 {
        assert_eq!(read(&cache, "k").await, found("v", Source::Stale));
    }
    assert_eq!(cache.get("k").await.expect("it answers"), Some("v".into()));
    let many = cache.get_many(["k", "k"]).await.expect("both answer");
    assert_eq!(many, [Some("v".to_owned()), Some("v".to_owned())]);
    assert_eq!(cache.stats().stale_hits, 5);
    cache.get_many(["k", "l"]).await.expect_err("one has none");

    world.clock.advance(SECOND);
    let error = cache.get("k").await.expect_err("the window is over");
    assert!(matches!(error, Error::Backend(_)), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_expired_while_l2_replies_returns_the_reply() {
    let world = World::new();
    let cache = world.open(bearing(MINUTE));
    write(&cache, "k", "v").await;
    world.clock.advance(SECOND);
    assert_eq!(read(&cache, "k").await, nothing());
    world.faulty.set_fault(Fault::Down);
    cache.get("k").await.expect_err("it is known to be gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_after_an_error_that_is_not_an_outage_returns_that_error() {
    let world = World::new();
    let cache = world.open(bearing(MINUTE));
    write(&cache, "k", "v").await;
    world.clock.advance(SECOND);
    world.faulty.set_fault(Fault::Short);
    cache.get("k").await.expect_err("the store is at fault");
    world.faulty.set_fault(Fault::LostReplies);
    assert_eq!(read(&cache, "k").await, found("v", Source::Stale));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_after_a_failed_write_never_returns_the_previous_value() {
    let world = World::new();
    let cache = world.open(bearing(MINUTE));
    write(&cache, "k", "v").await;
    world.faulty.set_fault(Fault::Down);
    cache.set("k", "w").await.expect_err("the store is down");
    cache
        .get("k")
        .await
        .expect_err("nobody knows what it holds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_of_a_handle_without_a_window_fails_where_another_serves_stale() {
    let world = World::new();
    let (bearing, other) = (
        world.open(bearing(MINUTE)),
        world.open(Resilience::default()),
    );
    write(&bearing, "k", "v").await;
    world.faulty.set_fault(Fault::Down);
    world.clock.advance(SECOND);
    other
        .get("k")
        .await
        .expect_err("it did not ask for stale answers");
    assert_eq!(read(&bearing, "k").await, found("v", Source::Stale));
}

/// Returns a cache over a server, with short deadlines.
fn over(server: &RedisServer, resilience: Resilience) -> Cache {
    let options = BackendOptions {
        deadline: Duration::from_millis(200),
        staleness_bound: Duration::from_millis(400),
        ..BackendOptions::default()
    };
    let url = server.url().parse().expect("the URL must be valid");
    let backend = open(&url, &options, Handle::current()).expect("the backend must open");
    let client = Client::builder(backend).runtime(Handle::current()).build();
    let client = client.expect("there must be memory for its shards");
    let cache = client.cache("user").resilience(resilience);
    cache.open().expect("the options are valid")
}

async fn wait_until_stale(cache: &Cache, value: &str) {
    let start = Instant::now();
    while read(cache, "k").await != found(value, Source::Stale) {
        assert!(
            start.elapsed() < PATIENCE,
            "a server that is gone must leave stale answers"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_while_redis_is_down_is_stale_and_never_again_once_it_is_back() {
    let mut server = RedisServer::start();
    let cache = over(&server, bearing(MINUTE));
    write(&cache, "k", "v").await;
    server.kill();
    wait_until_stale(&cache, "v").await;

    server.restart_on_same_port();
    let _: () = foreign(&server, &["SET", "user:other", "v"]);
    let start = Instant::now();
    while read(&cache, "k").await != nothing() {
        assert!(start.elapsed() < PATIENCE, "the server holds nothing now");
    }
    server.kill();
    let start = Instant::now();
    while cache.get("k").await.is_ok() {
        assert!(
            start.elapsed() < PATIENCE,
            "what was there before the server came back must not answer"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_while_redis_does_not_reply_is_stale_until_the_window_has_passed() {
    let server = RedisServer::start();
    let cache = over(&server, bearing(SECOND));
    write(&cache, "k", "v").await;
    server.pause();
    wait_until_stale(&cache, "v").await;
    let start = Instant::now();
    while cache.get("k").await.is_ok() {
        assert!(
            start.elapsed() < PATIENCE,
            "nothing was heard for longer than the window"
        );
    }
    server.resume();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_while_redis_is_down_does_not_serve_invalidated_entries() {
    let mut server = RedisServer::start();
    let cache = over(&server, bearing(MINUTE));
    write(&cache, "k", "v").await;
    write(&cache, "l", "v").await;
    let _: () = foreign(&server, &["SET", "user:k", "w"]);
    let start = Instant::now();
    while cache.local().get("k").is_ok_and(|held| held.is_some()) {
        assert!(
            start.elapsed() < PATIENCE,
            "the server must tell of a write"
        );
        tokio::task::yield_now().await;
    }
    server.kill();
    let start = Instant::now();
    while read(&cache, "l").await != found("v", Source::Stale) {
        assert!(start.elapsed() < PATIENCE, "it is unchanged");
    }
    cache.get("k").await.expect_err("it was changed");
}

fn component(instance: &Instance, resilience: Resilience) -> ComponentCache {
    let options = Options {
        ttl: Some(SECOND),
        ..Options::default()
    };
    let cache = instance.open_with("n", options, resilience);
    cache.expect("it must open")
}

fn stale(value: &str) -> (Option<String>, Source) {
    (Some(value.to_owned()), Source::Stale)
}

#[test]
fn get_of_a_suspended_instance_is_stale_until_it_is_resumed() {
    let clock = FakeClock::default();
    let faulty = FaultyBackend::over(clock.backend());
    let instance = clock.instance(faulty.clone());
    let cache = component(&instance, bearing(MINUTE));
    set(&cache, "k", "v");
    instance.suspend().expect("it must be taken");
    faulty.set_fault(Fault::Down);
    clock.advance(MINUTE - Duration::from_nanos(1));
    instance.suspend().expect("it must be taken");
    assert_eq!(get_text(&cache, "k"), stale("v"));
    clock.advance(Duration::from_nanos(1));
    cache
        .get("k")
        .map(|_| ())
        .expect_err("unheard for too long");
    instance.resume().expect("it must be taken");
    cache.get("k").map(|_| ()).expect_err("it is dead");
}

#[test]
fn get_of_an_instance_whose_pulls_fail_is_stale_until_they_succeed() {
    let mut server = RedisServer::start();
    let runtime = flipcache::io::runtime().expect("a runtime must start");
    let _entered = runtime.enter();
    let instance = over_backend(connect(&server.url()));
    let resilience = Resilience {
        max_staleness: Some(Duration::ZERO),
        ..bearing(MINUTE)
    };
    let opened = instance.open_with("user", Options::default(), resilience);
    let cache = opened.expect("it must open");
    set(&cache, "k", "v");
    assert_eq!(get_text(&cache, "k"), (Some("v".into()), Source::Local));
    server.kill();
    let start = Instant::now();
    while get_text(&cache, "k") != stale("v") {
        assert!(start.elapsed() < PATIENCE, "it must be marked");
    }
    server.restart_on_same_port();
    let start = Instant::now();
    while get_text(&cache, "k") != (None, Source::None) {
        assert!(start.elapsed() < PATIENCE, "the server holds nothing now");
    }
    server.kill();
    let start = Instant::now();
    while cache.get("k").is_ok() {
        assert!(start.elapsed() < PATIENCE, "what is dead must not answer");
    }
}
