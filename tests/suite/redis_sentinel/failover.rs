//! Failover by sentinels, coordinated or forced.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use flipcache::backend::BackendOptions;
use flipcache::{Cache, Source};
use flipcache_tests::{RedisServer, SentinelOptions, SentinelTrio};
use tokio::task::block_in_place;

use super::{client, wait_until_works};
use crate::stores::{PATIENCE, foreign};

fn open(url: &str, options: &BackendOptions) -> Cache {
    let cache = client(url, options).cache("user").local_max(10_000).open();
    cache.expect("the options are valid")
}

/// Writes a value, and checks that the local tier keeps it.
async fn keep(cache: &Cache, key: &str, value: &str) {
    cache
        .set(key, value)
        .await
        .expect("the master must take it");
    let found = cache.get_detailed(key).await.expect("it must be kept");
    assert_eq!(
        (found.value.as_deref(), found.source),
        (Some(value), Source::Local)
    );
}

/// Reads a key, over calls that fail, until it holds a value.
async fn wait_until(cache: &Cache, key: &str, value: &str, patience: Duration) {
    let start = Instant::now();
    loop {
        let found = cache.get(key).await;
        if matches!(&found, Ok(Some(found)) if found == value) {
            return;
        }
        assert!(
            start.elapsed() < patience,
            "{key} must become {value}; it still is {found:?}"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Returns whether a server reports this role; a server about to change it disconnects its clients.
fn is_replica(server: &RedisServer) -> bool {
    let client = redis::Client::open(server.url()).expect("the server's URL must be valid");
    let role = client.get_connection().and_then(|mut connection| {
        let role: Result<redis::Value, _> = redis::cmd("ROLE").query(&mut connection);
        role
    });
    let slave = redis::Value::BulkString(b"slave".into());
    matches!(role, Ok(redis::Value::Array(role)) if role.first() == Some(&slave))
}

/// Writes one key after the other and reads it, until it is told to end. Returns which writes were acknowledged.
async fn write_on(cache: Cache, end: Arc<AtomicBool>) -> Vec<String> {
    let mut taken = Vec::new();
    for number in 0.. {
        if end.load(Ordering::Relaxed) {
            break;
        }
        let key = number.to_string();
        match cache.set(&key, &key).await {
            Ok(()) => {
                // Whatever it answers is kept, and compared afterwards.
                let _ = cache.get(&key).await;
                taken.push(key);
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    taken
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_after_a_failover_returns_what_the_new_master_holds() {
    let trio = SentinelTrio::start();
    let user = open(&trio.url(), &BackendOptions::default());
    keep(&user, "k", "before").await;
    let end = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn(write_on(user.clone(), end.clone()));

    let master = block_in_place(|| trio.fail_over(0));
    let _: () = foreign(master, &["SET", "user:k", "new"]);
    wait_until(&user, "k", "new", PATIENCE).await;
    // The old one learns of it last. Until it is a replica, it takes writes that will be lost.
    let start = Instant::now();
    while !is_replica(&trio.servers()[0]) {
        assert!(
            start.elapsed() < PATIENCE,
            "sentinels demote the old master"
        );
        let found = user.get("k").await.expect("the new master is there");
        assert_eq!(found.as_deref(), Some("new"), "it does not go back");
    }
    end.store(true, Ordering::Relaxed);
    let taken = writing.await.expect("writing must end");

    let mut kept = 0;
    for key in &taken {
        let truth: Option<String> = foreign(master, &["GET", &format!("user:{key}")]);
        let found = user
            .get_detailed(key)
            .await
            .expect("the new master is there");
        kept += usize::from(found.source == Source::Local);
        assert_eq!(found.value, truth, "{key}, {:?}", found.source);
    }
    assert!(kept > 0, "a cache that keeps nothing proves nothing");
    keep(&user, "k", "own").await;
    let held: String = foreign(master, &["GET", "user:k"]);
    assert_eq!(held, "own");
}

/// With a heartbeat that would notice nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_after_the_old_master_comes_back_does_not_use_it() {
    let trio = SentinelTrio::start();
    let options = BackendOptions {
        deadline: Duration::from_secs(1),
        staleness_bound: Duration::from_secs(120),
        ..BackendOptions::default()
    };
    let user = open(&trio.url(), &options);
    keep(&user, "k", "old").await;

    let old = &trio.servers()[0];
    old.pause();
    let master = block_in_place(|| trio.wait_for_another(0, Some(0)));
    let _: () = foreign(master, &["SET", "user:k", "new"]);
    wait_until(&user, "k", "new", Duration::from_secs(10)).await;
    old.resume();
    let (start, mut reads) = (Instant::now(), 0);
    while !is_replica(old) {
        assert!(
            start.elapsed() < PATIENCE,
            "sentinels demote the old master"
        );
        let found = user.get("k").await.expect("the new master is there");
        assert_eq!(found.as_deref(), Some("new"), "it does not go back");
        reads += 1;
    }
    assert!(reads > 0, "the old master must have been one for a while");
    keep(&user, "k", "own").await;
    let held: String = foreign(master, &["GET", "user:k"]);
    assert_eq!(held, "own");
}

/// A failover that the sentinel which was heard first does not tell of.
async fn follow(silence: fn(&mut SentinelTrio)) {
    let mut trio = SentinelTrio::start();
    let client = client(&trio.url(), &BackendOptions::default());
    let user = client.cache("user").open().expect("the options are valid");
    keep(&user, "k", "before").await;
    silence(&mut trio);
    keep(&user, "k", "still").await;

    let master = block_in_place(|| trio.fail_over(1));
    let _: () = foreign(master, &["SET", "user:k", "new"]);
    wait_until(&user, "k", "new", PATIENCE).await;
    wait_until_works(&client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failover_after_the_subscribed_sentinel_is_gone_is_followed() {
    follow(|trio| trio.kill_sentinel(0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failover_while_the_subscribed_sentinel_hangs_is_followed() {
    follow(|trio| trio.pause_sentinel(0)).await;
}

/// With the users of the guide.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failover_is_followed_by_users_with_minimal_permissions_at_sentinels() {
    const ASKS: &str = "-@all +sentinel|get-master-addr-by-name";
    let trio = SentinelTrio::start_with(SentinelOptions {
        lines: vec![
            format!("user subscribed on >secret {ASKS} +subscribe &+switch-master"),
            format!("user polling on >secret {ASKS}"),
        ],
        ..SentinelOptions::default()
    });
    let [subscribed, polling] = ["subscribed", "polling"].map(|user| {
        let query = format!("?sentinel_username={user}&sentinel_password=secret");
        open(&(trio.url() + &query), &BackendOptions::default())
    });
    keep(&subscribed, "k", "before").await;
    keep(&polling, "l", "before").await;
    let master = block_in_place(|| trio.fail_over(0));
    let _: () = foreign(master, &["MSET", "user:k", "new", "user:l", "new"]);
    wait_until(&subscribed, "k", "new", PATIENCE).await;
    wait_until(&polling, "l", "new", PATIENCE).await;
}
