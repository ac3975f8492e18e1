//! Caches without pushed invalidations, in an instance of the component: they pull changes by its
//! imports.

use std::time::Duration;

use flipcache::backend::KvBackend;
use flipcache::component::{Cache, Instance};
use flipcache::{Client, Options, Resilience, Source};
use flipcache_tests::RedisServer;

use crate::component::world::{FakeClock, get_text, over, set, text};
use crate::stores::{Store, connect, foreign, in_memory};

fn open(instance: &Instance, name: &str, max_staleness: Duration) -> Cache {
    let resilience = Resilience {
        max_staleness: Some(max_staleness),
        ..Resilience::default()
    };
    let cache = instance.open_with(name, Options::default(), resilience);
    cache.expect("it must open")
}

fn local(value: &str) -> (Option<String>, Source) {
    (Some(value.to_owned()), Source::Local)
}

fn from_backend(value: &str) -> (Option<String>, Source) {
    (Some(value.to_owned()), Source::Backend)
}

#[test]
fn get_that_pulls_every_time_returns_what_a_sibling_wrote() {
    let store = in_memory();
    let [ours, theirs] = [(), ()].map(|()| over(store.backend.clone()));
    let (mine, other) = (
        open(&ours, "user", Duration::ZERO),
        open(&theirs, "user", Duration::ZERO),
    );
    set(&mine, "k", "old");
    set(&mine, "l", "v");
    assert_eq!(get_text(&mine, "k"), local("old"), "its own is kept");
    set(&other, "k", "new");
    assert_eq!(get_text(&mine, "k"), from_backend("new"));
    assert_eq!(get_text(&mine, "k"), local("new"));
    assert_eq!(get_text(&mine, "l"), local("v"), "it is unchanged");
    other.clear().expect("it must be cleared");
    assert_eq!(get_text(&mine, "k"), (None, Source::None));
}

#[test]
fn get_that_pulls_sometimes_is_within_max_staleness() {
    let clock = FakeClock::default();
    let backend = clock.backend();
    let [ours, theirs] = [(), ()].map(|()| clock.instance(backend.clone()));
    let bound = Duration::from_secs(1);
    let (mine, other) = (open(&ours, "user", bound), open(&theirs, "user", bound));
    set(&mine, "k", "old");
    set(&other, "k", "new");
    clock.advance(bound - Duration::from_nanos(1));
    assert_eq!(
        get_text(&mine, "k"),
        local("old"),
        "it may be as stale as this"
    );
    clock.advance(Duration::from_nanos(1));
    assert_eq!(get_text(&mine, "k"), from_backend("new"));
}

#[test]
fn write_of_a_client_in_the_same_process_is_seen_and_the_other_way_round() {
    let store = in_memory();
    let composed = open(&over(store.backend.clone()), "user", Duration::ZERO);
    let client = Client::builder(store.backend.clone()).build();
    let linked = client
        .expect("there must be memory for its shards")
        .cache("user");
    let linked = linked.open().expect("the options are valid").blocking();

    set(&composed, "k", "composed");
    assert_eq!(linked.get("k").expect("get").as_deref(), Some("composed"));
    linked.set("k", "linked").expect("set");
    assert_eq!(get_text(&composed, "k"), from_backend("linked"));
    set(&composed, "k", "composed again");
    let found = linked.get("k").expect("get");
    assert_eq!(
        found.as_deref(),
        Some("composed again"),
        "published before the call returns"
    );
    composed.delete(&["k".to_owned()]).expect("delete");
    assert_eq!(linked.get("k").expect("get"), None);
}

#[test]
fn external_write_to_redis_is_seen() {
    let server = RedisServer::start();
    let runtime = flipcache::io::runtime().expect("a runtime must start");
    let _entered = runtime.enter();
    let cache = open(&over(connect(&server.url())), "user", Duration::ZERO);
    for round in 0..20 {
        set(&cache, "k", "own");
        assert_eq!(get_text(&cache, "k"), local("own"));
        let value = round.to_string();
        let _: () = foreign(&server, &["SET", "user:k", &value]);
        let start = std::time::Instant::now();
        while get_text(&cache, "k").0.as_deref() != Some(&*value) {
            assert!(
                start.elapsed() < crate::stores::PATIENCE,
                "what others write must be seen"
            );
        }
    }
    let _: redis::Value = foreign(
        &server,
        &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"],
    );
    let _: () = foreign(&server, &["SET", "user:k", "after the cut"]);
    let start = std::time::Instant::now();
    loop {
        match cache.get("k") {
            Ok(found) if found.value == Some(text("after the cut")) => break,
            found => assert!(
                start.elapsed() < crate::stores::PATIENCE,
                "after a connection loss it must read again; the last result was {found:?}"
            ),
        }
    }
}

#[test]
fn store_without_a_feed_is_read_every_time() {
    let store = in_memory();
    let silent = crate::faulty_backend::FaultyBackend::over(store.backend);
    let cache = open(&over(silent), "user", Duration::ZERO);
    set(&cache, "k", "v");
    assert_eq!(get_text(&cache, "k"), from_backend("v"));
    assert_eq!(get_text(&cache, "k"), from_backend("v"));
}

#[test]
fn client_over_a_store_without_a_feed_rejects_a_bound() {
    let Store { backend, .. } = in_memory();
    let silent: std::sync::Arc<dyn KvBackend> = crate::faulty_backend::FaultyBackend::over(backend);
    let client = Client::builder(silent).build().expect("a client");
    let resilience = Resilience {
        max_staleness: Some(Duration::ZERO),
        ..Resilience::default()
    };
    let opened = client.open_with("user", Options::default(), resilience);
    let error = opened
        .map(|_| ())
        .expect_err("it could not keep that promise");
    assert!(
        matches!(error, flipcache::Error::InvalidOptions(_)),
        "{error:?}"
    );
}
