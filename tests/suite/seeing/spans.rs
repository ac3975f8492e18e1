//! Spans of calls of the backend, and events of its feed.

use std::sync::Arc;
use std::time::Instant;

use flipcache::backend::{BackendOptions, BreakerOptions, Instrumented, KvBackend};
use flipcache::{Cache, Client};
use flipcache_tests::{RedisOptions, RedisServer};
use tokio::runtime::Handle;
use tracing::Instrument;

use super::noted::Noted;
use crate::coherence::wait_until_local;
use crate::faulty_backend::{Fault, FaultyBackend};
use crate::stores::{PATIENCE, bucket, connect_with, foreign, in_memory, keys};

const BACKEND: &str = "flipcache::backend";

/// Returns a client whose tasks run on this thread.
fn client(backend: Arc<dyn KvBackend>) -> Client {
    let client = Client::builder(backend).runtime(Handle::current());
    client.build().expect("there must be memory for its shards")
}

fn cache(client: &Client) -> Cache {
    client.cache("user").open().expect("the options are valid")
}

#[tokio::test]
async fn span_of_each_call_has_the_names_of_the_conventions() {
    let (noted, _guard) = Noted::begin();
    let user = cache(&client(Arc::new(Instrumented::new(in_memory().backend))));
    user.set_many([("a", "1"), ("b", "2")]).await.expect("set");
    user.get("a").await.expect("a hit");
    user.get_many(["a", "b", "c", "d"]).await.expect("get");
    user.contains("a").await.expect("contains");
    user.delete("a").await.expect("delete");
    user.len().await.expect("len");
    user.clear().await.expect("clear");
    let spans = noted.spans(BACKEND);
    let names: Vec<_> = spans.iter().map(|span| span.name).collect();
    assert_eq!(
        names,
        [
            "kv.subscribe",
            "kv.set",
            "kv.get",
            "kv.delete",
            "kv.count",
            "kv.clear"
        ],
        "no hit is a span"
    );
    for span in &spans {
        span.has("db.system.name", "memory");
        span.has("db.collection.name", "user");
        span.has("otel.kind", "client");
        assert_eq!(span.fields.get("error.type"), None, "{span:?}");
    }
    for span in &spans[1..3] {
        span.has("db.operation.batch.size", "2");
    }
    spans[2].has("db.operation.name", "get");
    assert_eq!(spans[3].fields.get("db.operation.batch.size"), None);
}

#[tokio::test]
async fn span_is_a_child_of_that_of_the_caller() {
    let (noted, _guard) = Noted::begin();
    let user = cache(&client(Arc::new(Instrumented::new(in_memory().backend))));
    let asked = async {
        user.get("a").await.expect("a miss");
        user.set("a", "1").await.expect("set");
        user.delete("a").await.expect("delete");
    };
    asked.instrument(tracing::info_span!("request")).await;
    let spans = noted.spans(BACKEND);
    assert_eq!(spans.len(), 4, "{spans:?}");
    for span in spans {
        assert_eq!(span.parent, Some("request"), "{span:?}");
    }
}

#[tokio::test]
async fn span_of_a_failed_call_has_the_kind_of_error() {
    let (noted, _guard) = Noted::begin();
    let faulty = FaultyBackend::over(in_memory().backend);
    let observed = Instrumented::new(faulty.clone());
    for (fault, kind) in [
        (Fault::Down, "unavailable"),
        (Fault::LostReplies, "timeout"),
    ] {
        faulty.set_fault(fault);
        let failed = observed.get(&bucket("n"), &keys(["k"]), None).await;
        failed.expect_err("it fails on purpose");
        let spans = noted.spans(BACKEND);
        let span = spans.last().expect("it is a span");
        span.has("error.type", kind);
        span.has("otel.status_code", "ERROR");
        span.has("db.system.name", "other");
    }
}

#[tokio::test]
async fn call_rejected_by_the_breaker_has_no_span() {
    let (noted, _guard) = Noted::begin();
    let mut server = RedisServer::start();
    let options = BackendOptions {
        breaker: Some(BreakerOptions {
            failures: 1,
            ..BreakerOptions::default()
        }),
        ..BackendOptions::default()
    };
    let backend = connect_with(&server.url(), &options);
    server.kill();
    for _ in 0..3 {
        let failed = backend.get(&bucket("n"), &keys(["k"]), None).await;
        failed.expect_err("the server is gone");
    }
    assert_eq!(noted.spans(BACKEND).len(), 1);
    let said = noted.said("flipcache::backend::breaker");
    assert_eq!(said, ["the circuit breaker opens"]);
}

#[tokio::test]
async fn spans_and_events_contain_no_key_value_or_password() {
    let (noted, _guard) = Noted::begin();
    let server = RedisServer::start_with(RedisOptions {
        password: Some("s3cret-password".to_owned()),
        ..RedisOptions::default()
    });
    let user = cache(&client(connect_with(
        &server.url(),
        &BackendOptions::default(),
    )));
    user.set("s3cret-key", "s3cret-value").await.expect("set");
    user.get("s3cret-key").await.expect("get");
    user.get("s3cret-absent").await.expect("get");
    let _: () = foreign(&server, &["HSET", "user:s3cret-hash", "s3cret-field", "1"]);
    user.get("s3cret-hash").await.expect_err("it is a hash");
    assert!(noted.spans(BACKEND).len() >= 4);
    let told = noted.everything();
    assert!(!told.contains("s3cret"), "{told}");
}

#[tokio::test]
async fn feed_that_is_lost_and_restored_emits_events() {
    let (noted, _guard) = Noted::begin();
    let server = RedisServer::start();
    let user = cache(&client(connect_with(
        &server.url(),
        &BackendOptions::default(),
    )));
    user.set("k", "v").await.expect("set");
    wait_until_local(&user, "k").await;
    assert_eq!(user.backend_state().epoch, 0);
    let kill = ["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"];
    let _: redis::Value = foreign(&server, &kill);
    let start = Instant::now();
    while user.backend_state().epoch == 0 {
        assert!(start.elapsed() < PATIENCE, "a cut must be an epoch");
        tokio::task::yield_now().await;
    }
    wait_until_local(&user, "k").await;
    let said = noted.said("flipcache::feed");
    let (restored, lost) = ("changes are published again", "changes may go unpublished");
    assert_eq!(said, [restored, lost, restored]);
}
