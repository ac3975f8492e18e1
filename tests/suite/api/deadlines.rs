//! One deadline for a caller, whatever it waits for: the request of another caller, then its own.

use std::time::Duration;

use flipcache::backend::BackendError;
use flipcache::{Client, Error, Shards};
use futures_util::poll;
use tokio::time::timeout;

use super::{client, refused};
use crate::component::world::FakeClock;
use crate::faulty_backend::{Fault, FaultyBackend};
use crate::stores::{PATIENCE, in_memory};

const DEADLINE: Duration = Duration::from_millis(200);

fn is_timeout<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Backend(BackendError::Timeout)))
}

/// The faulty keeps to no deadline: the caller alone can end this.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_queued_behind_a_request_that_hangs_ends_by_its_own_deadline() {
    let faulty = FaultyBackend::with_deadline(in_memory().backend, DEADLINE);
    let cache = client(faulty.clone()).cache("n").open();
    let cache = cache.expect("it must open");
    cache.set("k", "v").await.expect("it must be written");
    cache.local().clear();
    faulty.calls();
    faulty.set_fault(Fault::Waits);
    let mut first = Box::pin(cache.get("k"));
    assert!(poll!(&mut first).is_pending());
    faulty.wait_for_calls(1).await;
    faulty.set_fault(Fault::Down);
    refused(cache.set("k", "x").await);
    faulty.set_fault(Fault::Waits);

    let queued = timeout(PATIENCE, cache.get("k")).await;
    let queued = queued.expect("it must end by its own deadline");
    assert!(is_timeout(&queued), "{queued:?}");
    let many = timeout(PATIENCE, cache.get_many(["k", "k"])).await;
    let many = many.expect("it must end by its own deadline");
    assert!(is_timeout(&many), "{many:?}");
    assert_eq!(
        faulty.calls(),
        ["get", "set"],
        "the next request waits for the first one"
    );
    faulty.release(9);
    assert_eq!(first.await.expect("it must be read").as_deref(), Some("v"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_whose_ttl_cannot_be_extended_in_time_returns_what_it_has() {
    let (clock, ttl) = (FakeClock::default(), Duration::from_secs(8));
    let faulty = FaultyBackend::with_deadline(clock.backend(), DEADLINE);
    let client = Client::builder(faulty.clone()).shards(clock.shards(Shards::default()));
    let client = client.build().expect("there must be memory for its shards");
    let cache = client.cache("n").ttl(ttl).refresh_ttl_on_get(true).open();
    let cache = cache.expect("it must open");
    cache.set("k", "v").await.expect("it must be written");
    cache.local().clear();
    clock.advance(ttl / 2);
    faulty.calls();
    faulty.set_fault(Fault::Waits);
    faulty.release(1);
    let read = timeout(PATIENCE, cache.get("k")).await;
    let read = read.expect("it must end by its own deadline");
    assert_eq!(read.expect("it was read").as_deref(), Some("v"));
    assert_eq!(
        faulty.calls(),
        ["get", "get"],
        "and once more, with the TTL"
    );
    faulty.release(1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_whose_default_cannot_be_stored_in_time_returns_it_by_its_own_deadline() {
    let faulty = FaultyBackend::with_deadline(in_memory().backend, DEADLINE);
    let cache = client(faulty.clone()).cache("n");
    let cache = cache.default("d").store_default(true).open();
    let cache = cache.expect("it must open");
    faulty.set_fault(Fault::Waits);
    faulty.release(1);
    let read = timeout(PATIENCE, cache.get("k")).await;
    let read = read.expect("it must end by its own deadline");
    let read = read.expect("what is not stored is returned all the same");
    assert_eq!(read.as_deref(), Some("d"));
    faulty.release(1);
}

/// The first call of a cache subscribes to changes, and then asks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn first_call_whose_subscription_hangs_ends_by_its_own_deadline() {
    let faulty = FaultyBackend::with_deadline(in_memory().backend, DEADLINE);
    let client = client(faulty.clone());
    faulty.set_fault(Fault::SubscribesLate);
    let open = |name| {
        let cache = client.cache(name).open();
        cache.expect("it must open")
    };

    let read = timeout(PATIENCE, open("a").get("k")).await;
    let read = read.expect("it must end by its own deadline");
    assert!(is_timeout(&read), "{read:?}");
    let many = timeout(PATIENCE, open("b").get_many(["k"])).await;
    let many = many.expect("it must end by its own deadline");
    assert!(is_timeout(&many), "{many:?}");
    let written = timeout(PATIENCE, open("c").set("k", "v")).await;
    let written = written.expect("it must end by its own deadline");
    assert!(is_timeout(&written), "{written:?}");
    let written = timeout(PATIENCE, open("d").set_if_absent("k", "v")).await;
    let written = written.expect("it must end by its own deadline");
    assert!(is_timeout(&written), "{written:?}");
    assert_eq!(faulty.calls(), [""; 0], "nothing may be asked before");

    faulty.set_fault(Fault::Off);
    let cache = open("a");
    cache.set("k", "v").await.expect("the next call must work");
}
