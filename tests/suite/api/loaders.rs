//! `get_or_insert_with`: loaders run once per key, however many callers wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use flipcache::{Cache, Error};
use tokio::sync::Semaphore;

use super::{client_over_faulty, refused};
use crate::faulty_backend::Fault;

/// A loader that counts its runs, and waits for a permit.
#[derive(Clone)]
struct Loader {
    runs: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
}

impl Loader {
    fn new(permits: usize) -> Self {
        Self {
            runs: Arc::default(),
            gate: Arc::new(Semaphore::new(permits)),
        }
    }

    async fn load(self, outcome: Result<&'static str, &'static str>) -> Result<String, String> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        self.gate
            .acquire()
            .await
            .map_err(|error| error.to_string())?
            .forget();
        outcome.map(str::to_owned).map_err(str::to_owned)
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    async fn wait_until_it_runs(&self) {
        while self.runs() == 0 {
            tokio::task::yield_now().await;
        }
    }
}

fn open() -> (Arc<crate::faulty_backend::FaultyBackend>, Cache) {
    let (faulty, client) = client_over_faulty();
    (faulty, client.cache("n").open().expect("it must open"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_by_many_runs_once_and_is_written() {
    let (_double, cache) = open();
    let loader = Loader::new(0);
    let readers = (0..50).map(|_| {
        let (cache, loader) = (cache.clone(), loader.clone());
        tokio::spawn(async move {
            cache
                .get_or_insert_with("k", || loader.load(Ok("loaded")))
                .await
        })
    });
    let readers: Vec<_> = readers.collect();
    loader.wait_until_it_runs().await;
    loader.gate.add_permits(50);
    for reader in readers {
        let value = reader
            .await
            .expect("the task must end")
            .expect("it must be loaded");
        assert_eq!(value, "loaded");
    }
    assert_eq!(loader.runs(), 1);
    assert_eq!(
        cache.get("k").await.expect("it must be read").as_deref(),
        Some("loaded")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_does_not_overwrite_a_concurrent_write() {
    let (_double, cache) = open();
    let loader = Loader::new(0);
    let reader = tokio::spawn({
        let (cache, loader) = (cache.clone(), loader.clone());
        async move {
            cache
                .get_or_insert_with("k", || loader.load(Ok("loaded")))
                .await
        }
    });
    loader.wait_until_it_runs().await;
    cache.set("k", "written").await.expect("it must be written");
    loader.gate.add_permits(1);
    assert_eq!(
        reader
            .await
            .expect("the task must end")
            .expect("it must be read"),
        "written"
    );
    assert_eq!(
        cache.get("k").await.expect("it must be read").as_deref(),
        Some("written")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_that_fails_is_an_error_for_all_and_the_next_one_loads_again() {
    let (faulty, cache) = open();
    let loader = Loader::new(0);
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let (cache, loader) = (cache.clone(), loader.clone());
            tokio::spawn(async move {
                cache
                    .get_or_insert_with("k", || loader.load(Err("no")))
                    .await
            })
        })
        .collect();
    loader.wait_until_it_runs().await;
    loader.gate.add_permits(2);
    for reader in readers {
        let error = refused(reader.await.expect("the task must end"));
        assert!(
            matches!(&error, Error::Loader(why) if why.to_string() == "no"),
            "{error:?}"
        );
    }
    assert!(cache.is_empty().await.expect("they must be counted"));
    let loaded = cache
        .get_or_insert_with("k", || Loader::new(1).load(Ok("v")))
        .await;
    assert_eq!(loaded.expect("it must be loaded"), "v");
    faulty.set_fault(Fault::Down);
    let error = refused(
        cache
            .get_or_insert_with("other", || Loader::new(1).load(Ok("v")))
            .await,
    );
    assert!(matches!(error, Error::Backend(_)), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_that_cannot_be_stored_is_returned_to_all_and_the_next_one_loads_again() {
    // Where reads fail too, a second reader might come too late to wait for the first one's loader.
    for (fault, readers) in [(Fault::Full, 2), (Fault::Down, 1), (Fault::Short, 1)] {
        let (faulty, cache) = open();
        let loader = Loader::new(0);
        let readers: Vec<_> = (0..readers)
            .map(|_| {
                let (cache, loader) = (cache.clone(), loader.clone());
                tokio::spawn(async move {
                    cache
                        .get_or_insert_with("k", || loader.load(Ok("loaded")))
                        .await
                })
            })
            .collect();
        loader.wait_until_it_runs().await;
        faulty.set_fault(fault);
        loader.gate.add_permits(2);
        for reader in readers {
            let value = reader.await.expect("the task must end");
            let value = value.expect("the loaded value must not be lost");
            assert_eq!(value, "loaded", "{fault:?}");
        }
        let local = cache.local().get("k").expect("it must be readable");
        assert_eq!(local, None, "{fault:?}: L1 is never ahead of L2");
        assert!(cache.stats().backend_errors > 0, "{fault:?}");
        faulty.set_fault(Fault::Full);
        cache.delete("k").await.expect("it must be deleted");
        let loaded = cache
            .get_or_insert_with("k", || Loader::new(1).load(Ok("again")))
            .await;
        assert_eq!(loaded.expect("it must be loaded"), "again", "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_of_a_key_that_became_unreadable_meanwhile_is_returned() {
    let (_double, client) = client_over_faulty();
    let text = client.cache("n").open().expect("it must open");
    let numbers = client.cache("n:i").integers::<i64>().open();
    let numbers = numbers.expect("it must open");
    let load = || async move {
        text.set("i:k", "no number").await?;
        Ok::<_, Error>(7)
    };
    let loaded = numbers.get_or_insert_with("k", load).await;
    assert_eq!(loaded.expect("the loaded value must not be lost"), 7);
    let error = refused(numbers.get("k").await);
    assert!(matches!(error, Error::Undecodable { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_default_that_cannot_be_stored_is_returned() {
    let (faulty, client) = client_over_faulty();
    let builder = client.cache("n").default("default").store_default(true);
    let cache = builder.open().expect("it must open");
    faulty.set_fault(Fault::Full);
    for errors in [1, 2] {
        let value = cache.get("k").await.expect("the default must be returned");
        assert_eq!(value.as_deref(), Some("default"));
        assert_eq!(cache.stats().backend_errors, errors);
    }
    faulty.set_fault(Fault::Off);
    cache.get("k").await.expect("the default must be stored");
    let local = cache.local().get("k").expect("it must be readable");
    assert_eq!(local.as_deref(), Some("default"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_that_panics_is_an_error_and_the_next_one_loads_again() {
    let (_double, cache) = open();
    let panics = || async { panic!("on purpose") };
    let error = refused(cache.get_or_insert_with::<_, _, String>("k", panics).await);
    assert!(matches!(error, Error::TaskCancelled), "{error:?}");
    let loaded = cache
        .get_or_insert_with("k", || Loader::new(1).load(Ok("v")))
        .await;
    assert_eq!(loaded.expect("it must be loaded"), "v");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_whose_future_is_dropped_completes() {
    let (_double, cache) = open();
    let loader = Loader::new(0);
    let reader = tokio::spawn({
        let (cache, loader) = (cache.clone(), loader.clone());
        async move {
            cache
                .get_or_insert_with("k", || loader.load(Ok("loaded")))
                .await
        }
    });
    loader.wait_until_it_runs().await;
    reader.abort();
    loader.gate.add_permits(1);
    let loaded = cache
        .get_or_insert_with("k", || Loader::new(1).load(Ok("second")))
        .await;
    assert_eq!(loaded.expect("it must be loaded"), "loaded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_takes_precedence_over_the_default_of_the_cache() {
    let (_double, client) = client_over_faulty();
    let builder = client.cache("n").default("default").store_default(true);
    let cache = builder.open().expect("it must open");
    let loaded = cache
        .get_or_insert_with("k", || Loader::new(1).load(Ok("loaded")))
        .await;
    assert_eq!(loaded.expect("it must be loaded"), "loaded");
    assert_eq!(
        cache.get("k").await.expect("it must be read").as_deref(),
        Some("loaded")
    );
}
