//! Redis over TLS: whom we trust, whom it trusts, and what is said when they do not.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flipcache::backend::redis::{TlsError, TlsOptions};
use flipcache::backend::{
    BackendError, BackendOptions, BackendUrl, KvBackend, OpenError, Slot, open,
};
use flipcache_tests::certificates::LOOPBACK;
use flipcache_tests::{Authority, Identity, RedisOptions, RedisServer, ServerTls};
use tokio::runtime::Handle;

use crate::stores::{
    PATIENCE, bucket, connect, connect_over_tls, connect_with, everything_of, failure, get,
    lasting, set, trusting,
};

const SECRET: &str = "hunter2";

/// Returns a server with a password, which must not appear in errors.
fn serve(tls: ServerTls) -> RedisServer {
    RedisServer::start_with(RedisOptions {
        password: Some(SECRET.to_owned()),
        tls: Some(tls),
        ..RedisOptions::default()
    })
}

fn showing(authority: &Authority, identity: Identity) -> TlsOptions {
    TlsOptions {
        cert: Some(identity.cert),
        key: Some(identity.key),
        ..trusting(authority)
    }
}

/// Returns the error of a call while there is no connection.
async fn said(backend: &dyn KvBackend) -> String {
    let error = failure(backend).await;
    let text = everything_of(&error);
    assert!(matches!(error, BackendError::Unavailable(_)), "{text}");
    assert!(!text.contains(SECRET), "leave the password out of {text}");
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_server_of_the_named_root_is_trusted_by_address_and_name() {
    let authority = Authority::new("ours");
    let server = serve(ServerTls::new(authority.issue("server", &LOOPBACK)));
    let user = bucket("user");

    let by_address = connect_over_tls(&server.url(), trusting(&authority));
    set(&*by_address, &user, "k", "v", None).await.unwrap();

    let named = format!("rediss://:{SECRET}@localhost:{}", server.port());
    let by_name = connect_over_tls(&named, trusting(&authority));
    assert_eq!(get(&*by_name, &user, "k").await, lasting("v"));
    let other = connect_over_tls(&format!("{named}/1"), trusting(&authority));
    assert_eq!(get(&*other, &user, "k").await, Slot::Absent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_wrong_password_over_tls_is_denied() {
    let authority = Authority::new("ours");
    let server = serve(ServerTls::new(authority.issue("server", &LOOPBACK)));
    let url = server.url().replace(SECRET, "wrong-hunter2");
    let error = failure(&*connect_over_tls(&url, trusting(&authority))).await;
    assert!(matches!(error, BackendError::AccessDenied(_)), "{error:?}");
    assert!(!everything_of(&error).contains(SECRET));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_invalid_certificate_is_unavailable_and_says_why() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let known = ServerTls::new(ours.issue("server", &LOOPBACK));
    let other_host = ServerTls::new(ours.issue("other", &["cache.example"]));
    let expired = ServerTls::new(ours.issue_expired("expired", &LOOPBACK));
    for (tls, options, words) in [
        (known.clone(), trusting(&theirs), "is not trusted"),
        // The platform's roots.
        (known, TlsOptions::default(), "is not trusted"),
        (other_host, trusting(&ours), "for another host name"),
        (expired, trusting(&ours), "not valid at this time"),
    ] {
        let server = serve(tls);
        let backend = connect_over_tls(&server.url(), options);
        let start = Instant::now();
        let text = said(&*backend).await;
        assert!(text.contains(words), "{words}: {text}");
        assert!(text.contains("rediss://"), "name the address: {text}");
        assert!(start.elapsed() < PATIENCE, "do not wait");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_with_tls_to_a_server_without_is_unavailable_and_says_so() {
    let authority = Authority::new("ours");
    let server = RedisServer::start();
    let url = format!("rediss://:{SECRET}@127.0.0.1:{}", server.port());
    let options = BackendOptions {
        deadline: Duration::from_millis(500),
        tls: trusting(&authority),
        ..BackendOptions::default()
    };
    let backend = connect_with(&url, &options);
    // Redis waits for the end of what it takes for a command; a call may end before the first
    // attempt.
    let start = Instant::now();
    loop {
        let text = said(&*backend).await;
        if text.contains("is the port for TLS?") {
            break;
        }
        assert!(start.elapsed() < PATIENCE, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_without_tls_to_a_server_with_is_unavailable_and_says_so() {
    let authority = Authority::new("ours");
    let server = serve(ServerTls::new(authority.issue("server", &LOOPBACK)));
    let backend = connect(&server.url().replace("rediss", "redis"));
    let text = said(&*backend).await;
    assert!(text.contains("if it expects TLS, use rediss://"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_server_that_requires_a_certificate_accepts_those_of_its_root_only() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let server = serve(ServerTls {
        clients: Some(ours.root()),
        ..ServerTls::new(ours.issue("server", &LOOPBACK))
    });
    let user = bucket("user");

    let known = showing(&ours, ours.issue("client", &["client"]));
    let known = connect_over_tls(&server.url(), known);
    set(&*known, &user, "k", "v", None).await.unwrap();
    assert_eq!(get(&*known, &user, "k").await, lasting("v"));

    let foreign = showing(&ours, theirs.issue("client", &["client"]));
    for options in [trusting(&ours), foreign] {
        let text = said(&*connect_over_tls(&server.url(), options)).await;
        assert!(text.contains("client certificate"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_server_with_a_new_certificate_works_without_a_new_backend() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let identity = ours.issue("server", &["cache.example"]);
    let mut server = serve(ServerTls::new(identity));
    let backend = connect_over_tls(&server.url(), trusting(&ours));
    let other = connect_over_tls(&server.url(), trusting(&theirs));
    for _ in 0..3 {
        said(&*backend).await;
    }

    ours.issue("server", &LOOPBACK);
    server.restart_on_same_port();

    assert_eq!(get(&*backend, &bucket("user"), "k").await, Slot::Absent);
    assert!(said(&*other).await.contains("is not trusted"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_server_over_tls_killed_and_restarted_works_again_at_once() {
    let authority = Authority::new("ours");
    let mut server = serve(ServerTls::new(authority.issue("server", &LOOPBACK)));
    let backend = connect_over_tls(&server.url(), trusting(&authority));
    let user = bucket("user");
    for _ in 0..3 {
        set(&*backend, &user, "k", "v", None).await.unwrap();
        server.kill();
        said(&*backend).await;
        server.restart_on_same_port();
        assert_eq!(get(&*backend, &user, "k").await, Slot::Absent);
    }
}

#[tokio::test]
async fn open_unusable_files_are_refused_with_distinct_errors() {
    let authority = Authority::new("ours");
    let client = authority.issue("client", &["client"]);
    let other = authority.issue("other", &["client"]);
    let file = |name: &str, text: &str| {
        let file = authority.folder().join(name);
        fs::write(&file, text).unwrap();
        Some(file)
    };
    let missing = Some(authority.folder().join("missing.pem"));
    let empty = file("empty.pem", "no certificate here");
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let broken = file("broken.pem", broken);
    let (cert, key) = (Some(client.cert), Some(client.key));
    let tls = |ca: &Option<_>, cert: &Option<_>, key: &Option<_>| {
        let (ca, cert, key) = (ca.clone(), cert.clone(), key.clone());
        refusal("rediss://:hunter2@localhost", TlsOptions { ca, cert, key })
    };
    let none = None;

    assert!(matches!(
        tls(&missing, &none, &none),
        TlsError::Unreadable { .. }
    ));
    assert!(matches!(
        tls(&none, &missing, &key),
        TlsError::Unreadable { .. }
    ));
    assert!(matches!(
        tls(&none, &cert, &missing),
        TlsError::Unreadable { .. }
    ));
    assert!(matches!(
        tls(&empty, &none, &none),
        TlsError::NoCertificate(_)
    ));
    assert!(matches!(
        tls(&key, &none, &none),
        TlsError::NoCertificate(_)
    ));
    assert!(matches!(
        tls(&none, &empty, &key),
        TlsError::NoCertificate(_)
    ));
    assert!(matches!(
        tls(&broken, &none, &none),
        TlsError::BadCertificate(_)
    ));
    assert!(matches!(tls(&none, &cert, &empty), TlsError::NoKey(_)));
    assert!(matches!(tls(&none, &cert, &cert), TlsError::NoKey(_)));
    assert!(matches!(
        tls(&none, &cert, &none),
        TlsError::CertificateWithoutKey
    ));
    assert!(matches!(
        tls(&none, &none, &key),
        TlsError::KeyWithoutCertificate
    ));
    assert!(matches!(
        tls(&none, &cert, &Some(other.key)),
        TlsError::Unfit(_)
    ));
}

#[tokio::test]
async fn open_certificates_for_a_store_without_tls_are_refused() {
    let authority = Authority::new("ours");
    for url in [
        "redis://localhost",
        "redis+unix:///run/redis.sock",
        "sqlite:none.db",
        "memory:",
    ] {
        let error = refusal(url, trusting(&authority));
        assert!(matches!(error, TlsError::NotOverTls), "{url}: {error}");
    }
    assert!(!std::path::Path::new("none.db").exists());
}

/// Returns why there cannot be a backend.
fn refusal(url: &str, tls: TlsOptions) -> TlsError {
    let url: BackendUrl = url.parse().unwrap();
    let options = BackendOptions {
        tls,
        ..BackendOptions::default()
    };
    let opened: Result<Arc<dyn KvBackend>, _> = open(&url, &options, Handle::current());
    match opened {
        Err(OpenError::Tls(error)) => {
            assert!(!everything_of(&error).contains(SECRET));
            error
        }
        Err(other) => panic!("the certificates are refused, not: {other}"),
        Ok(_) => panic!("the certificates must be refused"),
    }
}
