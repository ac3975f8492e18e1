//! Writes of other clients at any node are seen.

use std::process::Command;
use std::time::{Duration, Instant};

use flipcache::backend::{BackendOptions, InvalidationStatus};
use flipcache::{Cache, Source};
use flipcache_tests::RedisCluster;
use flipcache_tests::cluster::MASTERS;

use super::{cache, client, without_replicas};
use crate::coherence::refused::make_busy;
use crate::coherence::{keep, read, wait_until, wait_until_local};
use crate::stores::foreign;

/// So many keys that each master has some.
const KEYS: usize = 30;

/// By a client that follows redirections.
fn set_by_redis_cli(cluster: &RedisCluster, key: &str, value: &str) {
    let port = cluster.nodes()[0].port().to_string();
    let mut program = Command::new("redis-cli");
    let program = program.args(["-c", "-p", &port, "SET", key, value]);
    let outcome = program.output().expect("redis-cli must be there");
    assert!(outcome.status.success(), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_after_an_external_write_at_any_master_returns_it() {
    let cluster = without_replicas();
    let user = cache(&cluster, "user");
    let keys: Vec<String> = (0..KEYS).map(|number| number.to_string()).collect();
    let owners: Vec<usize> = keys
        .iter()
        .map(|key| cluster.owner(&format!("user:{key}")))
        .collect();
    for node in 0..MASTERS {
        assert!(owners.contains(&node), "use more keys");
    }
    for key in &keys {
        keep(&user, key, "old").await;
    }
    for (key, owner) in keys.iter().zip(&owners) {
        let full = format!("user:{key}");
        let _: () = foreign(&cluster.nodes()[*owner], &["SET", &full, "new"]);
        wait_until(&user, key, Some("new")).await;
    }

    for key in &keys {
        wait_until_local(&user, key).await;
    }
    set_by_redis_cli(&cluster, "user:7", "cli");
    wait_until(&user, "7", Some("cli")).await;

    // All that one node has, and nothing else.
    let _: () = foreign(&cluster.nodes()[1], &["FLUSHALL"]);
    for (key, owner) in keys.iter().zip(&owners) {
        let left = match (owner, key.as_str()) {
            (1, _) => None,
            (_, "7") => Some("cli"),
            _ => Some("new"),
        };
        wait_until(&user, key, left).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_of_caches_opened_one_after_the_other_is_tracked_at_every_master() {
    let cluster = without_replicas();
    let options = BackendOptions::default();
    let [one, other] = [(), ()].map(|()| client(&cluster.url_by(2), &options));
    for name in ["user", "user:admin", "u", "session"] {
        let caches = [&one, &other].map(|client| client.cache(name).open().expect("it opens"));
        for number in 0..10 {
            let key = number.to_string();
            keep(&caches[0], &key, "0").await;
            caches[1].set(&key, "1").await.expect("it is taken");
            wait_until(&caches[0], &key, Some("1")).await;
            caches[0].delete(&key).await.expect("it is taken");
            wait_until(&caches[1], &key, None).await;
        }
    }
    let user = one.cache("user").open().expect("it opens");
    keep(&user, "own", "1").await;
    keep(&user, "own", "2").await;
    keep(&user, "other", "3").await;
    assert_eq!(read(&user, "own").await.source, Source::Local);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tracking_refused_by_one_busy_master_is_live_after_its_script() {
    let cluster = without_replicas();
    let busy = &cluster.nodes()[1];
    let _: () = foreign(busy, &["CONFIG", "SET", "busy-reply-threshold", "100"]);
    let script = make_busy(busy);
    let user = cache(&cluster, "user");
    let keys: Vec<String> = (0..KEYS).map(|number| number.to_string()).collect();
    let owner = |key: &String| cluster.owner(&format!("user:{key}"));
    let elsewhere = keys.iter().find(|key| owner(key) == 0);
    let elsewhere = elsewhere.expect("use more keys");
    user.set(elsewhere, "v")
        .await
        .expect("that one is not busy");
    assert_eq!(
        user.invalidation_status(),
        InvalidationStatus::Lost,
        "one of the masters is busy"
    );

    let _: () = foreign(busy, &["SCRIPT", "KILL"]);
    script.join().expect("the script must end");

    let there = keys.iter().find(|key| owner(key) == 1);
    let there = there.expect("use more keys");
    let _: () = foreign(busy, &["SET", &format!("user:{there}"), "old"]);
    wait_until_local(&user, there).await;
    assert_eq!(user.invalidation_status(), InvalidationStatus::Live);
    let _: () = foreign(busy, &["SET", &format!("user:{there}"), "new"]);
    wait_until(&user, there, Some("new")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_first_of_a_client_from_a_master_that_is_stopped_takes_about_a_deadline() {
    let deadline = Duration::from_secs(6);
    let cluster = without_replicas();
    let owner = cluster.owner("user:k");
    cluster.nodes()[owner].pause();
    let options = BackendOptions {
        deadline,
        ..BackendOptions::default()
    };
    let user = client(&cluster.url(), &options).cache("user").open();
    let user: Cache = user.expect("the options are valid");
    let start = Instant::now();
    let found = user.get("k").await;
    let took = start.elapsed();
    cluster.nodes()[owner].resume();
    assert!(found.is_err(), "its master does not answer: {found:?}");
    assert!(
        took < deadline * 7 / 4,
        "do not wait for the node twice: {took:?}"
    );
}
