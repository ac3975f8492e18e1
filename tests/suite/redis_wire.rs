//! The keys and commands of Redis: plain strings at `name:key`, as other clients read and write
//! them.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use flipcache::backend::{BackendError, Slot};
use flipcache::{Client, Error, Options};
use flipcache_tests::{RedisOptions, RedisServer};

use crate::stores::{bucket, connect, foreign, get, keys, lasting, list, pairs, set};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn set_writes_the_bytes_and_the_ttl_and_nothing_else() {
    let server = RedisServer::start();
    let backend = connect(&server.url());
    let user = bucket("user");
    let value: Vec<u8> = (0..=255).collect();
    let entries = [("ü:1".to_owned(), value.clone())];
    backend.set(&user, &entries, Some(HOUR)).await.unwrap();
    set(&*backend, &user, "2", "", None).await.unwrap();

    let held: Vec<u8> = foreign(&server, &["GET", "user:ü:1"]);
    assert_eq!(held, value);
    let left: i64 = foreign(&server, &["PTTL", "user:ü:1"]);
    assert!(
        (3_590_000..=3_600_000).contains(&left),
        "{left} ms are left"
    );
    assert_eq!(foreign::<i64>(&server, &["PTTL", "user:2"]), -1);
    assert_eq!(foreign::<i64>(&server, &["DBSIZE"]), 2, "no helper keys");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_value_of_another_client_is_returned_with_its_ttl() {
    let server = RedisServer::start();
    let backend = connect(&server.url());
    let user = bucket("user");
    foreign::<()>(&server, &["SET", "user:1", "42", "EX", "100"]);

    let Slot::Entry(entry) = get(&*backend, &user, "1").await else {
        panic!("what another client wrote is there");
    };
    assert_eq!(entry.value, b"42");
    assert!(entry.ttl > Some(Duration::from_secs(90)));

    assert_eq!(backend.increment(&user, "1", 1, None).await.unwrap(), 43);
    assert_eq!(foreign::<String>(&server, &["GET", "user:1"]), "43");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_hash_under_a_key_is_of_the_wrong_type_for_that_key_only() {
    let server = RedisServer::start();
    let backend = connect(&server.url());
    let user = bucket("user");
    foreign::<i64>(&server, &["HSET", "user:hash", "f", "v"]);
    set(&*backend, &user, "k", "v", Some(HOUR)).await.unwrap();
    let asked = keys(["hash", "k", "none"]);

    let slots = backend.get(&user, &asked, None).await.unwrap();
    assert_eq!((&slots[0], &slots[2]), (&Slot::WrongType, &Slot::Absent));
    assert!(matches!(slots[1], Slot::Entry(_)));
    let slots = backend.get(&user, &asked, Some(HOUR)).await.unwrap();
    assert_eq!((&slots[0], &slots[2]), (&Slot::WrongType, &Slot::Absent));
    assert!(matches!(slots[1], Slot::Entry(_)));

    let entries = pairs([("hash", "v"), ("new", "v")]);
    let answers = backend.set_if_absent(&user, &entries, Some(HOUR)).await;
    assert_eq!(answers.unwrap(), [Some(Slot::WrongType), None]);
    for ttl in [None, Some(HOUR)] {
        let sum = backend.increment(&user, "hash", 1, ttl).await;
        assert!(matches!(sum, Err(BackendError::Other(_))), "{sum:?}");
    }
    assert_eq!(backend.exists(&user, &keys(["hash"])).await.unwrap(), 1);
    let existed = backend.expire(&user, &keys(["hash"]), Some(HOUR)).await;
    assert_eq!(existed.unwrap(), [true]);
    set(&*backend, &user, "hash", "plain", None).await.unwrap();
    assert_eq!(get(&*backend, &user, "hash").await, lasting("plain"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn key_that_is_not_utf8_is_neither_listed_nor_counted_nor_cleared() {
    let server = RedisServer::start();
    let backend = connect(&server.url());
    let user = bucket("user");
    set(&*backend, &user, "k", "v", None).await.unwrap();
    let script = r"return redis.call('SET', 'user:\255', 'v')";
    foreign::<()>(&server, &["EVAL", script, "0"]);

    assert_eq!(list(&*backend, &user, 10).await, ["k"]);
    assert_eq!(backend.count(&user).await.unwrap(), 1);
    assert_eq!(backend.clear(&user).await.unwrap(), 1);
    let exists = r"return redis.call('EXISTS', 'user:\255')";
    assert_eq!(foreign::<i64>(&server, &["EVAL", exists, "0"]), 1);
    assert_eq!(foreign::<i64>(&server, &["DBSIZE"]), 1);
}

/// Q22.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scan_small_bucket_of_a_large_server_ends_in_few_calls() {
    let server = RedisServer::start();
    let backend = connect(&server.url());
    let script = "for n = 1, 50000 do redis.call('SET', 'other:' .. n, '') end";
    foreign::<()>(&server, &["EVAL", script, "0"]);
    set(&*backend, &bucket("user"), "k", "v", None)
        .await
        .unwrap();

    let mut cursor = None;
    let mut listed = Vec::new();
    for _ in 0..10 {
        let page = backend
            .scan(&bucket("user"), cursor.as_deref(), 1)
            .await
            .unwrap();
        listed.extend(page.keys);
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(listed, ["k"]);
    assert_eq!(
        cursor, None,
        "look at more keys while pages come back empty"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scan_made_up_cursor_is_an_error() {
    let server = RedisServer::start();
    let backend = connect(&server.url());
    for cursor in ["", "0", "-1", "k", "1e3", "99999999999999999999"] {
        let page = backend.scan(&bucket("user"), Some(cursor), 10).await;
        let error = page.expect_err(cursor);
        assert!(error.is_invalid_cursor(), "{cursor:?}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_made_up_cursor_is_an_error_of_its_own_kind() {
    let server = RedisServer::start();
    let client = Client::connect(&server.url()).expect("the URL must be valid");
    let users = client.open("user", Options::default());
    let users = users.expect("it must open");
    let page = users.keys(Some("made up"), 10).await;
    assert!(matches!(page, Err(Error::InvalidCursor(_))), "{page:?}");
    assert_eq!(users.stats().backend_errors, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_with_a_new_ttl_before_redis_6_2_is_unsupported() {
    let server = RedisServer::start_with(RedisOptions {
        arguments: ["--rename-command", "GETEX", ""].map(str::to_owned).into(),
        ..RedisOptions::default()
    });
    let backend = connect(&server.url());
    let user = bucket("user");
    let answer = backend.get(&user, &keys(["k"]), Some(HOUR)).await;
    let Err(BackendError::Unsupported(cause)) = answer else {
        panic!("a server without GETEX cannot do this: {answer:?}");
    };
    assert!(
        cause.to_string().contains("GETEX"),
        "say what is missing: {cause}"
    );
    assert_eq!(get(&*backend, &user, "k").await, Slot::Absent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_calls_together_never_send_keys() {
    let server = RedisServer::start();
    let backend = connect(&server.url());
    let user = bucket("user");
    set(&*backend, &user, "k", "v", None).await.unwrap();
    list(&*backend, &user, 10).await;
    backend.count(&user).await.unwrap();
    backend.clear(&user).await.unwrap();
    let stats: String = foreign(&server, &["INFO", "commandstats"]);
    assert!(stats.contains("cmdstat_scan:"));
    assert!(
        !stats.contains("cmdstat_keys:"),
        "KEYS holds up the whole server"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_socket_and_database_of_the_url_are_used() {
    let server = RedisServer::start();
    let user = bucket("user");
    let socket = connect(&format!("redis+unix://{}?db=3", server.socket().display()));
    set(&*socket, &user, "k", "v", None).await.unwrap();
    let third = connect(&format!("{}/3", server.url()));
    assert_eq!(get(&*third, &user, "k").await, lasting("v"));
    let first = connect(&server.url());
    assert_eq!(get(&*first, &user, "k").await, Slot::Absent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_outside_any_runtime_succeeds() {
    let server = RedisServer::start();
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite:{}", folder.path().join("cache.db").display());
    for url in [server.url(), file] {
        let backend = connect(&url);
        let other = thread::spawn(move || {
            block_on(async {
                let user = bucket("user");
                // Several pipelines, so that tasks are needed too.
                let entries: Vec<_> = (0..3_000).map(|n| (n.to_string(), vec![])).collect();
                backend.set(&user, &entries, None).await.unwrap();
                backend.count(&user).await.unwrap()
            })
        });
        assert_eq!(other.join().unwrap(), 3_000);
    }
}

/// Runs a future with nothing but the standard library.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
