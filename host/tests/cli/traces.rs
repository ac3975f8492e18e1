//! Traces, for a collector that is real enough: it takes what is posted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::program::{Outcome, Program};

/// The timeout of a wait in a test.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was posted.
struct Post {
    line: String,
    body: Vec<u8>,
}

/// Takes posts until the test is over.
struct Collector {
    addr: SocketAddr,
    posts: Receiver<Post>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there must be a free port");
        let addr = listener.local_addr().expect("it has one");
        let (sender, posts) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let taken = stream.and_then(|stream| take(stream, &sender));
                taken.expect("what is posted must be a request of HTTP");
            }
        });
        Self { addr, posts }
    }

    fn post(&self) -> Post {
        let post = self.posts.recv_timeout(PATIENCE);
        post.expect("spans must be posted before the program ends")
    }
}

fn take(mut stream: TcpStream, sender: &Sender<Post>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut line, mut length) = (String::new(), 0);
    reader.read_line(&mut line)?;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let header = header.trim().to_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length is a number");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")?;
    // The test may have ended.
    let _ = sender.send(Post { line, body });
    Ok(())
}

fn run(command: &mut Command, words: &[&str]) -> Outcome {
    let output = command.args(words).output();
    let output = output.expect("the binary must start");
    Outcome {
        code: output.status.code().expect("no signal must end it"),
        out: output.stdout,
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn has(bytes: &[u8], words: &str) -> bool {
    bytes
        .windows(words.len())
        .any(|part| part == words.as_bytes())
}

#[test]
fn spans_of_a_command_are_posted_before_it_ends_and_have_no_value() {
    let collector = Collector::start();
    let program = Program::with_backend("memory:");
    let mut command = program.command();
    let url = format!("http://{}", collector.addr);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", url);
    let outcome = run(
        &mut command,
        &["--name", "user", "set", "s3cret-key", "s3cret"],
    );
    assert_eq!((outcome.code, outcome.err.as_str()), (0, ""), "{outcome:?}");
    let Post { line, body } = collector.post();
    assert_eq!(line, "POST /v1/traces HTTP/1.1\r\n");
    for words in [
        "service.name",
        "flipcache",
        "kv.set",
        "db.system.name",
        "memory",
        "user",
    ] {
        let text = String::from_utf8_lossy(&body);
        assert!(has(&body, words), "{words} must be in {text}");
    }
    assert!(
        !has(&body, "s3cret"),
        "spans must contain neither keys nor values"
    );
}

#[test]
fn service_is_called_as_the_variable_says() {
    let collector = Collector::start();
    let program = Program::with_backend("memory:");
    let mut command = program.command();
    let url = format!("http://{}/v1/traces", collector.addr);
    command.env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", url);
    command.env("OTEL_SERVICE_NAME", "checkout");
    let outcome = run(&mut command, &["len"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let post = collector.post();
    assert!(has(&post.body, "checkout") && has(&post.body, "kv.count"));
}

#[test]
fn collector_that_is_down_or_silent_affects_no_command() {
    let gone = TcpListener::bind("127.0.0.1:0").expect("there must be a free port");
    let gone = gone.local_addr().expect("it has one");
    // It accepts, and never replies.
    let silent = TcpListener::bind("127.0.0.1:0").expect("there must be a free port");
    let silent_addr = silent.local_addr().expect("it has one");
    for addr in [gone, silent_addr] {
        let program = Program::with_backend("memory:");
        let mut command = program.command();
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{addr}"));
        let start = Instant::now();
        let outcome = run(&mut command, &["set", "a", "1"]);
        assert_eq!((outcome.code, outcome.err.as_str()), (0, ""), "{outcome:?}");
        assert!(start.elapsed() < PATIENCE, "it must not wait for {addr}");
    }
    drop(silent);
}

#[test]
fn invalid_collector_is_reported_and_affects_no_command() {
    let program = Program::with_backend("memory:");
    let mut command = program.command();
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.example");
    let outcome = run(&mut command, &["set", "a", "1"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.err.contains("http://"), "{outcome:?}");
}

#[test]
fn nothing_is_posted_unless_a_collector_is_named_and_wanted() {
    let collector = Collector::start();
    let url = format!("http://{}", collector.addr);
    for (name, value) in [
        ("OTEL_SDK_DISABLED", "true"),
        ("OTEL_TRACES_EXPORTER", "none"),
    ] {
        let program = Program::with_backend("memory:");
        let mut command = program.command();
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &url);
        command.env(name, value);
        let outcome = run(&mut command, &["set", "a", "1"]);
        assert_eq!(outcome.code, 0, "{outcome:?}");
    }
    assert!(
        collector.posts.try_recv().is_err(),
        "the programs have ended"
    );
}
