//! What sentinels name is another, or no master at all.

use std::time::Duration;

use flipcache::backend::{BackendError, BackendOptions};
use flipcache_tests::RedisServer;

use super::client;
use super::fake::FakeSentinel;
use crate::coherence;
use crate::stores::{bucket, connect, everything_of, failure, foreign, set};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_replica_named_as_the_master_is_refused_until_it_is_promoted() {
    let server = RedisServer::start();
    let _: () = foreign(&server, &["REPLICAOF", "127.0.0.1", "1"]);
    let sentinel = FakeSentinel::naming(server.port());
    let backend = connect(&sentinel.url());
    let error = failure(&*backend).await;
    assert!(matches!(error, BackendError::Unavailable(_)), "{error:?}");
    let text = everything_of(&error);
    assert!(text.contains("but its ROLE is not master"), "{text}");

    let _: () = foreign(&server, &["REPLICAOF", "NO", "ONE"]);
    set(&*backend, &bucket("user"), "k", "v", None)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_after_another_master_is_named_is_not_a_local_hit() {
    let (one, other) = (RedisServer::start(), RedisServer::start());
    let sentinel = FakeSentinel::naming(one.port());
    let options = BackendOptions {
        staleness_bound: Duration::from_millis(200),
        ..BackendOptions::default()
    };
    let user = client(&sentinel.url(), &options).cache("user").open();
    let user = user.expect("the options are valid");
    coherence::keep(&user, "k", "one").await;
    let _: () = foreign(&other, &["SET", "user:k", "other"]);
    sentinel.name(other.port());
    coherence::wait_until(&user, "k", Some("other")).await;
    coherence::wait_until_local(&user, "k").await;
    sentinel.name(one.port());
    coherence::wait_until(&user, "k", Some("one")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_after_all_sentinels_are_gone_still_succeeds_and_is_cached() {
    let server = RedisServer::start();
    let sentinel = FakeSentinel::naming(server.port());
    let options = BackendOptions {
        staleness_bound: Duration::from_millis(200),
        ..BackendOptions::default()
    };
    let user = client(&sentinel.url(), &options).cache("user").open();
    let user = user.expect("the options are valid");
    coherence::keep(&user, "k", "v").await;
    drop(sentinel);
    for round in 0..20 {
        let value = round.to_string();
        let _: () = foreign(&server, &["SET", "user:k", &value]);
        coherence::wait_until(&user, "k", Some(&value)).await;
        tokio::time::sleep(options.staleness_bound / 10).await;
    }
    coherence::wait_until_local(&user, "k").await;
}
