//! The shell: lines in, replies out, one local tier for all lines.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use std::time::{Duration, Instant};

use flipcache_tests::RedisServer;
use serde_json::{Value, json};

use crate::program::Program;

/// The timeout of a wait in a test.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs lines in a shell with JSON output. Returns one value per line.
pub(crate) fn answers(program: &Program, options: &[&str], lines: &str) -> Vec<Value> {
    let outcome =
        program.run_with_input(&[&["--json", "shell"], options].concat(), lines.as_bytes());
    assert_eq!(outcome.err, "", "{outcome:?}");
    let answers = outcome
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    let answers: Vec<Value> = answers.collect();
    assert_eq!(answers.len(), lines.lines().count(), "one answer a line");
    let is_ok = answers.iter().all(|answer| answer["ok"] == true);
    assert_eq!(outcome.code == 0, is_ok, "{outcome:?}");
    answers
}

fn ok(value: Value, source: &str) -> Value {
    json!({"ok": true, "value": value, "source": source})
}

#[test]
fn lines_share_one_local_tier() {
    let program = Program::with_backend("memory:");
    let lines = "set a 1\nget a\nset b 2\nset c 3\nlocal\nget a\nlocal\nmget a c\n";
    assert_eq!(
        answers(&program, &["--local-max", "2"], lines),
        [
            ok(Value::Null, "none"),
            ok(json!("1"), "local"),
            ok(Value::Null, "none"),
            ok(Value::Null, "none"),
            ok(json!(["b", "c"]), "local"),
            ok(json!("1"), "backend"),
            ok(json!(["c", "a"]), "local"),
            ok(json!(["1", "3"]), "local"),
        ]
    );
}

#[test]
fn lines_lru_reads_change_the_order() {
    let program = Program::with_backend("memory:");
    let told = answers(
        &program,
        &["--local-max", "2", "--eviction", "lru"],
        "mset a 1 b 2\nget a\nset c 3\nlocal\n",
    );
    assert_eq!(told[3], ok(json!(["a", "c"]), "local"));
}

#[test]
fn error_in_a_line_does_not_end_it() {
    let program = Program::with_backend("memory:");
    let lines = "nonsense\nget\nget 'open\nset k {\nset k '{\"a\": NaN}'\nset k v --ttl 0\n\nset k '{\"a\": 1}'\nget k\n";
    let told = answers(&program, &["--type", "json"], lines);
    let kinds: Vec<_> = told
        .iter()
        .map(|answer| answer["error"].as_str().unwrap_or("ok"))
        .collect();
    assert_eq!(
        kinds,
        [
            "usage",
            "usage",
            "usage",
            "invalid-value",
            "invalid-value",
            "usage",
            "ok",
            "ok",
            "ok"
        ]
    );
    assert_eq!(told[8], ok(json!({"a": 1}), "local"));
    let outcome = program.run_with_input(&["shell"], b"get \xff\nset a 1\nget a\n");
    assert_eq!((outcome.code, outcome.text()), (2, "1\n"));
    assert!(outcome.err.contains("UTF-8"), "{outcome:?}");
}

#[test]
fn exit_code_is_the_highest_of_the_lines_that_failed() {
    let program = Program::with_backend("memory:");
    for (lines, code) in [
        ("set k 1\nget k\n", 0),
        ("get absent\nexists absent\ndel absent\n", 0),
        ("nonsense\nget k\n", 2),
        ("nonsense\nset k x\nget\n", 4),
        ("set k x\nnonsense\nexit\nset k 1\n", 4),
    ] {
        let outcome = program.run_with_input(&["--type", "integer", "shell"], lines.as_bytes());
        assert_eq!(outcome.code, code, "{lines:?}: {outcome:?}");
    }
    let mut server = RedisServer::start();
    let program = Program::with_backend(&server.url());
    server.kill();
    let outcome = program.run_with_input(&["shell"], b"nonsense\nget k\nnonsense\n");
    assert_eq!(outcome.code, 3, "{outcome:?}");
}

#[test]
fn lines_end_with_lf_or_crlf() {
    let program = Program::with_backend("memory:");
    let input = b"set a 1\r\nset b '2'\r\n\r\nget a\r\nmget a b\r\nset c 'x\ry'\r\nget c\r\nexit\r\nlen\r\n";
    let outcome = program.run_with_input(&["shell"], input);
    assert_eq!(
        (outcome.code, outcome.text(), outcome.err.as_str()),
        (0, "1\n1\n2\nx\ry\n", ""),
        "only the CR of a line's end is not of the line"
    );
}

#[test]
fn set_of_a_dash_in_a_line_stores_a_dash() {
    let program = Program::with_backend("memory:");
    let told = answers(
        &program,
        &[],
        "set k -\nget k\nhelp\nhelp set\nset --help\n",
    );
    assert_eq!(told[1], ok(json!("-"), "local"));
    for told in &told[2..] {
        let help = told["value"].as_str().expect("help is text");
        assert!(!help.contains("standard input"), "{help}");
    }
}

#[test]
fn help_of_a_command_shows_what_it_takes() {
    let program = Program::with_backend("memory:");
    let told = answers(
        &program,
        &[],
        "help get\nget --help\nhelp dict set-default\nhelp dict\nhelp nonsense\n",
    );
    assert!(
        told[0]["value"]
            .as_str()
            .is_some_and(|it| it.contains("Usage: get <KEY>"))
    );
    assert_eq!(told[0], told[1]);
    assert!(
        told[2]["value"]
            .as_str()
            .is_some_and(|it| it.contains("<KEY> <VALUE>"))
    );
    assert!(
        told[3]["value"]
            .as_str()
            .is_some_and(|it| it.contains("mark-as-used"))
    );
    assert_eq!(told[4]["error"], "usage");
}

#[test]
fn keys_of_any_text_are_told_apart_when_asked_for() {
    let program = Program::with_backend("memory:");
    let lines =
        b"set 'a\\b' 1\nset \"c\\\"d\" 1\nkeys --quote\nlocal --quote\nkeys -0\nlocal --null\n\
                  dict fifo 2\ndict set 'e f' 1\ndict keys --quote\ndict keys -0\n";
    let outcome = program.run_with_input(&["shell"], lines);
    let quoted = "\"a\\\\b\"\n\"c\\\"d\"\n";
    let ended = "a\\b\0c\"d\0";
    assert_eq!(
        (outcome.code, outcome.text()),
        (0, &*format!("{quoted}{quoted}{ended}{ended}\"e f\"\ne f\0")),
        "{outcome:?}"
    );
    let program = Program::new();
    program.done(&["mset", "a\nb", "1", "c", "2"]);
    assert_eq!(program.done(&["keys"]), "a\nb\nc\n");
    assert_eq!(program.done(&["keys", "-0"]), "a\nb\0c\0");
    assert_eq!(program.done(&["keys", "--quote"]), "\"a\\nb\"\n\"c\"\n");
    assert_eq!(program.run(&["keys", "-0", "--quote"]).code, 2);
}

#[test]
fn sleep_lets_entries_expire_in_both_tiers() {
    let program = Program::with_backend("memory:");
    let told = answers(
        &program,
        &["--ttl", "0.05"],
        "set k v\nsleep 0.06\nget k\nlocal\nlen\nstats\n",
    );
    assert_eq!(
        told[2..5],
        [
            ok(Value::Null, "none"),
            ok(json!([]), "local"),
            ok(json!(0), "backend")
        ]
    );
    assert_eq!(told[5]["value"]["removals"]["expired"], 1);
}

#[test]
fn help_and_exit_reply_too() {
    let program = Program::with_backend("memory:");
    let told = answers(&program, &[], "help\nexit\n");
    assert!(
        told[0]["value"]
            .as_str()
            .is_some_and(|help| help.contains("local")),
        "{told:?}"
    );
    let outcome = program.run_with_input(&["shell"], b"exit\nset a 1\nget a\n");
    assert_eq!(
        (outcome.code, outcome.text()),
        (0, ""),
        "nothing is done after `exit`"
    );
}

/// A shell with JSON output, driven line by line.
pub(crate) struct Shell {
    child: Child,
    /// Whether a line has failed.
    has_failed: bool,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
}

impl Shell {
    pub(crate) fn start(program: &Program, options: &[&str]) -> Self {
        Self::start_by(program.command(), options)
    }

    pub(crate) fn start_by(mut command: Command, options: &[&str]) -> Self {
        let mut child = command
            .args(["--json", "shell"])
            .args(options)
            .spawn()
            .expect("the binary must start");
        let stdout = child.stdout.take().expect("its output is a pipe");
        let stderr = child.stderr.take().expect("its errors are a pipe");
        Self {
            stdin: child.stdin.take(),
            stdout: BufReader::new(stdout),
            stderr: BufReader::new(stderr),
            child,
            has_failed: false,
        }
    }

    pub(crate) fn ask(&mut self, line: &str) -> Value {
        let stdin = self.stdin.as_mut().expect("its input is a pipe");
        writeln!(stdin, "{line}").expect("the shell must read");
        let mut answer = String::new();
        self.stdout
            .read_line(&mut answer)
            .expect("the shell must answer before the next line");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        self.has_failed |= answer["ok"] != true;
        answer
    }

    /// Asks until the answer is as it must be.
    pub(crate) fn ask_until(&mut self, line: &str, is: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let answer = self.ask(line);
            if is(&answer) {
                return answer;
            }
            assert!(start.elapsed() < PATIENCE, "{line}: it is still {answer}");
        }
    }

    /// Returns its standard error.
    pub(crate) fn stderr(&mut self) -> &mut BufReader<ChildStderr> {
        &mut self.stderr
    }

    pub(crate) fn end(mut self) {
        drop(self.stdin.take());
        let status = self.child.wait();
        let status = status.expect("the shell must end with its input");
        assert_eq!(status.success(), !self.has_failed, "{status}");
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // It has ended, if the test was passed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn get_value_of_another_program_is_seen_by_either_engine() {
    for path in ["shards", "component"] {
        let server = RedisServer::start();
        let program = Program::with_backend(&server.url());
        let mut shell = Shell::start(&program, &["--engine", path]);
        assert_eq!(shell.ask("set k old"), ok(Value::Null, "none"));
        assert_eq!(shell.ask("get k"), ok(json!("old"), "local"), "{path}");
        program.done(&["set", "k", "new"]);
        let start = Instant::now();
        while shell.ask("get k")["value"] != "new" {
            assert!(
                start.elapsed() < PATIENCE,
                "what others write must be seen by --engine {path}"
            );
        }
        assert_eq!(shell.ask("get k"), ok(json!("new"), "local"));
        assert_eq!(shell.ask("stats")["value"]["invalidation"], "live");
        shell.end();
    }
}

#[test]
fn get_without_invalidations_is_not_a_local_hit() {
    let mut server = RedisServer::start();
    let program = Program::with_backend(&server.url());
    let mut shell = Shell::start(&program, &[]);
    assert_eq!(shell.ask("set k v"), ok(Value::Null, "none"));
    assert_eq!(shell.ask("get k"), ok(json!("v"), "local"));
    server.kill();
    let start = Instant::now();
    while shell.ask("get k")["error"] != "unavailable" {
        assert!(
            start.elapsed() < PATIENCE,
            "an entry that may have changed is no answer"
        );
    }
    assert_eq!(shell.ask("stats")["value"]["invalidation"], "lost");
    shell.end();
}

#[test]
fn get_while_redis_is_down_is_marked_stale_by_either_engine() {
    for path in ["shards", "component"] {
        let mut server = RedisServer::start();
        let program = Program::with_backend(&server.url());
        let options = [
            "--stale-on-error",
            "60",
            "--deadline",
            "1",
            "--engine",
            path,
        ];
        let mut shell = Shell::start(&program, &options);
        assert_eq!(shell.ask("set k v"), ok(Value::Null, "none"));
        assert_eq!(shell.ask("get k"), ok(json!("v"), "local"));
        server.kill();
        let start = Instant::now();
        while shell.ask("get k") != ok(json!("v"), "stale") {
            assert!(
                start.elapsed() < PATIENCE,
                "stale values must be served by {path}"
            );
        }
        assert_eq!(shell.ask("mget k k"), ok(json!(["v", "v"]), "stale"));
        assert_eq!(shell.ask("get other")["error"], "unavailable");
        shell.end();
    }
}

/// Returns the peak memory of the process, in KiB.
#[cfg(target_os = "linux")]
fn peak_kib(child: &Child) -> u64 {
    let path = format!("/proc/{}/status", child.id());
    let status = std::fs::read_to_string(path).expect("the shell runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next());
    kib.and_then(|kib| kib.parse().ok()).expect("a number")
}

#[cfg(target_os = "linux")]
#[test]
fn mget_of_many_keys_takes_memory_by_their_number() {
    let program = Program::with_backend("memory:");
    let mut shell = Shell::start(&program, &[]);
    shell.ask("mget 1 2 3");
    let before = peak_kib(&shell.child);
    let keys: Vec<String> = (0..100_000).map(|key| key.to_string()).collect();
    let answer = shell.ask(&format!("mget {}", keys.join(" ")));
    let values = answer["value"].as_array().map(Vec::len);
    assert_eq!((values, &answer["source"]), (Some(100_000), &json!("none")));
    let taken = peak_kib(&shell.child) - before;
    assert!(taken < 100 << 10, "{taken} KiB for 100,000 keys");
    shell.end();
}

#[test]
fn get_absent_key_reads_redis_once_while_the_absence_is_cached() {
    for path in ["shards", "component"] {
        let program = Program::with_backend("memory:");
        let options = ["--absent-ttl", "600", "--engine", path];
        let told = answers(&program, &options, "get k\nget k\nset k v\nget k\nstats\n");
        assert_eq!(told[1]["value"], Value::Null);
        assert_eq!(told[3], ok(json!("v"), "local"));
        let stats = &told[4]["value"];
        assert_eq!(
            (&stats["misses"], &stats["absent_hits"]),
            (&json!(2), &json!(1))
        );
    }
}

#[test]
fn jitter_above_half_is_refused() {
    let program = Program::with_backend("memory:");
    let most = program.run(&["--ttl", "9", "--ttl-jitter", "50", "set", "k", "v"]);
    assert_eq!(most.code, 0, "{most:?}");
    let refused = program.run(&["--ttl-jitter", "51", "get", "k"]);
    assert_eq!(refused.code, 2, "{refused:?}");
}

#[test]
fn get_after_consecutive_failures_is_rejected_by_the_breaker() {
    let mut server = RedisServer::start();
    let program = Program::with_backend(&server.url());
    let mut shell = Shell::start(&program, &["--breaker", "2", "--breaker-pause", "0.05"]);
    server.kill();
    let refused = |answer: &Value| {
        let message = answer["message"].as_str().unwrap_or_default();
        message.contains("the circuit breaker is open")
    };
    let answers = ["get a", "get a", "get a"].map(|line| shell.ask(line));
    assert!(refused(&answers[2]), "{answers:?}");
    server.restart_on_same_port();
    let start = Instant::now();
    while shell.ask("get a")["ok"] != true {
        assert!(start.elapsed() < PATIENCE, "a trial must find the server");
    }
    shell.end();
}

#[test]
fn replies_are_immediate_and_redis_may_restart_meanwhile() {
    let mut server = RedisServer::start();
    let program = Program::with_backend(&server.url());
    let mut shell = Shell::start(&program, &["--coherence", "off"]);
    let mut ask = |line: &str| shell.ask(line);
    assert_eq!(ask("set k v"), ok(Value::Null, "none"));
    assert_eq!(ask("stats")["value"]["invalidation"], "untracked");
    server.kill();
    assert_eq!(
        ask("get k"),
        ok(json!("v"), "local"),
        "local hits need no Redis"
    );
    assert_eq!(ask("get other")["error"], "unavailable");
    assert_eq!(ask("set k new")["error"], "unavailable");
    assert_eq!(
        ask("get k")["error"],
        "unavailable",
        "a value that may have changed must not be served"
    );
    server.restart_on_same_port();
    assert_eq!(ask("set k new"), ok(Value::Null, "none"));
    assert_eq!(ask("get k"), ok(json!("new"), "local"));
    shell.end();
}

#[test]
fn dict_lines_work_on_one_dictionary() {
    let program = Program::with_backend("memory:");
    let lines = "dict get a\ndict fifo 0\ndict lru 2\ndict update a 1 b 2\ndict get a\ndict set c 3\n\
                 dict keys\ndict items\ndict set-default d 4\ndict pop-item --oldest\ndict pop d\ndict len\n\
                 dict contains a\nhelp dict\ndict fifo 2\ndict keys\n";
    let told = answers(&program, &["--type", "integer"], lines);
    assert_eq!(
        (&told[0]["error"], &told[1]["error"]),
        (&json!("usage"), &json!("invalid-options"))
    );
    assert_eq!(
        told[2..13],
        [
            ok(Value::Null, "none"),
            ok(Value::Null, "local"),
            ok(json!(1), "local"),
            ok(json!(["b", 2]), "local"),
            ok(json!(["a", "c"]), "local"),
            ok(json!([["a", 1], ["c", 3]]), "local"),
            ok(json!(4), "local"),
            ok(json!(["c", 3]), "local"),
            ok(json!(4), "local"),
            ok(json!(0), "local"),
            ok(json!(false), "local"),
        ]
    );
    assert!(
        told[13]["value"]
            .as_str()
            .is_some_and(|help| help.contains("mark-as-used")),
        "{told:?}"
    );
    assert_eq!(told[15], ok(json!([]), "local"));
}
