//! Redis that is down, cut off, hung, demoted, or does not let us in.

use std::time::{Duration, Instant};

use flipcache::backend::{BackendError, BackendUrl, Slot};
use flipcache_tests::{RedisOptions, RedisServer};

use crate::stores::{
    LONG, PATIENCE, bucket, connect, connect_within, everything_of, failure, foreign, get, keys,
    lasting, set,
};

const SECRET: &str = "hunter2-%40s3cret";

fn guarded() -> RedisServer {
    RedisServer::start_with(RedisOptions {
        password: Some(SECRET.to_owned()),
        ..RedisOptions::default()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_server_down_at_start_is_unavailable_until_it_is_up() {
    let mut server = RedisServer::start();
    server.kill();
    let backend = connect(&server.url());

    for _ in 0..3 {
        let error = failure(&*backend).await;
        assert!(matches!(error, BackendError::Unavailable(_)), "{error:?}");
    }

    server.restart_on_same_port();
    let held = get(&*backend, &bucket("user"), "k").await;
    assert_eq!(held, Slot::Absent, "the first call after the start works");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_server_killed_and_restarted_works_again_at_once() {
    let mut server = RedisServer::start_with(RedisOptions {
        persist: true,
        ..RedisOptions::default()
    });
    let backend = connect(&server.url());
    let user = bucket("user");
    set(&*backend, &user, "k", "v", None).await.unwrap();

    for _ in 0..3 {
        server.kill();
        let error = failure(&*backend).await;
        assert!(matches!(error, BackendError::Unavailable(_)), "{error:?}");

        server.restart_on_same_port();
        assert_eq!(get(&*backend, &user, "k").await, lasting("v"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_server_restarted_while_idle_does_not_meet_the_dead_connection() {
    let mut server = RedisServer::start();
    let backend = connect(&server.url());
    set(&*backend, &bucket("user"), "k", "v", None)
        .await
        .unwrap();

    server.restart_on_same_port();

    let held = get(&*backend, &bucket("user"), "k").await;
    assert_eq!(held, Slot::Absent, "the loss is noticed without a call");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_many_at_once_after_a_restart_all_work_over_one_connection() {
    let mut server = RedisServer::start();
    let backend = connect(&server.url());
    set(&*backend, &bucket("user"), "k", "v", None)
        .await
        .unwrap();
    server.restart_on_same_port();

    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let backend = backend.clone();
        tasks.spawn(async move { get(&*backend, &bucket("user"), "k").await });
    }
    assert!(
        tasks
            .join_all()
            .await
            .iter()
            .all(|slot| *slot == Slot::Absent)
    );

    let clients: String = foreign(&server, &["CLIENT", "LIST"]);
    assert_eq!(
        clients.lines().count(),
        2,
        "the test's and one more: {clients}"
    );
}

/// Q33: how long a failure takes is the deadline's to say.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_of_a_server_whose_memory_is_full_is_answered() {
    let server = RedisServer::start();
    let backend = connect(&server.url());
    let user = bucket("user");
    let hour = Duration::from_secs(3600);
    set(&*backend, &user, "k", "v", None).await.unwrap();
    set(&*backend, &user, "h", "v", Some(hour)).await.unwrap();
    let _: () = foreign(&server, &["CONFIG", "SET", "maxmemory", "1"]);

    let error = set(&*backend, &user, "k", "w", None).await.unwrap_err();
    assert!(matches!(error, BackendError::Other(_)), "{error:?}");
    assert_eq!(get(&*backend, &user, "k").await, lasting("v"));
    assert_eq!(get(&*backend, &user, "absent").await, Slot::Absent);
    let Slot::Entry(entry) = get(&*backend, &user, "h").await else {
        panic!("what is there must be read");
    };
    let left = entry.ttl.expect("it has an end");
    assert!(left <= hour && left > hour / 2, "{left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_hung_server_times_out_and_works_once_it_goes_on() {
    let deadline = Duration::from_millis(300);
    let server = RedisServer::start();
    let backend = connect_within(&server.url(), deadline);
    let user = bucket("user");
    set(&*backend, &user, "k", "v", None).await.unwrap();

    server.pause();
    let start = Instant::now();
    let error = failure(&*backend).await;
    assert!(matches!(error, BackendError::Timeout), "{error:?}");
    assert!(start.elapsed() >= deadline && start.elapsed() < PATIENCE);
    // The connection is given up; a new one cannot be had, so nothing is sent.
    let start = Instant::now();
    let error = failure(&*backend).await;
    assert!(matches!(error, BackendError::Unavailable(_)), "{error:?}");
    assert!(start.elapsed() < PATIENCE);

    server.resume();
    let (start, key) = (Instant::now(), keys(["k"]));
    let slots = loop {
        match backend.get(&user, &key, None).await {
            Ok(slots) => break slots,
            Err(error) => assert!(start.elapsed() < PATIENCE, "{error:?}"),
        }
    };
    assert_eq!(slots, [lasting("v")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_wrong_or_missing_password_is_denied() {
    let server = guarded();
    let port = server.port();
    for url in [
        format!("redis://:wrong@127.0.0.1:{port}"),
        format!("redis://nobody:{SECRET}@127.0.0.1:{port}"),
        format!("redis://127.0.0.1:{port}"),
    ] {
        let backend = connect_within(&url, LONG);
        let start = Instant::now();
        let error = failure(&*backend).await;
        assert!(matches!(error, BackendError::AccessDenied(_)), "{error:?}");
        assert!(start.elapsed() < PATIENCE, "do not wait for the deadline");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn write_to_a_replica_is_unavailable_and_connects_anew() {
    let server = RedisServer::start();
    let backend = connect(&server.url());
    let user = bucket("user");
    set(&*backend, &user, "k", "v", None).await.unwrap();
    let number = || -> u64 {
        let stats: String = foreign(&server, &["INFO", "stats"]);
        let line = stats
            .lines()
            .find_map(|line| line.strip_prefix("total_connections_received:"));
        line.unwrap().parse().unwrap()
    };
    // A master that nobody listens as.
    foreign::<String>(&server, &["REPLICAOF", "127.0.0.1", "1"]);

    let before = number();
    let ttl = Some(Duration::from_secs(60));
    let written = set(&*backend, &user, "k", "w", None).await;
    assert!(
        matches!(written, Err(BackendError::Unavailable(_))),
        "{written:?}"
    );
    let counted = backend.increment(&user, "n", 1, ttl).await;
    assert!(
        matches!(counted, Err(BackendError::Unavailable(_))),
        "{counted:?}"
    );

    foreign::<String>(&server, &["REPLICAOF", "NO", "ONE"]);
    set(&*backend, &user, "k", "w", None).await.unwrap();
    assert_eq!(get(&*backend, &user, "k").await, lasting("w"));
    // Two of them are the test's own.
    assert!(
        number() >= before + 2 + 2,
        "each READONLY drops the connection"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_server_without_hello_speaks_the_older_protocol() {
    let server = RedisServer::start_with(RedisOptions {
        password: Some("pw".to_owned()),
        arguments: ["--rename-command", "HELLO", ""].map(str::to_owned).into(),
        ..RedisOptions::default()
    });
    let backend = connect(&server.url());
    let user = bucket("user");
    set(&*backend, &user, "k", "v", None).await.unwrap();
    assert_eq!(get(&*backend, &user, "k").await, lasting("v"));
    let wrong = connect(&format!("redis://:{SECRET}@127.0.0.1:{}", server.port()));
    let error = failure(&*wrong).await;
    assert!(matches!(error, BackendError::AccessDenied(_)), "{error:?}");
    assert!(!everything_of(&error).contains("hunter2"));
}

/// Without pushes nothing but a failing call tells of the loss.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_older_protocol_server_killed_and_restarted_works_again() {
    let mut server = RedisServer::start_with(RedisOptions {
        arguments: ["--rename-command", "HELLO", ""].map(str::to_owned).into(),
        ..RedisOptions::default()
    });
    let backend = connect(&server.url());
    let user = bucket("user");
    set(&*backend, &user, "k", "v", None).await.unwrap();
    for _ in 0..3 {
        server.kill();
        let error = failure(&*backend).await;
        assert!(matches!(error, BackendError::Unavailable(_)), "{error:?}");
        server.restart_on_same_port();
        assert_eq!(get(&*backend, &user, "k").await, Slot::Absent);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn error_of_a_url_with_a_password_never_shows_it() {
    let mut server = guarded();
    let right = server.url();
    let wrong = right.replace("redis://:", "redis://app:wrong-hunter2");
    let mut seen = format!("{:?}", right.parse::<BackendUrl>());
    seen += &everything_of(&failure(&*connect(&wrong)).await);
    server.kill();
    for url in [&right, &wrong] {
        seen += &everything_of(&failure(&*connect(url)).await);
    }
    for scheme in ["redis+sentinel", "http"] {
        let url = right.replace("redis", scheme);
        seen += &everything_of(&url.parse::<BackendUrl>().unwrap_err());
    }
    for url in [
        format!("{right}/x"),
        format!("{right}?x"),
        format!("{right}#x"),
    ] {
        seen += &everything_of(&url.parse::<BackendUrl>().unwrap_err());
    }
    assert!(
        !seen.contains("hunter2"),
        "leave the password out of {seen}"
    );
    assert!(
        seen.contains("127.0.0.1"),
        "but do name the address: {seen}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drop_backend_ends_its_connection_and_its_task() {
    let server = RedisServer::start();
    let clients = || {
        foreign::<String>(&server, &["CLIENT", "LIST"])
            .lines()
            .count()
    };
    let backend = connect(&server.url());
    assert_eq!(get(&*backend, &bucket("user"), "k").await, Slot::Absent);
    assert_eq!(clients(), 2);

    drop(backend);

    let start = Instant::now();
    while clients() > 1 {
        assert!(start.elapsed() < PATIENCE, "close the connection");
        tokio::task::yield_now().await;
    }
}
