//! Many tasks on one cache: which requests they share, and which values they must not get.

use std::sync::Arc;

use flipcache::backend::BackendError;
use flipcache::{Cache, Client, Error, Source};
use futures_util::poll;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{client_over_faulty, refused};
use crate::faulty_backend::{Fault, FaultyBackend};
use crate::stores::{PATIENCE, in_memory};

fn read(cache: &Cache, key: &'static str) -> JoinHandle<Result<Option<String>, Error>> {
    let cache = cache.clone();
    tokio::spawn(async move { cache.get(key).await })
}

async fn value(reader: JoinHandle<Result<Option<String>, Error>>) -> Option<String> {
    reader
        .await
        .expect("the task must end")
        .expect("it must be read")
}

/// Returns a cache whose backend waits, with `k` written there and not in the local tier.
async fn waiting() -> (Arc<FaultyBackend>, Cache) {
    let (faulty, client) = client_over_faulty();
    let cache = client.cache("n").open().expect("it must open");
    cache.set("k", "old").await.expect("it must be written");
    cache.local().clear();
    faulty.calls();
    faulty.set_fault(Fault::Waits);
    (faulty, cache)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_of_one_missing_key_by_many_is_one_request() {
    let (faulty, cache) = waiting().await;
    let first = read(&cache, "k");
    faulty.wait_for_calls(1).await;
    let mut others: Vec<_> = (0..100).map(|_| read(&cache, "k")).collect();
    let many = tokio::spawn({
        let cache = cache.clone();
        async move { cache.get_many(["k", "k"]).await }
    });
    // None of them can have completed; let each send its request.
    for reader in &mut others {
        assert!(!reader.is_finished());
        tokio::task::yield_now().await;
    }
    faulty.release(100);
    for reader in others {
        assert_eq!(value(reader).await.as_deref(), Some("old"));
    }
    assert_eq!(value(first).await.as_deref(), Some("old"));
    many.await
        .expect("the task must end")
        .expect("they must be read");
    let gets = faulty.calls();
    assert!(gets.len() <= 2, "{} questions for one key", gets.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_local_entry_does_not_wait_for_a_miss_of_another_key() {
    let (faulty, cache) = waiting().await;
    faulty.set_fault(Fault::Off);
    cache.set("hot", "v").await.expect("it must be written");
    faulty.set_fault(Fault::Waits);
    faulty.calls();
    let miss = read(&cache, "k");
    faulty.wait_for_calls(1).await;
    let found = cache.get_detailed("hot").await.expect("it must be read");
    assert_eq!(
        (found.value.as_deref(), found.source),
        (Some("v"), Source::Local)
    );
    faulty.release(1);
    assert_eq!(value(miss).await.as_deref(), Some("old"));
}

/// If a key is written while a read of it is in flight, earlier callers get the old value, but
/// later callers do not, and it is not cached.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_after_a_write_does_not_join_a_request_from_before_it() {
    let (faulty, cache) = waiting().await;
    faulty.set_fault(Fault::DelayedReplies);
    let before = read(&cache, "k");
    faulty.wait_for_calls(1).await;
    // Only the first reply is delayed.
    faulty.set_fault(Fault::Off);
    cache.set("k", "new").await.expect("it must be written");
    cache.local().clear();
    let after = read(&cache, "k");
    tokio::task::yield_now().await;
    faulty.release(1);
    assert_eq!(
        value(before).await.as_deref(),
        Some("old"),
        "it began before the write"
    );
    assert_eq!(value(after).await.as_deref(), Some("new"));
    cache.local().clear();
    let found = cache.get_detailed("k").await.expect("it must be read");
    assert_eq!(
        (found.value.as_deref(), found.source),
        (Some("new"), Source::Backend)
    );
}

/// If cached, the old value would be served until the next write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_overtaken_by_a_write_is_not_cached() {
    let (faulty, cache) = waiting().await;
    faulty.set_fault(Fault::DelayedReplies);
    let before = read(&cache, "k");
    faulty.wait_for_calls(1).await;
    faulty.set_fault(Fault::Off);
    cache.delete("k").await.expect("it must be deleted");
    faulty.release(1);
    assert_eq!(
        value(before).await.as_deref(),
        Some("old"),
        "it began before the delete"
    );
    assert_eq!(
        cache.get("k").await.expect("it must be read"),
        None,
        "the local tier is stale"
    );
    assert_eq!(cache.stats().refused_fills, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_of_a_key_that_keeps_changing_has_one_request_in_flight_and_one_queued() {
    let (faulty, cache) = waiting().await;
    let mut readers = vec![read(&cache, "k")];
    faulty.wait_for_calls(1).await;
    for _ in 0..50 {
        // A write makes a new version when it begins; its own call waits too.
        faulty.set_fault(Fault::Down);
        refused(cache.set("k", "x").await);
        faulty.set_fault(Fault::Waits);
        readers.push(read(&cache, "k"));
        tokio::task::yield_now().await;
    }
    faulty.release(1_000);
    for reader in readers {
        assert_eq!(value(reader).await.as_deref(), Some("old"));
    }
    let gets = faulty.calls().iter().filter(|call| **call == "get").count();
    assert!(
        gets <= 4,
        "{gets} questions: those who come later must board together"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn set_whose_future_is_dropped_completes_and_leaves_nothing_stale() {
    let (faulty, cache) = waiting().await;
    let writer = tokio::spawn({
        let cache = cache.clone();
        async move { cache.set("k", "new").await }
    });
    faulty.wait_for_calls(1).await;
    writer.abort();
    assert!(writer.await.expect_err("it was aborted").is_cancelled());
    faulty.release(1);
    faulty.set_fault(Fault::Off);
    let start = std::time::Instant::now();
    while cache.get("k").await.expect("it must be read").as_deref() != Some("new") {
        assert!(
            start.elapsed() < PATIENCE,
            "what was begun must be finished"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_whose_future_is_dropped_still_serves_the_other_callers() {
    let (faulty, cache) = waiting().await;
    let first = read(&cache, "k");
    faulty.wait_for_calls(1).await;
    let second = read(&cache, "k");
    first.abort();
    faulty.release(2);
    assert_eq!(value(second).await.as_deref(), Some("old"));
}

/// As a branch of `select!` may be: a lone caller polls its request inline, and must not block
/// others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_whose_future_is_not_polled_still_serves_the_other_callers() {
    let (faulty, cache) = waiting().await;
    let mut first = Box::pin(cache.get("k"));
    assert!(poll!(&mut first).is_pending());
    faulty.wait_for_calls(1).await;
    faulty.release(1);
    let joined = timeout(PATIENCE, cache.get("k")).await;
    let joined = joined.expect("a task must fly on");
    assert_eq!(joined.expect("it must be read").as_deref(), Some("old"));
    // The first caller gets the value, too.
    assert_eq!(
        first.await.expect("it must be read").as_deref(),
        Some("old")
    );
    assert_eq!(faulty.calls(), ["get"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_whose_future_is_not_polled_does_not_block_queued_requests() {
    let (faulty, cache) = waiting().await;
    let mut first = Box::pin(cache.get("k"));
    assert!(poll!(&mut first).is_pending());
    faulty.set_fault(Fault::Down);
    refused(cache.set("k", "x").await);
    faulty.set_fault(Fault::Off);
    faulty.release(1);
    for key in ["k", "other"] {
        let read = timeout(PATIENCE, cache.get(key)).await;
        read.expect("a task must fly on").expect("it must be read");
    }
    drop(first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_alone_whose_future_is_dropped_still_fills_the_local_tier() {
    let (faulty, cache) = waiting().await;
    let mut alone = Box::pin(cache.get("k"));
    assert!(poll!(&mut alone).is_pending());
    faulty.wait_for_calls(1).await;
    drop(alone);
    faulty.release(1);
    let filled = timeout(PATIENCE, async {
        while cache.local().get("k").expect("it is text").is_none() {
            tokio::task::yield_now().await;
        }
    });
    filled.await.expect("a task must fly on");
}

#[test]
fn calls_from_a_thread_without_a_runtime_run_on_that_of_the_client() {
    let faulty = FaultyBackend::over(in_memory().backend);
    let client = Client::builder(faulty.clone()).build();
    let client = client.expect("there must be memory for its shards");
    let cache = client.cache("n").open().expect("it must open");
    let waiting = cache.blocking();
    faulty.set_fault(Fault::Sleeps);
    waiting.set("k", "v").expect("it must be written");
    assert_eq!(waiting.contains("absent").ok(), Some(false));
    cache.local().clear();
    let value = waiting.get("k").expect("it must be read");
    assert_eq!(value.as_deref(), Some("v"));
}

#[tokio::test]
async fn get_from_a_backend_that_fails_or_panics_is_an_error_for_all_and_the_next_call_works() {
    let (faulty, cache) = waiting().await;
    for fault in [Fault::Down, Fault::Panics, Fault::Short] {
        faulty.set_fault(fault);
        let readers = [read(&cache, "k"), read(&cache, "k")];
        for reader in readers {
            let error = refused(reader.await.expect("the task must end"));
            let expected = match fault {
                Fault::Down => matches!(error, Error::Backend(BackendError::Unavailable(_))),
                _ => matches!(error, Error::Backend(BackendError::Other(_))),
            };
            assert!(expected, "{fault:?}: {error:?}");
        }
    }
    faulty.set_fault(Fault::Panics);
    refused(cache.set("k", "new").await);
    faulty.set_fault(Fault::Off);
    assert_eq!(
        cache.get("k").await.expect("it must be read").as_deref(),
        Some("old")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn set_by_many_at_once_leaves_both_tiers_equal() {
    let (_double, client) = client_over_faulty();
    let cache = client.cache("n").open().expect("it must open");
    let writers = (0..8).map(|writer| {
        let cache = cache.clone();
        tokio::spawn(async move {
            for round in 0..200 {
                let value = format!("{writer}:{round}");
                cache.set("k", &value).await.expect("it must be written");
                cache.get("k").await.expect("it must be read");
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("the task must end");
    }
    let local = cache.get("k").await.expect("it must be read");
    cache.local().clear();
    assert_eq!(
        cache.get("k").await.expect("it must be read"),
        local,
        "the local tier is stale"
    );
}
