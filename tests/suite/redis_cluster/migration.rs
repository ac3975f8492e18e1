//! Migration of slots between masters.

use std::time::{Duration, Instant};

use flipcache::Source;
use flipcache_tests::{RedisCluster, RedisServer};
use tokio::task::block_in_place;

use super::load::{Load, assert_quiet_and_right};
use super::{Counters, DEADLINE, counters, without_replicas};
use crate::stores::{PATIENCE, bucket, connect, foreign};

/// How many keys are in the slot.
const KEYS: usize = 30;

/// Keys of one slot.
fn keys() -> Vec<String> {
    (0..KEYS).map(|number| format!("{{tag}}{number}")).collect()
}

/// Returns how often a node has replied with an error of a kind.
fn errors(node: &RedisServer, kind: &str) -> u64 {
    let stats: String = foreign(node, &["INFO", "errorstats"]);
    let start = format!("errorstat_{kind}:count=");
    let line = stats.lines().find_map(|line| line.strip_prefix(&*start));
    line.map_or(0, |count| count.trim().parse().expect("a count"))
}

/// At the node that has the slot now.
async fn assert_foreign_writes_are_seen(target: &RedisServer, cache: &Counters) {
    for key in keys() {
        let full = format!("count:{key}");
        let _: () = foreign(target, &["SET", &full, "-7"]);
        let start = Instant::now();
        while cache.get(&key).await.expect("it works") != Some(-7) {
            assert!(start.elapsed() < PATIENCE, "a foreign write must be seen");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Moves the slot of the keys while they are read and written.
async fn move_under_load(cluster: &RedisCluster, cache: &Counters, to: usize) {
    let slot = cluster.slot("{tag}");
    let from = cluster.owner("{tag}");
    assert_ne!(from, to);
    let source = &cluster.nodes()[from];
    let before = ["ASK", "MOVED"].map(|kind| errors(source, kind));

    let load = Load::begin(cache, keys(), DEADLINE);
    load.go_on(5 * KEYS).await;
    block_in_place(|| cluster.begin_migration(slot, from, to));
    load.go_on(2 * KEYS).await;
    while block_in_place(|| cluster.migrate_keys(slot, from, to, 3)) > 0 {
        load.go_on(KEYS).await;
    }
    load.go_on(2 * KEYS).await;
    block_in_place(|| cluster.end_migration(slot, from, to));
    load.go_on(5 * KEYS).await;
    let writers = load.end().await;

    for (kind, before) in ["ASK", "MOVED"].into_iter().zip(before) {
        let met = errors(source, kind) - before;
        assert!(met > 0, "{kind} must have been met");
    }
    assert_quiet_and_right(cluster, cache, &writers).await;
    for writer in &writers {
        assert_eq!(
            writer.unknown, 0,
            "{}: a migration fails no call",
            writer.key
        );
        let held = cache.get(&writer.key).await.expect("it works");
        assert_eq!(held, Some(writer.acknowledged), "{}", writer.key);
    }
    assert_foreign_writes_are_seen(&cluster.nodes()[to], cache).await;
    cache.clear().await.expect("all are deleted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slot_moved_under_load_is_followed_to_a_known_and_to_a_new_master() {
    let mut cluster = without_replicas();
    let cache = counters(&cluster);
    let from = cluster.owner("{tag}");
    move_under_load(&cluster, &cache, (from + 1) % 3).await;
    let added = cluster.add_master();
    move_under_load(&cluster, &cache, added).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_key_of_a_migrating_slot_is_not_cached() {
    let cluster = without_replicas();
    let cache = counters(&cluster);
    let (slot, from) = (cluster.slot("{tag}"), cluster.owner("{tag}"));
    let to = (from + 1) % 3;
    for key in keys() {
        cache.set(&key, &1).await.expect("it is taken");
    }
    cluster.begin_migration(slot, from, to);
    let other = "elsewhere";
    cache.set(other, &1).await.expect("it is taken");
    cluster.migrate_keys(slot, from, to, KEYS);
    // The source tells that they have left it.
    let start = Instant::now();
    for key in keys() {
        while cache
            .get_detailed(&key)
            .await
            .expect("it is somewhere")
            .source
            == Source::Local
        {
            assert!(start.elapsed() < PATIENCE, "{key} has left");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    for _ in 0..3 {
        for key in keys() {
            let found = cache.get_detailed(&key).await.expect("it is somewhere");
            assert_eq!((found.value, found.source), (Some(1), Source::Backend));
        }
    }
    let found = cache.get_detailed(other).await.expect("it is there");
    assert_eq!(found.source, Source::Local, "that one stays where it was");

    // It is called off, and the keys are lost; nobody tells of that.
    let number = slot.to_string();
    for node in [from, to] {
        cluster.tell(node, &["CLUSTER", "SETSLOT", &number, "STABLE"]);
    }
    for key in keys() {
        let held = cache.get(&key).await.expect("the slot is there");
        assert_eq!(held, None, "{key} is nowhere that it is asked for");
    }
}

/// From a master that a listing has not come to yet, to one that it has behind it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scan_while_a_slot_is_moved_lists_each_key() {
    let cluster = without_replicas();
    let (slot, from) = (cluster.slot("{tag}"), cluster.owner("{tag}"));
    let user = bucket("user");
    let backend = connect(&cluster.url());
    let entries = |keys: &[String]| -> Vec<_> {
        let entries = keys.iter().map(|key| (key.clone(), Vec::new()));
        entries.collect()
    };
    let mut expected = keys();
    expected.extend((0..300).map(|number| number.to_string()));
    backend.set(&user, &entries(&expected), None).await.unwrap();
    // Once around: at one of these steps, it goes to a master that comes before its own in the
    // listing.
    for step in 0..3 {
        let [holder, to] = [step, step + 1].map(|step| (from + step) % 3);
        let mut listed = Vec::new();
        let mut cursor: Option<String> = None;
        for pages in 0.. {
            let page = backend.scan(&user, cursor.as_deref(), 10).await.unwrap();
            listed.extend(page.keys);
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
            // About half of the listing is over.
            if pages == 15 {
                cluster.begin_migration(slot, holder, to);
                while cluster.migrate_keys(slot, holder, to, KEYS) > 0 {}
                cluster.end_migration(slot, holder, to);
            }
        }
        let missing: Vec<_> = expected
            .iter()
            .filter(|key| !listed.contains(key))
            .collect();
        assert!(missing.is_empty(), "from {holder} to {to}: {missing:?}");
        assert_eq!(backend.count(&user).await.unwrap(), 330);
    }
}
