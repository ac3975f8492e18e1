//! A server that refuses tracking: for a while, or until its configuration is changed.

use std::thread;
use std::time::{Duration, Instant};

use flipcache::backend::{BackendOptions, Coherence, InvalidationStatus};
use flipcache::{Cache, Client};
use flipcache_tests::{RedisOptions, RedisServer};

use super::{cache, client_with, coherence, keep, read, wait_until};
use crate::stores::{PATIENCE, foreign};

/// Keeps a server busy: it executes only `SCRIPT KILL` and few other commands meanwhile.
const ENDLESS: &str = "while true do end";

/// A server that replies `BUSY` soon after a script has begun.
const BUSY_SOON: [&str; 2] = ["--busy-reply-threshold", "100"];

fn with_short_bound(coherence: Coherence) -> BackendOptions {
    BackendOptions {
        coherence,
        staleness_bound: Duration::from_millis(400),
        ..BackendOptions::default()
    }
}

/// Runs a script without end, and returns once the server is busy with it.
pub(crate) fn make_busy(server: &RedisServer) -> thread::JoinHandle<()> {
    let url = server.url();
    let script = thread::spawn(move || {
        let client = redis::Client::open(url).expect("the server's URL must be valid");
        let mut connection = client.get_connection().expect("the server must be there");
        let ended = redis::cmd("EVAL")
            .arg(ENDLESS)
            .arg(0)
            .query::<redis::Value>(&mut connection);
        assert!(ended.is_err(), "the script must be killed: {ended:?}");
    });
    let start = Instant::now();
    while !is_busy(server) {
        assert!(start.elapsed() < PATIENCE, "the script must make it busy");
        thread::sleep(Duration::from_millis(5));
    }
    script
}

fn is_busy(server: &RedisServer) -> bool {
    let client = redis::Client::open(server.url()).expect("the server's URL must be valid");
    let mut connection = client.get_connection().expect("the server must be there");
    let pong = redis::cmd("PING").query::<String>(&mut connection);
    pong.is_err_and(|error| error.code() == Some("BUSY"))
}

async fn wait_for(cache: &Cache, status: InvalidationStatus) {
    let start = Instant::now();
    while cache.invalidation_status() != status {
        assert!(
            start.elapsed() < 3 * PATIENCE,
            "it must become {status:?}; it is {:?}",
            cache.invalidation_status()
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn assert_foreign_write_is_seen(server: &RedisServer, user: &Cache) {
    keep(user, "k", "old").await;
    let _: () = foreign(server, &["SET", "user:k", "new"]);
    wait_until(user, "k", Some("new")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tracking_refused_while_a_script_runs_is_live_after_the_script() {
    for required in [Coherence::Auto, Coherence::Tracking] {
        let server = RedisServer::start_with(RedisOptions {
            arguments: BUSY_SOON.map(str::to_owned).into(),
            ..RedisOptions::default()
        });
        let script = make_busy(&server);
        let client = client_with(&server, &with_short_bound(required));
        let user = cache(&client, "user");
        // It connects, and is refused tracking.
        let refused = user.get("k").await;
        assert!(refused.is_err(), "the server is busy: {refused:?}");
        assert_eq!(
            user.invalidation_status(),
            InvalidationStatus::Lost,
            "that is no lasting state"
        );

        let _: () = foreign(&server, &["SCRIPT", "KILL"]);
        script.join().expect("the script must end");
        wait_for(&user, InvalidationStatus::Live).await;
        assert_foreign_write_is_seen(&server, &user).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tracking_of_a_server_that_was_busy_for_a_while_keeps_its_connection() {
    let server = RedisServer::start_with(RedisOptions {
        arguments: BUSY_SOON.map(str::to_owned).into(),
        ..RedisOptions::default()
    });
    let client = client_with(&server, &with_short_bound(Coherence::Auto));
    let user = cache(&client, "user");
    keep(&user, "k", "v").await;
    // The oldest connection: this command has its own.
    let ids = || {
        let clients: String = foreign(&server, &["CLIENT", "LIST"]);
        let oldest = clients.split(' ').next();
        oldest.expect("the cache must be connected").to_owned()
    };
    let before = ids();

    let script = make_busy(&server);
    // No reply to a heartbeat comes meanwhile.
    let start = Instant::now();
    while user.invalidation_status() == InvalidationStatus::Live {
        assert!(start.elapsed() < PATIENCE, "a busy server shows no sign");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let _: () = foreign(&server, &["SCRIPT", "KILL"]);
    script.join().expect("the script must end");

    wait_for(&user, InvalidationStatus::Live).await;
    assert_eq!(ids(), before, "nothing was wrong with the connection");
    assert_foreign_write_is_seen(&server, &user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tracking_of_a_user_that_is_permitted_later_is_live_then() {
    let server = RedisServer::start();
    let rules = ["ACL", "SETUSER", "app", "on", ">pw", "~*", "+@all"];
    let _: () = foreign(&server, &[&rules[..], &["-client|tracking"]].concat());
    let url = format!("redis://app:pw@127.0.0.1:{}", server.port());
    let options = BackendOptions {
        staleness_bound: Duration::from_millis(100),
        ..coherence(Coherence::Auto)
    };
    let backend = crate::stores::connect_with(&url, &options);
    let client = Client::builder(backend).runtime(tokio::runtime::Handle::current());
    let client = client.build().expect("there must be memory for its shards");
    let user = cache(&client, "user");
    keep(&user, "k", "v").await;
    assert_eq!(user.invalidation_status(), InvalidationStatus::Untracked);

    let _: () = foreign(&server, &rules);
    wait_for(&user, InvalidationStatus::Live).await;
    assert_foreign_write_is_seen(&server, &user).await;
    assert_eq!(read(&user, "k").await.value.as_deref(), Some("new"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tracking_of_a_server_without_role_is_that_of_a_master() {
    let server = RedisServer::start_with(RedisOptions {
        arguments: ["--rename-command", "ROLE", ""].map(str::to_owned).into(),
        ..RedisOptions::default()
    });
    let client = client_with(&server, &with_short_bound(Coherence::Auto));
    let user = cache(&client, "user");
    keep(&user, "k", "v").await;
    assert_eq!(user.invalidation_status(), InvalidationStatus::Live);
    assert_foreign_write_is_seen(&server, &user).await;
}
