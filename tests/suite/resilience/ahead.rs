//! Refresh-ahead: values that are reloaded before they expire.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use flipcache::backend::{KvBackend, Lease, Slot};
use flipcache::{Cache, Client, Shards, Source};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::{SECOND, World, found, nothing, read};
use crate::component::world::FakeClock;
use crate::stores::{PATIENCE, bucket, get};

/// A loader whose values are numbered, and which goes on when it is let.
#[derive(Clone)]
struct Loader {
    runs: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
}

impl Loader {
    fn new() -> Self {
        Self {
            runs: Arc::default(),
            gate: Arc::new(Semaphore::new(1)),
        }
    }

    async fn get(&self, cache: &Cache) -> String {
        let this = self.clone();
        let load = move || async move {
            let run = this.runs.fetch_add(1, Ordering::SeqCst);
            let permit = this.gate.acquire().await.map_err(|it| it.to_string())?;
            permit.forget();
            match run {
                2 => Err("on purpose".to_owned()),
                run => Ok(run.to_string()),
            }
        };
        let value = cache.get_or_insert_with("k", load).await;
        value.unwrap_or_else(|error| panic!("there must be a value: {error:?}"))
    }

    fn release(&self) {
        self.gate.add_permits(1);
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    async fn wait_for_runs(&self, count: usize) {
        wait_until("the loader must run", || self.runs() == count).await;
    }
}

async fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        tokio::task::yield_now().await;
    }
}

/// A cache whose entries live for a second, and are loaded anew in the last quarter of it; and the
/// loader of the first one.
async fn loaded() -> (World, Cache, Loader) {
    let world = World::new();
    let cache = world.cache().ttl(SECOND).refresh_ahead(SECOND / 4).open();
    let (cache, loader) = (cache.expect("the options are valid"), Loader::new());
    assert_eq!(loader.get(&cache).await, "0");
    world.faulty.calls();
    (world, cache, loader)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_shortly_before_expiry_is_a_hit_and_loads_once() {
    let (world, cache, loader) = loaded().await;
    world
        .clock
        .advance(SECOND * 3 / 4 - Duration::from_millis(1));
    assert_eq!(loader.get(&cache).await, "0");
    assert_eq!(loader.runs(), 1, "it is early");
    world.clock.advance(Duration::from_millis(1));
    for _ in 0..5 {
        assert_eq!(loader.get(&cache).await, "0");
    }
    loader.wait_for_runs(2).await;
    assert_eq!(world.faulty.calls(), [""; 0]);
    loader.release();
    let renewed = || cache.local().get("k").ok().flatten().as_deref() == Some("1");
    wait_until("the new value must be kept", renewed).await;
    assert_eq!(world.faulty.calls(), ["set_if_present"]);
    world.clock.advance(SECOND / 4);
    assert_eq!(read(&cache, "k").await, found("1", Source::Local));
    assert_eq!(loader.runs(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_by_a_read_without_a_loader_loads_nothing() {
    let (world, cache, loader) = loaded().await;
    world.clock.advance(SECOND * 3 / 4);
    assert_eq!(read(&cache, "k").await, found("0", Source::Local));
    assert_eq!(loader.runs(), 1);
    assert_eq!(world.faulty.calls(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refresh_ahead_does_not_overwrite_a_concurrent_write() {
    let (world, cache, loader) = loaded().await;
    world.clock.advance(SECOND * 3 / 4);
    assert_eq!(loader.get(&cache).await, "0");
    loader.wait_for_runs(2).await;
    cache.set("k", "written").await.expect("it must be written");
    loader.release();
    wait_until("the loader must end", || {
        Arc::strong_count(&loader.gate) == 1
    })
    .await;
    assert_eq!(world.faulty.calls(), ["set"]);
    assert_eq!(read(&cache, "k").await, found("written", Source::Local));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refresh_ahead_does_not_restore_a_value_deleted_from_l2() {
    let (world, cache, loader) = loaded().await;
    world.clock.advance(SECOND * 3 / 4);
    assert_eq!(loader.get(&cache).await, "0");
    loader.wait_for_runs(2).await;
    world.faulty.delete_unannounced("n", "k").await;
    loader.release();
    wait_until("the entry must go", || {
        cache.local().get("k").is_ok_and(|it| it.is_none())
    })
    .await;
    assert_eq!(read(&cache, "k").await, nothing());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refresh_ahead_does_not_write_while_the_store_does_not_reply() {
    let (clock, runtime) = (FakeClock::default(), Handle::current());
    let backend = clock.backend();
    let client = Client::builder(backend.clone()).runtime(runtime.clone());
    let client = client.shards(clock.shards(Shards::default())).build();
    let client = client.expect("there must be memory for its shards");
    let cache = client
        .cache("n")
        .ttl(SECOND)
        .refresh_ahead(SECOND / 4)
        .open();
    let (cache, loader) = (cache.expect("the options are valid"), Loader::new());
    assert_eq!(loader.get(&cache).await, "0");
    let tasks = runtime.metrics().num_alive_tasks();
    clock.advance(SECOND * 3 / 4);
    assert_eq!(loader.get(&cache).await, "0");
    loader.wait_for_runs(2).await;

    let feed = backend.feed().expect("a store in memory tells of changes");
    feed.restore(Some(Lease::after(Duration::ZERO)));
    loader.release();
    let has_ended = || runtime.metrics().num_alive_tasks() <= tasks;
    wait_until("the task must end", has_ended).await;
    let held = get(&*backend, &bucket("n"), "k").await;
    assert!(
        matches!(&held, Slot::Entry(entry) if entry.value == b"0"),
        "nobody knows what others have written meanwhile: {held:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loader_that_fails_is_not_run_again_before_the_entry_expires() {
    let (world, cache, loader) = loaded().await;
    world.clock.advance(SECOND * 3 / 4);
    loader.release();
    assert_eq!(loader.get(&cache).await, "0");
    let renewed = || cache.local().get("k").ok().flatten().as_deref() == Some("1");
    wait_until("the new value must be kept", renewed).await;

    world.clock.advance(SECOND * 3 / 4);
    loader.release();
    assert_eq!(loader.get(&cache).await, "1");
    loader.wait_for_runs(3).await;
    wait_until("the loader must end", || {
        Arc::strong_count(&loader.gate) == 1
    })
    .await;
    assert_eq!(loader.get(&cache).await, "1");
    assert_eq!(loader.runs(), 3);
    world.clock.advance(SECOND / 4);
    loader.release();
    assert_eq!(loader.get(&cache).await, "3");
}
