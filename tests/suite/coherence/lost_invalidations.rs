//! Invalidations may have been lost: no earlier entry is served, and nothing is cached until they
//! arrive again.

use std::time::{Duration, Instant};

use flipcache::Source;
use flipcache::backend::{BackendOptions, Coherence};
use flipcache_tests::{RedisOptions, RedisServer};

use super::{cache, client, client_with, coherence, keep, read, wait_until, wait_until_local};
use crate::stores::{PATIENCE, foreign};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_after_a_connection_loss_reads_l2_and_is_cached_again() {
    let server = RedisServer::start();
    let user = cache(&client(&server), "user");
    for round in 0..20 {
        keep(&user, "k", "old").await;
        let value = round.to_string();
        let _: redis::Value = foreign(
            &server,
            &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"],
        );
        let _: () = foreign(&server, &["SET", "user:k", &value]);
        wait_until(&user, "k", Some(&value)).await;
        wait_until_local(&user, "k").await;
        let found = read(&user, "k").await.value;
        assert_eq!(found, Some(value), "it does not go back");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_after_a_restart_of_the_server_returns_what_it_holds() {
    let mut server = RedisServer::start();
    let user = cache(&client(&server), "user");
    keep(&user, "k", "v").await;
    server.restart_on_same_port();
    let start = Instant::now();
    loop {
        match user.get_detailed("k").await {
            Ok(found) if found.value.is_none() => break,
            found => assert!(
                start.elapsed() < PATIENCE,
                "the server holds nothing now; the last answer was {found:?}"
            ),
        }
    }
    keep(&user, "k", "again").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_while_the_server_is_silent_beyond_the_bound_is_not_a_local_hit() {
    let server = RedisServer::start();
    let options = BackendOptions {
        deadline: Duration::from_millis(300),
        staleness_bound: Duration::from_millis(400),
        ..BackendOptions::default()
    };
    let user = cache(&client_with(&server, &options), "user");
    keep(&user, "k", "v").await;
    server.pause();
    let start = Instant::now();
    while user.get("k").await.is_ok() {
        assert!(
            start.elapsed() < PATIENCE,
            "a server that says nothing cannot tell of changes"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    server.resume();
    wait_until_local(&user, "k").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_after_the_master_becomes_a_replica_is_not_a_local_hit() {
    let (server, master) = (RedisServer::start(), RedisServer::start());
    let options = BackendOptions {
        staleness_bound: Duration::from_millis(200),
        ..BackendOptions::default()
    };
    let user = cache(&client_with(&server, &options), "user");
    keep(&user, "k", "old").await;
    let _: () = foreign(&master, &["SET", "user:k", "new"]);
    let port = master.port().to_string();
    let _: () = foreign(&server, &["REPLICAOF", "127.0.0.1", &port]);
    wait_until(&user, "k", Some("new")).await;
    for _ in 0..10 {
        let found = read(&user, "k").await;
        assert_eq!(
            found.source,
            Source::Backend,
            "a replica may be behind: {found:?}"
        );
    }
    let _: () = foreign(&server, &["REPLICAOF", "NO", "ONE"]);
    wait_until_local(&user, "k").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_with_the_shortest_bound_succeeds_and_is_sometimes_a_local_hit() {
    let server = RedisServer::start();
    let options = BackendOptions {
        staleness_bound: Duration::ZERO,
        ..BackendOptions::default()
    };
    let user = cache(&client_with(&server, &options), "user");
    user.set("k", "v").await.expect("the server must take it");
    wait_until_local(&user, "k").await;
}

/// Servers without tracking: one that does not know the command, and one without RESP3.
fn silent() -> [RedisServer; 2] {
    ["CLIENT", "HELLO"].map(|command| {
        RedisServer::start_with(RedisOptions {
            arguments: ["--rename-command", command, ""].map(str::to_owned).into(),
            ..RedisOptions::default()
        })
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_from_a_server_without_tracking_is_cached_unless_tracking_is_required() {
    for server in silent() {
        let user = cache(&client(&server), "user");
        keep(&user, "k", "v").await;

        let required = coherence(Coherence::Tracking);
        let user = cache(&client_with(&server, &required), "user");
        for _ in 0..3 {
            assert_eq!(read(&user, "k").await.source, Source::Backend);
        }
        user.set("k", "w").await.expect("the server must take it");
        assert_eq!(read(&user, "k").await.source, Source::Backend);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_of_a_user_without_tracking_permission_is_cached_and_read() {
    let server = RedisServer::start();
    let _: () = foreign(
        &server,
        &[
            "ACL",
            "SETUSER",
            "cache",
            "on",
            ">secret",
            "~*",
            "+@all",
            "-client|tracking",
        ],
    );
    let url = server.url().replace("redis://", "redis://cache:secret@");
    let connect = |options: &BackendOptions| {
        let url = url.parse().expect("the URL must be valid");
        let handle = tokio::runtime::Handle::current();
        let backend =
            flipcache::backend::open(&url, options, handle.clone()).expect("it must open");
        let client = flipcache::Client::builder(backend).runtime(handle);
        client.build().expect("there must be memory for its shards")
    };
    keep(
        &cache(&connect(&BackendOptions::default()), "user"),
        "k",
        "v",
    )
    .await;
    let required = cache(&connect(&coherence(Coherence::Tracking)), "user");
    assert_eq!(read(&required, "k").await.source, Source::Backend);
    assert_eq!(read(&required, "k").await.source, Source::Backend);
}
