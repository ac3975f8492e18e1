//! Failover of a master, coordinated or forced.

use std::time::{Duration, Instant};

use flipcache::backend::{BackendOptions, Coherence};
use flipcache_tests::RedisCluster;
use flipcache_tests::cluster::MASTERS;
use tokio::task::block_in_place;

use super::load::{Load, assert_quiet_and_right};
use super::{Counters, DEADLINE, client, counters, impatient, without_replicas};
use crate::stores::{PATIENCE, foreign};

/// So many keys that each master has some.
const KEYS: usize = 24;

/// How long a foreign write may go unseen: the staleness bound, and some more on a busy machine.
const SEEN: Duration = Duration::from_secs(4);

fn keys() -> Vec<String> {
    (0..KEYS).map(|number| number.to_string()).collect()
}

/// Returns a key of the first master's.
fn key_of_the_first(cluster: &RedisCluster, start: &str) -> String {
    let mut keys = (0..1_000).map(|number| format!("{start}{number}"));
    let mine = keys.find(|key| cluster.owner(&format!("count:{key}")) == 0);
    mine.expect("one in three is")
}

/// Writes at the master of a key, and waits until that is answered.
async fn assert_foreign_write_is_seen(cluster: &RedisCluster, cache: &Counters, key: &str) {
    let full = format!("count:{key}");
    let owner = &cluster.nodes()[cluster.owner(&full)];
    let _: () = foreign(owner, &["SET", &full, "-7"]);
    let start = Instant::now();
    while cache.get(key).await.expect("it works again") != Some(-7) {
        assert!(start.elapsed() < SEEN, "a foreign write must be seen");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn coordinated_failover_under_load_loses_and_repeats_nothing() {
    let cluster = impatient();
    let cache = counters(&cluster);
    let untracked = BackendOptions {
        coherence: Coherence::Off,
        ..BackendOptions::default()
    };
    let untracked = client(&cluster.url(), &untracked).cache("untracked").open();
    let untracked = untracked.expect("the options are valid");
    untracked.set("k", "v").await.expect("it works before");
    let load = Load::begin(&cache, keys(), DEADLINE);
    load.go_on(10 * KEYS).await;
    block_in_place(|| cluster.fail_over_to(MASTERS));
    load.go_on(10 * KEYS).await;
    for key in keys() {
        let set = untracked.set(&key, "v").await;
        set.expect("who is told nothing is sent on, too");
    }
    block_in_place(|| cluster.fail_over_to(0));
    load.go_on(10 * KEYS).await;
    let writers = load.end().await;
    assert_quiet_and_right(&cluster, &cache, &writers).await;
    for writer in &writers {
        let held = cache.get(&writer.key).await.expect("it works again");
        assert!(
            held >= Some(writer.acknowledged),
            "{}: {} were acknowledged, and {held:?} is there",
            writer.key,
            writer.acknowledged
        );
    }
    for key in ["0", "1", "2", "3"] {
        assert_foreign_write_is_seen(&cluster, &cache, key).await;
    }
}

/// A write whose answer was lost has happened, as a rule: sent again, it would count twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_cut_under_load_repeat_nothing() {
    let cluster = without_replicas();
    let cache = counters(&cluster);
    let load = Load::begin(&cache, keys(), DEADLINE);
    for round in 0..60 {
        load.go_on(KEYS).await;
        let node = &cluster.nodes()[round % MASTERS];
        let cut = ["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"];
        let _: redis::Value = foreign(node, &cut);
    }
    let writers = load.end().await;
    assert!(
        writers.iter().any(|writer| writer.unknown > 0),
        "somebody must have met a cut"
    );
    assert_quiet_and_right(&cluster, &cache, &writers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn master_killed_under_load_is_replaced_without_a_restart() {
    let mut cluster = impatient();
    let cache = counters(&cluster);
    let idle = key_of_the_first(&cluster, "idle");
    cache.set(&idle, &1).await.expect("the master takes it");
    assert_eq!(cache.get(&idle).await.unwrap(), Some(1));
    let load = Load::begin(&cache, keys(), DEADLINE);
    load.go_on(10 * KEYS).await;
    cluster.kill(0);
    block_in_place(|| cluster.wait_for_master(MASTERS));
    let full = format!("count:{idle}");
    let _: () = foreign(&cluster.nodes()[MASTERS], &["SET", &full, "2"]);
    let start = Instant::now();
    loop {
        match cache.get(&idle).await {
            Ok(held) => break assert_eq!(held, Some(2), "nothing is left of before"),
            Err(_) => assert!(start.elapsed() < PATIENCE, "the new master must be found"),
        }
    }
    load.go_on(20 * KEYS).await;
    let writers = load.end().await;
    assert!(
        writers.iter().any(|writer| writer.unknown > 0),
        "somebody must have met the master that was killed"
    );
    assert_quiet_and_right(&cluster, &cache, &writers).await;
    for key in ["0", "1", "2", "3"] {
        assert_foreign_write_is_seen(&cluster, &cache, key).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn master_that_hung_and_comes_back_is_not_used() {
    let cluster = impatient();
    let cache = counters(&cluster);
    let key = key_of_the_first(&cluster, "");
    cache.set(&key, &1).await.expect("the master takes it");
    assert_eq!(cache.get(&key).await.unwrap(), Some(1));

    cluster.nodes()[0].pause();
    block_in_place(|| cluster.wait_for_master(MASTERS));
    let full = format!("count:{key}");
    let _: () = foreign(&cluster.nodes()[MASTERS], &["SET", &full, "2"]);
    let start = Instant::now();
    while !matches!(cache.get(&key).await, Ok(Some(2))) {
        assert!(start.elapsed() < PATIENCE, "the new master must be found");
    }
    cluster.nodes()[0].resume();
    for _ in 0..200 {
        let held = cache.get(&key).await.expect("the new master is there");
        assert_eq!(held, Some(2), "it does not go back");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
