//! Servers, and proxies before them, that refuse something in words of their own: what they said
//! decides, and is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::pin::pin;
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use flipcache::backend::BackendError;
use flipcache_tests::cluster::MASTERS;
use flipcache_tests::{ClusterOptions, RedisCluster, RedisOptions, RedisServer};

use crate::stores::{
    bucket, connect, connect_within, everything_of, failure, foreign, get, lasting, set,
};

/// Stands before a server, and refuses `HELLO` with a line. Returns its port. Ends with the
/// process.
fn refusing_hello(server: &RedisServer, line: &'static str) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port must be free");
    let (own, behind) = (listener.local_addr().unwrap().port(), server.port());
    thread::spawn(move || {
        for client in listener.incoming() {
            thread::spawn(move || relay(client.ok()?, behind, line).ok());
        }
    });
    own
}

fn relay(mut client: TcpStream, behind: u16, line: &str) -> std::io::Result<()> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, behind))?;
    let (mut replies, mut back) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || std::io::copy(&mut replies, &mut back));
    let mut commands = BufReader::new(client.try_clone()?);
    loop {
        let command = command(&mut commands)?;
        match command.windows(5).any(|word| word == b"HELLO") {
            // It comes first on a connection: no reply of the server's is on its way.
            true => client.write_all(format!("-{line}\r\n").as_bytes())?,
            false => server.write_all(&command)?,
        }
    }
}

/// Returns the bytes of one command.
fn command(client: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for _ in 0..number(client, &mut bytes)? {
        let length = number(client, &mut bytes)?;
        let start = bytes.len();
        bytes.resize(start + length + 2, 0);
        client.read_exact(&mut bytes[start..])?;
    }
    Ok(bytes)
}

fn number(client: &mut impl BufRead, bytes: &mut Vec<u8>) -> std::io::Result<usize> {
    let start = bytes.len();
    if client.read_until(b'\n', bytes)? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    let line = String::from_utf8_lossy(&bytes[start + 1..]);
    Ok(line.trim().parse().unwrap_or(0))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_hello_rejected_with_any_text_uses_resp2() {
    let server = RedisServer::start_with(RedisOptions {
        password: Some("hunter2".to_owned()),
        ..RedisOptions::default()
    });
    for line in [
        "ERR unknown command 'HELLO'",
        "NOPROTO unsupported protocol version",
        "ERR unsupported command 'hello'",
        "ERR invalid command",
        "NOAUTH Authentication required.",
        "NOPERM no",
        "INVALID_REQUEST",
    ] {
        let port = refusing_hello(&server, line);
        let backend = connect(&format!("redis://:hunter2@127.0.0.1:{port}"));
        let user = bucket("user");
        let written = set(&*backend, &user, "k", "v", None).await;
        assert!(written.is_ok(), "{line}: {written:?}");
        assert_eq!(get(&*backend, &user, "k").await, lasting("v"));

        let wrong = connect(&format!("redis://:wrong@127.0.0.1:{port}"));
        let error = failure(&*wrong).await;
        assert!(
            matches!(error, BackendError::AccessDenied(_)),
            "{line}: {error:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_hello_rejected_for_a_missing_or_wrong_password_is_denied() {
    let server = RedisServer::start();
    let [missing, wrong] = ["NOAUTH Authentication required.", "WRONGPASS no"]
        .map(|line| refusing_hello(&server, line));
    for url in [
        format!("redis://127.0.0.1:{missing}"),
        format!("redis://:pw@127.0.0.1:{wrong}"),
    ] {
        let error = failure(&*connect(&url)).await;
        assert!(matches!(error, BackendError::AccessDenied(_)), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_plain_url_at_a_node_of_a_cluster_names_the_right_url() {
    let cluster = RedisCluster::start_with(ClusterOptions {
        has_replicas: false,
        ..ClusterOptions::default()
    });
    let whole = connect(&cluster.url());
    let user = bucket("user");
    for number in 0..30 {
        let key = number.to_string();
        set(&*whole, &user, &key, "v", None).await.unwrap();
    }
    for node in &cluster.nodes()[..MASTERS] {
        let older = refusing_hello(node, "NOPROTO no");
        for url in [node.url(), format!("redis://127.0.0.1:{older}")] {
            let plain = connect(&url);
            let refused = [
                set(&*plain, &user, "k", "v", None).await.err(),
                plain.scan(&user, None, 10).await.err(),
                plain.count(&user).await.err(),
                plain.clear(&user).await.err(),
                Some(failure(&*plain).await),
            ];
            for error in refused {
                let Some(BackendError::Unsupported(cause)) = error else {
                    panic!("{url}: a part of the keys is not all of them: {error:?}");
                };
                let text = everything_of(&*cause);
                assert!(text.contains("redis+cluster://"), "{text}");
            }
        }
    }
    assert_eq!(whole.count(&user).await.unwrap(), 30, "nothing was done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_server_with_too_many_clients_says_so() {
    let server = RedisServer::start();
    // The test's own, which stays; the server keeps no more.
    let mut own = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port())).unwrap();
    own.write_all(b"*4\r\n$6\r\nCONFIG\r\n$3\r\nSET\r\n$10\r\nmaxclients\r\n$1\r\n1\r\n")
        .unwrap();
    let mut reply = [0; 5];
    own.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b"+OK\r\n");
    for url in [
        server.url(),
        format!("redis+unix://{}", server.socket().display()),
    ] {
        for _ in 0..5 {
            let error = failure(&*connect(&url)).await;
            assert!(matches!(error, BackendError::Unavailable(_)), "{error:?}");
            let text = everything_of(&error);
            assert!(text.contains("max number of clients"), "{url}: {text}");
            assert!(!text.contains("rediss"), "{text}");
        }
    }
}

/// As a server in protected mode does to those who come from elsewhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_server_that_rejects_and_closes_reports_its_error() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port must be free");
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.expect("the client must be there");
            client
                .write_all(b"-DENIED Redis is running in protected mode\r\n")
                .ok();
        }
    });
    for _ in 0..5 {
        let error = failure(&*connect(&format!("redis://127.0.0.1:{port}"))).await;
        assert!(matches!(error, BackendError::AccessDenied(_)), "{error:?}");
        assert!(everything_of(&error).contains("protected mode"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_of_a_user_without_exec_is_denied_and_keeps_the_connection() {
    let server = RedisServer::start();
    let rules = ["on", ">pw", "~*", "+@all", "-exec"];
    let _: () = foreign(&server, &[&["ACL", "SETUSER", "app"], &rules[..]].concat());
    let backend = connect(&format!("redis://app:pw@127.0.0.1:{}", server.port()));
    let user = bucket("user");
    set(&*backend, &user, "k", "v", None).await.unwrap();
    let id = || {
        let clients: String = foreign(&server, &["CLIENT", "LIST"]);
        let own = clients.lines().find(|line| line.contains("user=app"));
        let own = own.expect("the backend must be connected");
        own.split(' ').next().unwrap().to_owned()
    };
    let before = id();

    let hour = Some(Duration::from_secs(3600));
    for error in [
        Some(failure(&*backend).await),
        backend.increment(&user, "n", 1, hour).await.err(),
    ] {
        let Some(BackendError::AccessDenied(cause)) = error else {
            panic!("the user may not do this: {error:?}");
        };
        assert!(cause.to_string().starts_with("NOPERM"), "{cause}");
    }
    assert_eq!(id(), before, "nothing was wrong with the connection");
}

/// A caller that polls one future and keeps it must not hold up others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscribe_future_that_is_not_polled_blocks_no_other_caller() {
    let deadline = Duration::from_secs(5);
    let server = RedisServer::start();
    let backend = connect_within(&server.url(), deadline);
    set(&*backend, &bucket("user"), "k", "v", None)
        .await
        .unwrap();
    let (one, other) = (bucket("one"), bucket("other"));
    let mut kept = pin!(backend.subscribe(&one));
    let waker = Waker::noop();
    let first = kept.as_mut().poll(&mut Context::from_waker(waker));
    assert!(first.is_pending(), "the server must be asked");

    let heard = tokio::time::timeout(3 * deadline, backend.subscribe(&other)).await;

    heard
        .expect("wait for the server, not for another caller")
        .expect("the server must follow");
    kept.await.expect("the server must follow");
}
