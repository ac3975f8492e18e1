//! `stats`: its output as text and as JSON, by either engine.

use flipcache_tests::RedisServer;

use crate::program::Program;
use crate::shell::{Shell, answers};

/// Returns the lines of `stats`, without those that differ from run to run.
fn lines(text: &str) -> Vec<&str> {
    let lines = text.lines();
    lines
        .filter(|line| !line.starts_with("invalidation_seconds "))
        .collect()
}

#[test]
fn stats_as_text_are_lines_of_a_name_and_a_value() {
    let program = Program::with_backend("memory:");
    let outcome = program.run_with_input(
        &["--local-max", "1", "shell"],
        b"set a 1\nset b 2\nset b 3\nget b\nget absent\ndel b\nstats\n",
    );
    let text = outcome.text();
    let (_, told) = text.split_once("1\nlocal_hits").expect("stats are told");
    let told = format!("local_hits{told}");
    assert_eq!(
        lines(&told),
        [
            "local_hits 1",
            "backend_hits 0",
            "misses 1",
            "stale_hits 0",
            "absent_hits 0",
            "removals_size 1",
            "removals_expired 0",
            "removals_explicit 1",
            "removals_replaced 1",
            "removals_invalidated 0",
            "removals_flushed 0",
            "refused_fills 0",
            "too_large 0",
            "backend_errors 0",
            "local_len 0",
            "local_bytes 0",
            "invalidation live",
            "epoch 0",
        ]
    );
    assert!(told.contains("\ninvalidation_seconds "), "{told}");
}

#[test]
fn stats_as_json_have_removals_by_cause_and_the_state_of_the_backend() {
    for path in ["shards", "component"] {
        let program = Program::with_backend("memory:");
        let options = ["--engine", path, "--breaker", "3"];
        let told = answers(&program, &options, "set a 1\nget a\nclear\nstats\n");
        let stats = &told[3]["value"];
        assert_eq!(stats["removals"]["explicit"], 1, "{path}: {stats}");
        assert_eq!(
            stats["removals"]["invalidated"], 0,
            "its own are no news, {path}: {stats}"
        );
        assert_eq!(
            (&stats["invalidation"], &stats["epoch"], &stats["breaker"]),
            (&"live".into(), &0.into(), &"closed".into()),
            "{path}: {stats}"
        );
        assert!(stats["invalidation_seconds"].is_f64(), "{path}: {stats}");
    }
    let server = RedisServer::start();
    let program = Program::with_backend(&server.url());
    let told = answers(&program, &["--coherence", "off"], "stats\n");
    let stats = &told[0]["value"];
    assert_eq!(stats["invalidation"], "untracked");
    assert!(stats["invalidation_seconds"].is_null() && stats["breaker"].is_null());
}

#[test]
fn stats_after_a_flush_count_an_epoch_and_flushed_entries() {
    let server = RedisServer::start();
    let program = Program::with_backend(&server.url());
    let mut shell = Shell::start(&program, &[]);
    assert_eq!(shell.ask("set a 1")["ok"], true);
    let client = redis::Client::open(server.url()).expect("the server's URL must be valid");
    let mut connection = client.get_connection().expect("the server must be up");
    let () = redis::cmd("FLUSHALL")
        .query(&mut connection)
        .expect("the server must reply");
    let stats = shell.ask_until("stats", |stats| stats["value"]["epoch"] == 1);
    assert_eq!(stats["value"]["removals"]["flushed"], 1, "{stats}");
    assert_eq!(stats["value"]["invalidation"], "live");
    shell.end();
}
