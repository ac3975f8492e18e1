//! `flipcache serve`, with components that are real.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use flipcache_tests::components::{HOSTILE, KEYVALUE_PROXY};
use flipcache_tests::examples::{SHORTENER, WORD_COUNT};

use crate::composed::composed;
use crate::program::Program;
use crate::served::{KeptAlive, Served, answer};

/// Less than any request took that had to wait until slow clients had had 30 seconds.
const SOON: Duration = Duration::from_secs(25);

#[test]
fn serve_shortener_shares_one_local_tier_among_instances() {
    let program = Program::new();
    let url = format!("sqlite:{}", program.home().join("links.db").display());
    let served = Served::start_with(Program::with_backend(&url), SHORTENER, &[]);
    let added = served.post("/", "https://example.com/");
    assert_eq!((added.status, &*added.body), (201, "1\n"), "{added:?}");
    let found = served.get("/1");
    assert_eq!(found.status, 302, "{found:?}");
    assert!(
        found.head.contains("location: https://example.com/"),
        "{found:?}"
    );
    assert!(found.head.contains("x-cache: local"), "{found:?}");
    assert_eq!(served.stop(), "");

    let served = Served::start_with(Program::with_backend(&url), SHORTENER, &[]);
    for tier in ["backend", "local", "local"] {
        let found = served.get("/1");
        let expected = format!("x-cache: {tier}");
        assert!(found.head.contains(&expected), "{expected}: {found:?}");
    }
    assert_eq!(served.stop(), "");
}

#[test]
fn serve_with_the_cache_composed_in_has_one_that_ends_with_the_request() {
    let program = Program::with_backend("memory:");
    let file = composed(SHORTENER, program.home());
    let served = Served::start_with(program, &file, &[]);
    for code in ["1\n", "2\n"] {
        assert_eq!(served.post("/", "https://example.com/").body, code);
    }
    for _ in 0..2 {
        let found = served.get("/2");
        assert!(found.head.contains("x-cache: backend"), "{found:?}");
    }
    assert_eq!(served.stop(), "");
}

#[test]
fn serve_request_that_fails_costs_itself_and_is_logged_without_its_query() {
    let served = Served::start(HOSTILE, &["--max-memory", "16MiB"]);
    for path in ["/trap?s3cret", "/nothing", "/error", "/eat"] {
        let failed = served.get(path);
        assert_eq!(
            (failed.status, &*failed.body),
            (500, "the application failed\n"),
            "{path}"
        );
        assert_eq!(served.get("/").body, "hello", "after {path}");
    }
    let log = served.stop();
    for words in [
        "path=\"/trap\"",
        "unreachable",
        "returned no response",
        "LoopDetected",
        "--max-memory",
    ] {
        assert!(log.contains(words), "{words}: {log}");
    }
    assert!(!log.contains("s3cret"), "{log}");
}

#[test]
fn serve_endless_loops_are_interrupted_and_block_no_other_request() {
    let served = Served::start(HOSTILE, &["--timeout", "3"]);
    let spin = "POST /spin HTTP/1.0\r\nhost: test\r\ncontent-length: 0\r\n\r\n";
    let spinning: Vec<_> = (0..6).map(|_| served.send(spin)).collect();
    let spinning: Vec<_> = spinning
        .into_iter()
        .map(|stream| thread::spawn(|| answer(stream)))
        .collect();
    assert_eq!(served.get("/").body, "hello");
    assert!(
        spinning.iter().all(|spin| !spin.is_finished()),
        "it must not wait for them"
    );
    for spin in spinning {
        assert_eq!(spin.join().expect("it must be answered").status, 504);
    }
    assert!(served.stop().contains("--timeout"));
}

#[test]
fn serve_truncated_response_does_not_look_complete() {
    let served = Served::start(HOSTILE, &["--timeout", "1"]);
    let mut stream = served.send("GET /begin HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    let mut told = Vec::new();
    // It may also be reset.
    let _ = stream.read_to_end(&mut told);
    let told = String::from_utf8_lossy(&told);
    assert!(told.contains("begun"), "{told}");
    assert!(!told.ends_with("0\r\n\r\n"), "{told}");
}

#[test]
fn serve_more_requests_than_allowed_get_503_after_a_while() {
    let served = Served::start(HOSTILE, &["--max-concurrency", "1"]);
    let mut first = served.begin_post("/spin", 5);
    first.write_all(b"fives").expect("it must take them");
    let second = served.get("/");
    assert_eq!(second.status, 503, "{second:?}");
    assert!(second.head.contains("retry-after: 1"), "{second:?}");
    let third = served.send("GET / HTTP/1.0\r\nhost: test\r\n\r\n");
    drop(first);
    assert_eq!(
        answer(third).status,
        200,
        "it had to wait, and its turn came"
    );
}

/// Returns whether the server has closed, and not because it was too slow to.
fn is_closed(mut stream: TcpStream) -> bool {
    let read = stream
        .set_read_timeout(Some(SOON))
        .and_then(|()| stream.read_to_end(&mut Vec::new()));
    // It may also be reset.
    read.is_ok_and(|len| len == 0) || {
        let again = stream.read(&mut [0]);
        !again.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }
}

#[test]
fn serve_slow_body_yields_to_a_waiting_request() {
    let served = Served::start(HOSTILE, &["--max-concurrency", "1", "--timeout", "600"]);
    let slow = served.begin_post("/echo", 5);
    let other = served.get("/");
    assert_eq!((other.status, &*other.body), (200, "hello"), "{other:?}");
    assert!(is_closed(slow), "the slow one must give way");
    assert_eq!(served.stop(), "");
}

#[test]
fn serve_clients_with_slow_heads_block_no_other_client() {
    let served = Served::start(HOSTILE, &["--max-concurrency", "1"]);
    // More than may be open. Where they do not find room at once, an ordinary one is behind them.
    let slow: Vec<_> = (0..450)
        .map(|number| match number % 2 {
            0 => served.connect().expect("it must listen"),
            _ => served.send("GET / HT"),
        })
        .collect();
    for _ in 0..3 {
        let ordinary = served.send("GET / HTTP/1.0\r\nhost: test\r\n\r\n");
        let timeout = ordinary.set_read_timeout(Some(SOON));
        timeout.expect("it must be set");
        assert_eq!(answer(ordinary).body, "hello");
    }
    drop(slow);
    assert_eq!(served.stop(), "");
}

#[test]
fn serve_first_byte_head_and_body_have_deadlines() {
    let served = Served::start(HOSTILE, &["--timeout", "600"]);
    let slow = [
        served.connect().expect("it must listen"),
        served.send("GET / HT"),
        served.begin_post("/echo", 5),
    ];
    let waiting: Vec<_> = slow
        .into_iter()
        .map(|stream| thread::spawn(|| is_closed(stream)))
        .collect();
    for (stream, what) in waiting.into_iter().zip(["first byte", "head", "body"]) {
        let is_closed = stream.join().expect("it must not panic");
        assert!(is_closed, "{what} must have a deadline");
    }
    assert_eq!(served.stop(), "");
}

#[test]
fn serve_head_may_have_100_fields() {
    let served = Served::start(HOSTILE, &[]);
    for (fields, status) in [(100, 200), (101, 431)] {
        // One of them is `host`.
        let fields: String = (1..fields)
            .map(|number| format!("f{number}: v\r\n"))
            .collect();
        let stream = served.send(&format!("GET / HTTP/1.0\r\nhost: test\r\n{fields}\r\n"));
        assert_eq!(answer(stream).status, status);
    }
}

#[test]
fn serve_client_that_disconnects_drops_its_instance() {
    let served = Served::start(HOSTILE, &["--max-concurrency", "1", "--timeout", "600"]);
    let mut gone = served.begin_post("/spin", 5);
    gone.write_all(b"fives").expect("it must take them");
    drop(gone);
    assert_eq!(served.get("/").body, "hello", "the turn must be free again");
}

#[test]
fn serve_sigterm_finishes_the_request_in_flight() {
    let served = Served::start(HOSTILE, &[]);
    let idle = served.connect().expect("it must listen");
    let mut flying = served.begin_post("/echo", 5);
    served.signal("-TERM");
    served.wait_until_closed();
    flying.write_all(b"fives").expect("it must take them");
    assert!(answer(flying).body.contains("fives"));
    let (status, err) = served.wait();
    assert_eq!((status.code(), &*err), (Some(0), ""));
    drop(idle);
}

#[test]
fn serve_sigterm_ends_no_connection_before_it_has_said_so() {
    let served = Served::start(HOSTILE, &[]);
    let (begun, all_begun) = mpsc::channel();
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let stream = served.connect().expect("it must listen");
            let begun = begun.clone();
            thread::spawn(move || -> std::io::Result<String> {
                let mut client = KeptAlive::new(stream);
                client.get("/")?;
                // The test may have failed.
                let _ = begun.send(());
                while !client.get("/")?.contains("connection: close") {}
                client.end()
            })
        })
        .collect();
    for _ in &clients {
        all_begun.recv().expect("each must be served");
    }
    served.signal("-TERM");
    for client in clients {
        let rest = client.join().expect("it must not panic");
        assert_eq!(rest.expect("no request must be lost"), "");
    }
    let (status, err) = served.wait();
    assert_eq!((status.code(), &*err), (Some(0), ""));
}

#[test]
fn serve_without_its_backend_says_so_and_keeps_running() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("there must be a free port");
    let addr = taken.local_addr().expect("it has one");
    // From now on no server listens there.
    drop(taken);
    let program = Program::with_backend(&format!("redis://{addr}"));
    let mut served = Served::start_with(program, HOSTILE, &[]);
    let line = served.log_line();
    assert!(line.contains("the backend cannot be reached"), "{line}");
    assert_eq!(served.get("/").body, "hello");
}

#[test]
fn serve_more_names_than_allowed_are_logged_once() {
    let served = Served::start(KEYVALUE_PROXY, &["--max-names", "1"]);
    assert_eq!(served.get("/first/k").status, 404);
    for _ in 0..2 {
        assert_eq!(served.get("/second/k").status, 500);
    }
    assert_eq!(served.get("/first/k").status, 404);
    let log = served.stop();
    assert_eq!(log.matches("--max-names").count(), 1, "{log}");
}

#[test]
fn serve_second_signal_ends_at_once() {
    let served = Served::start(HOSTILE, &[]);
    let flying = served.begin_post("/echo", 5);
    served.signal("-INT");
    served.wait_until_closed();
    served.signal("-INT");
    let (status, err) = served.wait();
    assert_eq!(status.code(), Some(0));
    assert!(err.contains("cut off"), "{err}");
    drop(flying);
}

#[test]
fn serve_what_an_application_asks_of_others_is_denied_and_what_it_prints_is_a_log() {
    let served = Served::start(HOSTILE, &[]);
    let asked = served.get("/ask");
    assert!(asked.body.contains("HttpRequestDenied"), "{asked:?}");
    assert_eq!(served.get("/print").body, "printed");
    assert_eq!(served.stop(), "printed by the application\n");
}

#[test]
fn serve_malformed_request_is_rejected_without_an_instance() {
    let served = Served::start(HOSTILE, &["--max-body", "10"]);
    assert_eq!(served.post("/echo", "ten bytes.").body, "ten bytes.");
    assert_eq!(served.post("/echo", "eleven bytes").status, 413);
    let chunked = served.send(
        "POST /echo HTTP/1.1\r\nhost: test\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\nb\r\nelevenbytes\r\n0\r\n\r\n",
    );
    assert!(answer(chunked).body.contains("the body broke off"));
    assert_eq!(answer(served.send("GET / HTTP/1.0\r\n\r\n")).status, 400);
    let large = "x".repeat(100_000);
    let large = served.send(&format!(
        "GET / HTTP/1.0\r\nhost: test\r\nx: {large}\r\n\r\n"
    ));
    assert_eq!(answer(large).status, 431);
    assert_eq!(served.stop(), "");
}

#[test]
fn serve_json_tells_the_address_in_json() {
    let program = Program::with_backend("memory:");
    let mut child = program
        .command()
        .args(["--json", "serve", HOSTILE, "--addr", "127.0.0.1:0"])
        .spawn()
        .expect("the binary must start");
    let mut line = String::new();
    let out = child.stdout.take().expect("its output is a pipe");
    let read = BufReader::new(out).read_line(&mut line);
    child.kill().expect("it must run");
    child.wait().expect("it must end");
    read.expect("it must tell where it listens");
    let told = line.strip_prefix(r#"{"ok":true,"value":"http://127.0.0.1:"#);
    let told = told.and_then(|rest| rest.strip_suffix("\",\"source\":\"none\"}\n"));
    let port = told.and_then(|port| port.parse::<u16>().ok());
    assert!(port.is_some_and(|port| port != 0), "{line}");
}

#[test]
fn serve_that_cannot_listen_or_is_no_proxy_says_so() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("there must be a free port");
    let addr = taken.local_addr().expect("it has one").to_string();
    let program = Program::with_backend("memory:");
    let outcome = program.run(&["serve", HOSTILE, "--addr", &addr]);
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(outcome.err.contains(&addr), "{outcome:?}");
    let outcome = program.run(&["serve", WORD_COUNT]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.err.contains("flipcache run"), "{outcome:?}");
}
