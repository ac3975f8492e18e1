//! A master that sentinels name: found, lost, replaced, and come back.

mod failover;
mod fake;
mod named;

use std::time::{Duration, Instant};

use flipcache::Client;
use flipcache::backend::redis::TlsOptions;
use flipcache::backend::{BackendError, BackendOptions, BackendUrl, Slot, UrlError, open};
use flipcache_tests::certificates::LOOPBACK;
use flipcache_tests::{Authority, SentinelOptions, SentinelTrio, ServerTls};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::stores::{
    LONG, PATIENCE, bucket, connect, connect_over_tls, connect_within, everything_of, failure,
    foreign, get, keys, lasting, list, pairs, set, trusting,
};

fn client(url: &str, options: &BackendOptions) -> Client {
    let url = url.parse().expect("the test's URL must be right");
    let backend = open(&url, options, Handle::current()).expect("the backend must open");
    let client = Client::builder(backend).runtime(Handle::current());
    client.build().expect("there must be memory for its shards")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_master_that_sentinels_name_behaves_as_a_server() {
    let trio = SentinelTrio::start_with(SentinelOptions {
        password: Some("at-servers".to_owned()),
        sentinel_password: Some("at-sentinels".to_owned()),
        ..SentinelOptions::default()
    });
    let backend = connect(&trio.url());
    let user = bucket("user");
    set(&*backend, &user, "k", "v", None).await.unwrap();
    assert_eq!(get(&*backend, &user, "k").await, lasting("v"));
    let held: String = foreign(&trio.servers()[0], &["GET", "user:k"]);
    assert_eq!(held, "v", "it is the master that was asked");

    let absent = backend
        .set_if_absent(&user, &pairs([("k", "w")]), None)
        .await;
    assert_eq!(absent.unwrap(), [Some(lasting("v"))]);
    assert_eq!(backend.increment(&user, "n", 2, None).await.unwrap(), 2);
    assert_eq!(list(&*backend, &user, 10).await, ["k", "n"]);
    assert_eq!(backend.delete(&user, &keys(["k"])).await.unwrap(), 1);
    assert_eq!(backend.clear(&user).await.unwrap(), 1);
    assert_eq!(get(&*backend, &user, "n").await, Slot::Absent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failover_over_tls_is_followed_with_certificates_for_all() {
    let authority = Authority::new("ours");
    let tls = ServerTls {
        clients: Some(authority.root()),
        ..ServerTls::new(authority.issue("server", &LOOPBACK))
    };
    let trio = SentinelTrio::start_with(SentinelOptions {
        tls: Some(tls.clone()),
        ..SentinelOptions::default()
    });
    let text = everything_of(&failure(&*connect(&trio.url())).await);
    assert!(text.contains("the sentinel 127.0.0.1:"), "{text}");
    assert!(text.contains("is not trusted"), "{text}");

    let trust = TlsOptions {
        cert: Some(tls.identity.cert),
        key: Some(tls.identity.key),
        ..trusting(&authority)
    };
    let backend = connect_over_tls(&trio.url(), trust);
    let user = bucket("user");
    set(&*backend, &user, "k", "v", None).await.unwrap();
    block_in_place(|| trio.fail_over(0).port());
    let start = Instant::now();
    while set(&*backend, &user, "k", "w", None).await.is_err() {
        assert!(start.elapsed() < PATIENCE, "the new master must be found");
    }
    assert_eq!(get(&*backend, &user, "k").await, lasting("w"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_sentinels_down_at_start_is_unavailable_until_one_is_up() {
    let mut trio = SentinelTrio::start();
    (0..3).for_each(|sentinel| trio.kill_sentinel(sentinel));
    let backend = connect(&trio.url());
    let error = failure(&*backend).await;
    assert!(matches!(error, BackendError::Unavailable(_)), "{error:?}");
    assert!(everything_of(&error).contains("the sentinel 127.0.0.1:"));

    trio.restart_sentinel(1);
    let held = get(&*backend, &bucket("user"), "k").await;
    assert_eq!(held, Slot::Absent, "the first call after the start works");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_service_unknown_to_all_sentinels_names_it() {
    let mut trio = SentinelTrio::start();
    trio.kill_sentinel(2);
    let url = trio.url().replace("/flip", "/flop");
    let start = Instant::now();
    let error = failure(&*connect_within(&url, LONG)).await;
    assert!(matches!(error, BackendError::Unavailable(_)), "{error:?}");
    let text = everything_of(&error);
    assert!(
        text.contains("knows no master by the name `flop`"),
        "{text}"
    );
    assert!(start.elapsed() < PATIENCE, "do not wait for the deadline");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn error_of_a_url_with_passwords_never_shows_them() {
    let mut trio = SentinelTrio::start_with(SentinelOptions {
        password: Some("hunter2".to_owned()),
        sentinel_password: Some("hunter3".to_owned()),
        ..SentinelOptions::default()
    });
    let right = trio.url();
    let wrong = right.replace(":hunter2", "app:hunter2-wrong");
    let wrong_at_sentinels = right.replace("hunter3", "hunter3-wrong");
    let mut seen = format!("{:?}", right.parse::<BackendUrl>());
    for url in [&wrong, &wrong_at_sentinels] {
        let error = failure(&*connect(url)).await;
        assert!(matches!(error, BackendError::AccessDenied(_)), "{error:?}");
        seen += &everything_of(&error);
    }
    let other = right.replace("/flip", "/flop");
    seen += &everything_of(&failure(&*connect(&other)).await);
    (0..3).for_each(|sentinel| trio.kill_sentinel(sentinel));
    for url in [&right, &wrong, &wrong_at_sentinels] {
        seen += &everything_of(&failure(&*connect(url)).await);
    }
    for url in [
        format!("{right}&x=hunter3"),
        format!("{right}#hunter3"),
        right.replace("/flip", ""),
        right.replace("/flip", ":hunter2/flip"),
        right.replace("127.0.0.1", ""),
    ] {
        let error = url.parse::<BackendUrl>().expect_err("the URL is wrong");
        assert!(matches!(error, UrlError::Redis(_)), "{error:?}");
        seen += &everything_of(&error);
    }
    assert!(
        !seen.contains("hunter"),
        "leave the passwords out of {seen}"
    );
    assert!(seen.contains("127.0.0.1"), "but do name addresses: {seen}");
}

/// Waits until a call works that may fail.
async fn wait_until_works(client: &Client) {
    let cache = client.cache("probe").open().expect("the options are valid");
    let start = Instant::now();
    while let Err(error) = cache.set("k", "v").await {
        assert!(start.elapsed() < PATIENCE, "it must work again: {error:?}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
