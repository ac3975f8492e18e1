//! Reads that extend a TTL, with unannounced writes of other clients: if Redis executes those in
//! the same tick of its event loop before the read, it attributes them to the reader.

use std::sync::Arc;
use std::time::{Duration, Instant};

use flipcache::{Cache, Client, Shards, Source};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::component::world::FakeClock;
use crate::faulty_backend::{Fault, FaultyBackend};
use crate::stores::PATIENCE;

const TTL: Duration = Duration::from_secs(8);

/// A store that does not announce anything, and caches of one client over it.
struct World {
    clock: FakeClock,
    faulty: Arc<FaultyBackend>,
    client: Client,
}

impl World {
    fn new() -> Self {
        let clock = FakeClock::default();
        let faulty = FaultyBackend::over(clock.backend());
        let client = Client::builder(faulty.clone()).runtime(Handle::current());
        let client = client.shards(clock.shards(Shards::default()));
        Self {
            clock,
            faulty,
            client: client.build().expect("there must be memory for its shards"),
        }
    }

    fn open(&self, name: &str, extends: bool) -> Cache {
        let cache = self.client.cache(name).ttl(TTL).refresh_ttl_on_get(extends);
        cache.open().expect("the options are valid")
    }

    /// A cache that extends TTLs, and one that does not; in both tiers is a key with half of its
    /// TTL left.
    async fn half_over(&self) -> [Cache; 2] {
        let caches = [true, false].map(|extends| self.open("n", extends));
        caches[0].set("k", "old").await.expect("it must be written");
        self.clock.advance(TTL / 2);
        self.faulty.calls();
        caches
    }
}

fn read(cache: &Cache, key: &'static str) -> JoinHandle<Option<String>> {
    let cache = cache.clone();
    tokio::spawn(async move { cache.get(key).await.expect("it must be read") })
}

async fn value(reader: JoinHandle<Option<String>>) -> Option<String> {
    reader.await.expect("the task must end")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_settled_after_one_that_extends_the_ttl_does_not_bring_the_old_value_back() {
    let world = World::new();
    let [extending, plain] = world.half_over().await;
    world.faulty.set_fault(Fault::Waits);
    let extended = read(&extending, "k");
    world.faulty.wait_for_calls(1).await;
    // As if it were evicted: the next read goes to L2.
    plain.local().clear();
    world.faulty.set_fault(Fault::DelayedReplies);
    let overtaken = read(&plain, "k");
    world.faulty.wait_for_delayed(1).await;
    world.faulty.set_fault(Fault::Off);
    world.faulty.set_unannounced("n", "k", "new", TTL).await;

    world.faulty.release(1);
    assert_eq!(value(extended).await.as_deref(), Some("new"));
    world.faulty.release(1);
    assert_eq!(
        value(overtaken).await.as_deref(),
        Some("old"),
        "it was asked before"
    );
    let local = plain.local().get("k").expect("it is text");
    assert_ne!(local.as_deref(), Some("old"), "the local tier went back");
    assert_eq!(value(read(&plain, "k")).await.as_deref(), Some("new"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_settled_after_one_by_another_name_that_extends_the_ttl_is_not_kept() {
    let world = World::new();
    let [user, admin] = [("user", false), ("user:admin", true)];
    let [user, admin] = [user, admin].map(|(name, extends)| world.open(name, extends));
    admin.set("1", "old").await.expect("it must be written");
    admin.local().clear();
    world.clock.advance(TTL / 2);
    world.faulty.set_fault(Fault::DelayedReplies);
    let overtaken = read(&user, "admin:1");
    world.faulty.wait_for_delayed(1).await;
    world.faulty.set_fault(Fault::Off);
    world
        .faulty
        .set_unannounced("user", "admin:1", "new", TTL / 2)
        .await;
    assert_eq!(value(read(&admin, "1")).await.as_deref(), Some("new"));
    world.faulty.release(1);
    assert_eq!(value(overtaken).await.as_deref(), Some("old"));
    let local = user.local().get("admin:1").expect("it is text");
    assert_eq!(local, None, "its write was not announced");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn value_loaded_ahead_does_not_overwrite_what_a_read_that_extends_the_ttl_has_seen() {
    let world = World::new();
    let [extending, _] = world.half_over().await;
    let ahead = world
        .client
        .cache("n")
        .ttl(TTL)
        .refresh_ahead(TTL / 2)
        .open();
    let ahead = ahead.expect("the options are valid");
    let gate = Arc::new(Semaphore::new(0));
    let load = {
        let gate = Arc::clone(&gate);
        move || async move {
            let permit = gate.acquire().await.map_err(|error| error.to_string())?;
            permit.forget();
            Ok::<_, String>("loaded".to_owned())
        }
    };
    let metrics = Handle::current().metrics();
    let tasks = metrics.num_alive_tasks();
    let found = ahead.get_or_insert_with("k", load).await;
    assert_eq!(found.expect("it is local"), "old");
    world.faulty.set_unannounced("n", "k", "new", TTL).await;
    assert_eq!(value(read(&extending, "k")).await.as_deref(), Some("new"));
    gate.add_permits(1);
    let start = Instant::now();
    while metrics.num_alive_tasks() > tasks {
        assert!(start.elapsed() < PATIENCE, "the loader must end");
        tokio::task::yield_now().await;
    }
    assert_eq!(world.faulty.calls(), ["get"], "the loaded value is older");
    extending.local().clear();
    assert_eq!(value(read(&extending, "k")).await.as_deref(), Some("new"));
}

/// One request serves all callers: it is sent after they have called, so none of them queues for
/// another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_by_many_while_the_ttl_is_extended_is_one_request_and_the_entry_serves() {
    let world = World::new();
    let [extending, plain] = world.half_over().await;
    world.faulty.set_fault(Fault::Waits);
    let first = read(&extending, "k");
    world.faulty.wait_for_calls(1).await;
    let others: Vec<_> = (0..20).map(|_| read(&extending, "k")).collect();
    let found = plain.get_detailed("k").await.expect("it must be read");
    assert_eq!(
        (found.value.as_deref(), found.source),
        (Some("old"), Source::Local),
        "its TTL is not over"
    );
    world.faulty.release(30);
    assert_eq!(value(first).await.as_deref(), Some("old"));
    for other in others {
        assert_eq!(value(other).await.as_deref(), Some("old"));
    }
    assert_eq!(world.faulty.calls(), ["get"]);
    world.clock.advance(TTL / 2);
    assert_eq!(value(read(&plain, "k")).await.as_deref(), Some("old"));
    assert_eq!(world.faulty.calls(), [""; 0], "it lives as long again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_whose_ttl_cannot_be_extended_is_local_until_its_end() {
    let world = World::new();
    let [extending, _] = world.half_over().await;
    for fault in [Fault::Down, Fault::LostReplies] {
        world.faulty.set_fault(fault);
        let found = extending.get_detailed("k").await;
        let found = found.unwrap_or_else(|error| panic!("{fault:?}: {error:?}"));
        assert_eq!(
            (found.value.as_deref(), found.source),
            (Some("old"), Source::Local)
        );
    }
    world.faulty.set_fault(Fault::Down);
    world.clock.advance(TTL / 2);
    extending.get("k").await.expect_err("its TTL is over");
}
