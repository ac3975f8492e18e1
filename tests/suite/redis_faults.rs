//! Redis that is down, disconnected, hung, demoted, or rejects the credentials.

use std::sync::Arc;
use std::time::{Duration, Instant};

use flipcache::backend::{
    BackendError, BackendOptions, BackendUrl, Coherence, KvBackend, Slot, open,
};
use flipcache_tests::proxy::{Cut, Direction, Proxy};
use flipcache_tests::{RedisOptions, RedisServer};
use tokio::runtime::Handle;

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
async fn call_server_restarted_while_idle_does_not_use_the_dead_connection() {
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
async fn read_of_a_server_whose_memory_is_full_succeeds() {
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
async fn call_hung_server_times_out_and_works_once_it_continues() {
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

/// Returns a proxy before the server, and a backend behind it that asks nothing of its own.
fn behind_a_proxy(server: &RedisServer) -> (Proxy, Arc<dyn KvBackend>) {
    let proxy = Proxy::start(server.port());
    let options = BackendOptions {
        coherence: Coherence::Off,
        deadline: LONG,
        ..BackendOptions::default()
    };
    let url = format!("redis://127.0.0.1:{}", proxy.port());
    let url: BackendUrl = url.parse().expect("the URL is valid");
    let backend = open(&url, &options, Handle::current());
    (proxy, backend.expect("it connects at the first call"))
}

/// Cuts the connection, once there is one, at the second byte of the next reply.
async fn cut_next_reply(proxy: &Proxy, backend: &dyn KvBackend) {
    get(backend, &bucket("user"), "k").await;
    proxy.drop_after(Direction::ToClient, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn write_whose_reply_is_cut_off_has_an_unknown_outcome() {
    let server = RedisServer::start();
    let (proxy, backend) = behind_a_proxy(&server);
    let (user, key) = (bucket("user"), keys(["k"]));
    let minute = Some(Duration::from_secs(60));
    assert_eq!(backend.increment(&user, "n", 1, None).await.unwrap(), 1);
    let cut = || cut_next_reply(&proxy, &*backend);

    cut().await;
    let counted = backend.increment(&user, "n", 1, None).await;
    let error = counted.expect_err("no reply came");
    assert!(
        matches!(error, BackendError::OutcomeUnknown(_)),
        "{error:?}"
    );
    let held: String = foreign(&server, &["GET", "user:n"]);
    assert_eq!(held, "2", "Redis has executed what was cut off");

    let entries = [("k".to_owned(), b"v".to_vec())];
    cut().await;
    let mut errors = vec![backend.set(&user, &entries, None).await.unwrap_err()];
    cut().await;
    errors.push(
        backend
            .set_if_absent(&user, &entries, minute)
            .await
            .unwrap_err(),
    );
    cut().await;
    errors.push(backend.increment(&user, "n", 1, minute).await.unwrap_err());
    cut().await;
    errors.push(backend.expire(&user, &key, minute).await.unwrap_err());
    cut().await;
    errors.push(backend.delete(&user, &key).await.unwrap_err());
    for error in errors {
        assert!(
            matches!(error, BackendError::OutcomeUnknown(_)),
            "{error:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_that_was_not_sent_or_only_reads_is_unavailable_when_cut_off() {
    let server = RedisServer::start();
    let (proxy, backend) = behind_a_proxy(&server);
    let (user, key) = (bucket("user"), keys(["k"]));
    set(&*backend, &user, "k", "v", None).await.unwrap();

    let mut errors = Vec::new();
    for new_ttl in [None, Some(Duration::from_secs(60))] {
        cut_next_reply(&proxy, &*backend).await;
        errors.push(backend.get(&user, &key, new_ttl).await.unwrap_err());
    }
    cut_next_reply(&proxy, &*backend).await;
    errors.push(backend.exists(&user, &key).await.unwrap_err());
    proxy.refuse();
    proxy.cut(Cut::Reset);
    // The first call may still find the connection that is lost.
    let _ = backend.exists(&user, &key).await;
    errors.push(backend.increment(&user, "n", 1, None).await.unwrap_err());
    errors.push(backend.delete(&user, &key).await.unwrap_err());
    for error in errors {
        assert!(matches!(error, BackendError::Unavailable(_)), "{error:?}");
    }
    assert_eq!(foreign::<u64>(&server, &["EXISTS", "user:n"]), 0);
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
async fn write_to_a_replica_is_unavailable_and_reconnects() {
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
async fn connect_server_without_hello_uses_resp2() {
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
async fn call_resp2_server_killed_and_restarted_works_again() {
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
async fn drop_backend_closes_its_connection_and_ends_its_task() {
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
