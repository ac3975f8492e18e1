//! `--metrics`: what Prometheus fetches while a command runs.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::ChildStderr;
use std::time::{Duration, Instant};

use flipcache_tests::RedisServer;
use flipcache_tests::examples::SHORTENER;

use crate::program::Program;
use crate::served::{Answer, Served, answer};
use crate::shell::Shell;

/// The timeout of a wait in a test.
const PATIENCE: Duration = Duration::from_secs(20);

const ANY_PORT: [&str; 2] = ["--metrics", "127.0.0.1:0"];

/// A page of metrics.
#[derive(Debug)]
pub(crate) struct Page(String);

impl Page {
    pub(crate) fn fetch(addr: SocketAddr) -> Self {
        let page = ask(addr, "GET /metrics");
        assert_eq!(page.status, 200, "{page:?}");
        assert!(page.head.contains("version=0.0.4"), "{page:?}");
        Self(page.body)
    }

    /// Returns what a metric with these labels is; `None` if it is not there.
    fn get(&self, metric: &str) -> Option<f64> {
        let line = self.0.lines().find_map(|line| line.strip_prefix(metric))?;
        line.strip_prefix(' ')?.parse().ok()
    }

    #[track_caller]
    pub(crate) fn is(&self, metric: &str, expected: f64) {
        assert_eq!(self.get(metric), Some(expected), "{metric} in\n{}", self.0);
    }

    /// Returns the names of all metrics on it.
    fn names(&self) -> BTreeSet<&str> {
        let types = self
            .0
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE "));
        types.filter_map(|line| line.split(' ').next()).collect()
    }
}

fn ask(addr: SocketAddr, what: &str) -> Answer {
    let mut stream = TcpStream::connect(addr).expect("it must listen");
    let patience = stream.set_read_timeout(Some(PATIENCE));
    patience.expect("a socket has a timeout");
    write!(stream, "{what} HTTP/1.0\r\nhost: test\r\n\r\n").expect("it must be taken");
    answer(stream)
}

/// Reads where the page is.
pub(crate) fn told(err: &mut BufReader<ChildStderr>) -> SocketAddr {
    let mut line = String::new();
    err.read_line(&mut line)
        .expect("standard error must be text");
    let addr = line
        .strip_prefix("metrics at http://")
        .and_then(|rest| rest.trim_end().strip_suffix("/metrics"))
        .and_then(|addr| addr.parse().ok());
    addr.unwrap_or_else(|| panic!("it must tell where the page is: {line:?}"))
}

/// Returns a shell over a server, and the address of its page.
fn shell(url: &str, options: &[&str]) -> (Shell, SocketAddr) {
    let program = Program::with_backend(url);
    let mut shell = Shell::start(&program, &[&ANY_PORT[..], options].concat());
    let addr = told(shell.stderr());
    (shell, addr)
}

/// Fetches the page until it is as it must be.
fn wait_until(addr: SocketAddr, why: &str, is: impl Fn(&Page) -> bool) -> Page {
    let start = Instant::now();
    loop {
        let page = Page::fetch(addr);
        if is(&page) {
            return page;
        }
        assert!(start.elapsed() < PATIENCE, "{why}:\n{}", page.0);
    }
}

#[test]
fn page_of_a_shell_counts_what_its_cache_did() {
    let server = RedisServer::start();
    let (mut shell, addr) = shell(&server.url(), &["--name", "user"]);
    for line in [
        "set a 1",
        "get a",
        "get a",
        "get absent",
        "del a",
        "set b 2",
    ] {
        assert_eq!(shell.ask(line)["ok"], true, "{line}");
    }
    let page = Page::fetch(addr);
    page.is(r#"flipcache_reads_total{cache="user",source="local"}"#, 2.0);
    page.is(r#"flipcache_reads_total{cache="user",source="none"}"#, 1.0);
    page.is(
        r#"flipcache_removals_total{cache="user",cause="explicit"}"#,
        1.0,
    );
    page.is(
        r#"flipcache_removals_total{cache="user",cause="invalidated"}"#,
        0.0,
    );
    page.is(r#"flipcache_local_entries{cache="user"}"#, 1.0);
    page.is(r#"flipcache_local_bytes{cache="user"}"#, 2.0);
    page.is(
        r#"flipcache_invalidation_status{system="redis",status="live"}"#,
        1.0,
    );
    let sets = r#"{system="redis",operation="set",outcome="ok""#;
    let count = format!("flipcache_backend_call_seconds_count{sets}}}");
    page.is(&count, 2.0);
    for end in ["0.00005", "5", "+Inf"] {
        let bucket = format!("flipcache_backend_call_seconds_bucket{sets},le=\"{end}\"}}");
        assert!(page.get(&bucket).is_some(), "{bucket} in\n{}", page.0);
    }

    Program::with_backend(&server.url()).done(&["--name", "user", "set", "b", "3"]);
    let told = r#"flipcache_removals_total{cache="user",cause="invalidated"}"#;
    wait_until(addr, "what others write drops an entry", |page| {
        page.get(told) == Some(1.0)
    });
    shell.end();
}

#[test]
fn page_after_the_server_died_shows_lost_invalidations_and_the_breaker() {
    let mut server = RedisServer::start();
    let (mut shell, addr) = shell(&server.url(), &["--breaker", "2", "--breaker-pause", "600"]);
    assert_eq!(shell.ask("set a 1")["ok"], true);
    let page = Page::fetch(addr);
    page.is(
        r#"flipcache_backend_breaker{system="redis",state="closed"}"#,
        1.0,
    );
    page.is(r#"flipcache_backend_epochs_total{system="redis"}"#, 0.0);
    server.kill();
    let lost = r#"flipcache_invalidation_status{system="redis",status="lost"}"#;
    let page = wait_until(
        addr,
        "the page must show that invalidations are lost",
        |page| page.get(lost) == Some(1.0),
    );
    page.is(
        r#"flipcache_invalidation_status{system="redis",status="live"}"#,
        0.0,
    );
    for _ in 0..3 {
        assert_eq!(shell.ask("get a")["error"], "unavailable");
    }
    let stats = shell.ask("stats");
    assert_eq!(stats["value"]["breaker"], "open", "{stats}");
    let page = Page::fetch(addr);
    page.is(r#"flipcache_backend_epochs_total{system="redis"}"#, 1.0);
    page.is(
        r#"flipcache_backend_breaker{system="redis",state="open"}"#,
        1.0,
    );
    page.is(
        r#"flipcache_backend_breaker{system="redis",state="closed"}"#,
        0.0,
    );
    page.is(
        r#"flipcache_backend_call_seconds_count{system="redis",operation="get",outcome="unavailable"}"#,
        2.0,
    );
    page.is(r#"flipcache_backend_errors_total{cache="default"}"#, 3.0);
    shell.end();
}

#[test]
fn page_of_a_server_tells_of_the_caches_behind_its_applications() {
    let server = RedisServer::start();
    let program = Program::with_backend(&server.url());
    let options = [&ANY_PORT[..], &["--tenant", "acme"]].concat();
    let mut served = Served::start_with(program, SHORTENER, &options);
    let addr = told(served.stderr());
    assert_eq!(served.post("/", "https://example.com/").status, 201);
    assert_eq!(served.get("/1").status, 302);
    let page = Page::fetch(addr);
    page.is(
        r#"flipcache_reads_total{cache="acme:shortener:url",source="local"}"#,
        1.0,
    );
    assert!(
        !page.0.contains("example.com"),
        "the page must not contain a value"
    );
}

/// The guide's page, whose tables name every metric, field, cause and span.
const GUIDE: &str = include_str!("../../../docs/src/observability.md");

#[test]
fn page_and_guide_name_the_same_metrics_and_stats() {
    let server = RedisServer::start();
    let (mut shell, addr) = shell(&server.url(), &["--breaker", "2"]);
    assert_eq!(shell.ask("set a 1")["ok"], true);
    let page = Page::fetch(addr);
    let rows = GUIDE.lines().filter_map(|line| line.strip_prefix("| `"));
    let named: BTreeSet<_> = rows.filter_map(|row| row.split('`').next()).collect();
    let metrics = named.iter().filter(|name| name.starts_with("flipcache_"));
    assert_eq!(
        page.names(),
        metrics.copied().collect(),
        "the page and the guide must name the same metrics"
    );
    let known = flipcache::metrics::names::ALL.map(|metric| metric.name);
    assert_eq!(page.names(), known.into_iter().collect());

    let stats = shell.ask("stats");
    let fields = stats["value"].as_object().expect("it is an object");
    let drops = fields["removals"].as_object().expect("it is an object");
    for field in fields.keys().chain(drops.keys()) {
        assert!(
            named.contains(field.as_str()),
            "the guide must have a row that begins with `{field}`"
        );
    }
    shell.end();
}

#[test]
fn page_is_the_only_one_and_is_only_read() {
    let (shell, addr) = shell("memory:", &[]);
    assert_eq!(ask(addr, "GET /").status, 404);
    let refused = ask(addr, "POST /metrics");
    assert_eq!(refused.status, 405);
    assert!(refused.head.contains("allow: get, head"), "{refused:?}");
    assert_eq!(ask(addr, "GET /metrics?x=1").status, 200);
    shell.end();
}

#[test]
fn metrics_that_cannot_be_served_say_why() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("there must be a free port");
    let addr = taken.local_addr().expect("it has one").to_string();
    let program = Program::with_backend("memory:");
    let outcome = program.run(&["--metrics", &addr, "shell"]);
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(
        outcome.err.contains("cannot serve metrics") && outcome.err.contains(&addr),
        "{outcome:?}"
    );
    for words in [
        &["get", "a"][..],
        &["stats"],
        &["shell", "--engine", "component"],
    ] {
        let outcome = program.run(&[&ANY_PORT[..], words].concat());
        assert_eq!(outcome.code, 2, "{words:?}: {outcome:?}");
        assert!(outcome.err.contains("--metrics"), "{outcome:?}");
    }
    let outcome = program.run(&["--metrics", "nonsense", "shell"]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
}

#[test]
fn page_of_a_run_ends_with_it() {
    let program = Program::with_backend("memory:");
    let mut child = program
        .command()
        .args(ANY_PORT)
        .args(["run", flipcache_tests::examples::WORD_COUNT])
        .spawn()
        .expect("the binary must start");
    let mut err = BufReader::new(child.stderr.take().expect("its errors are a pipe"));
    let addr = told(&mut err);
    // It waits for its input.
    let page = wait_until(addr, "its caches are those of the tenant", |page| {
        !page.0.is_empty()
    });
    page.is(
        r#"flipcache_invalidation_status{system="memory",status="live"}"#,
        1.0,
    );
    let mut stdin = child.stdin.take().expect("its input is a pipe");
    stdin.write_all(b"the quick").expect("it must take them");
    drop(stdin);
    let mut rest = String::new();
    err.read_to_string(&mut rest).expect("it must be text");
    assert!(child.wait().expect("it must end").success(), "{rest}");
    assert!(TcpStream::connect(addr).is_err(), "the port must be closed");
}
