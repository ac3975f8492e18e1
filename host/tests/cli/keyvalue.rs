//! Applications that were written for `wasi:keyvalue`, under `flipcache run` and `serve`.
#![cfg(unix)]

use flipcache::wasi_keyvalue;
use flipcache_tests::components::{COMMAND_APP, HOSTILE, KEYVALUE_COMMAND, KEYVALUE_PROXY};
use flipcache_tests::{RedisServer, plugged};
use redis::FromRedisValue;

use crate::composed::composed;
use crate::metrics::{Page, told};
use crate::program::{Outcome, Program};
use crate::served::Served;

/// An application that imports `wasi:keyvalue/atomics@0.2.0-draft`, and nothing else.
const COUNTER: &[u8] = b"\0asm\x0d\0\x01\0\x07\x03\x01\x42\0\x0a\x26\x01\0\x21\
wasi:keyvalue/atomics@0.2.0-draft\x05\0";

/// Runs the command of tenant `t`, and tells it lines.
fn run(program: &Program, options: &[&str], lines: &[&str]) -> Outcome {
    let words = [&["run", "--tenant", "t"], options, &[KEYVALUE_COMMAND]].concat();
    program.run_with_input(&words, (lines.join("\n") + "\n").as_bytes())
}

/// Returns the output of the command for lines of input.
#[track_caller]
fn answers(program: &Program, options: &[&str], lines: &[&str]) -> Vec<String> {
    let outcome = run(program, options, lines);
    assert_eq!((outcome.code, &*outcome.err), (0, ""), "{outcome:?}");
    outcome.text().lines().map(str::to_owned).collect()
}

/// Returns the reply of a Redis server to another client.
fn ask<T: FromRedisValue>(server: &RedisServer, command: &[&str]) -> T {
    let client = redis::Client::open(server.url()).expect("the URL must be valid");
    let mut connection = client.get_connection().expect("it must be up");
    let mut asked = redis::cmd(command[0]);
    let answer = asked.arg(&command[1..]).query(&mut connection);
    answer.expect("it must answer")
}

#[test]
fn run_keeps_what_was_written_over_runs() {
    let program = Program::new();
    let lines = ["open user", "get user 1", "set user 1 Ada", "get user 1"];
    assert_eq!(answers(&program, &[], &lines), ["done", "-", "done", "Ada"]);
    let lines = ["open user", "get user 1", "exists user 1", "delete user 1"];
    assert_eq!(
        answers(&program, &[], &lines),
        ["done", "Ada", "true", "done"]
    );
    let lines = ["open user", "exists user 1", "list user"];
    assert_eq!(answers(&program, &[], &lines), ["done", "false", "0 - - -"]);
}

#[test]
fn run_bucket_is_the_cache_of_its_name_and_the_nameless_one_is_default() {
    let program = Program::new();
    let lines = ["open", "set  1 Ada", "open user", "set-many user Bob 1 2"];
    assert_eq!(answers(&program, &[], &lines), ["done"; 4]);
    let value = |name: &str, key: &str| program.done(&["--name", name, "get", key]);
    assert_eq!(value("t:default", "1"), "Ada\n");
    assert_eq!(value("t:user", "2"), "Bob\n");
    program.done(&["--name", "t:user", "set", "3", "Eve"]);
    let lines = [
        "open user",
        "get-many user 3 1 none",
        "delete-many user 1 none",
        "list user",
    ];
    let expected = ["done", "Eve Bob -", "done", "2 2 3 -"];
    assert_eq!(answers(&program, &[], &lines), expected);
}

#[test]
fn run_over_redis_has_keys_and_ttls_that_other_clients_see() {
    let server = RedisServer::start();
    let program = Program::with_backend(&server.url());
    let options = ["--ttl", "60", "--local-max", "5"];
    let lines = ["open user", "set user 1 Ada"];
    assert_eq!(answers(&program, &options, &lines), ["done"; 2]);
    assert_eq!(ask::<String>(&server, &["GET", "t:user:1"]), "Ada");
    let left: u64 = ask(&server, &["PTTL", "t:user:1"]);
    assert!((30_000..=60_000).contains(&left), "{left}");
    ask::<u64>(&server, &["LPUSH", "t:user:2", "x"]);
    let lines = ["open user", "get user 1", "get user 2", "exists user 2"];
    let told = answers(&program, &[], &lines);
    assert!(told[2].contains("no plain value"), "{told:?}");
    assert_eq!((&*told[1], &*told[3]), ("Ada", "true"));
}

#[test]
fn run_lists_more_than_a_page_by_numbers() {
    for url in [None, Some(RedisServer::start())] {
        let program = match &url {
            Some(server) => Program::with_backend(&server.url()),
            None => Program::new(),
        };
        let lines = ["open many", "fill many 2500 v", "list many"];
        let told = answers(&program, &[], &lines);
        let [count, _, _, next] = told[2].split(' ').collect::<Vec<_>>()[..] else {
            panic!("a page must be printed: {told:?}");
        };
        let count: usize = count.parse().expect("a number");
        assert!((1..2_500).contains(&count) && next != "-", "{told:?}");
        // Numbers of these stores are good in another instance.
        let on = format!("list many {next}");
        let told = answers(&program, &[], &["open many", &on]);
        assert!(!told[1].starts_with("failed"), "{told:?}");
    }
}

#[test]
fn run_values_are_as_long_as_max_value_bytes_allows() {
    let program = Program::new();
    let set = |value: &str| format!("set user k {value}");
    let told = answers(
        &program,
        &["--max-value-bytes", "4"],
        &["open user", &set("1234"), &set("12345")],
    );
    assert_eq!(told[1], "done");
    let limit = "too large: the limit is 4 bytes";
    assert!(told[2].contains(limit), "{told:?}");

    // Longer than the default, and than what a guest may hand over otherwise.
    for (len, option) in [(3 << 19, "2MiB"), (33 << 20, "40MiB")] {
        let long = "v".repeat(len);
        let lines = ["open user", &set(&long), "get user k"];
        let told = answers(
            &program,
            &["--max-value-bytes", option, "--max-memory", "1GiB"],
            &lines,
        );
        assert_eq!(told[1], "done", "{option}");
        assert_eq!(told[2].len(), len, "{option}");
    }
    let told = answers(&program, &[], &["open user", &set(&"v".repeat(3 << 19))]);
    assert!(
        told[1].contains("the limit is 1048576 bytes"),
        "{}",
        told[1]
    );
}

#[test]
fn serve_values_are_as_long_as_max_value_bytes_allows() {
    let served = Served::start(KEYVALUE_PROXY, &["--max-value-bytes", "4"]);
    let put = |value: &str| {
        let len = value.len();
        let request =
            format!("PUT /user/1 HTTP/1.0\r\nhost: test\r\ncontent-length: {len}\r\n\r\n{value}");
        crate::served::answer(served.send(&request))
    };
    assert_eq!(put("1234").status, 204);
    let refused = put("12345");
    let limit = "too large: the limit is 4 bytes";
    assert_eq!(refused.status, 500, "{refused:?}");
    assert!(refused.body.contains(limit), "{refused:?}");
    assert_eq!(served.get("/user/1").body, "1234");
}

#[test]
fn run_with_an_option_that_has_no_effect_on_buckets_exits_2() {
    let program = Program::new();
    for option in [
        ["--name", "n"],
        ["--type", "json"],
        ["--key-type", "integer"],
        ["--default", "x"],
    ] {
        let outcome = run(&program, &option, &[]);
        assert_eq!(outcome.code, 2, "{outcome:?}");
        for words in [option[0], "wasi:keyvalue"] {
            assert!(outcome.err.contains(words), "{words}: {outcome:?}");
        }
    }
    let others = [
        "--eviction",
        "lru",
        "--stale-on-error",
        "5",
        "--absent-ttl",
        "5",
    ];
    assert_eq!(run(&program, &others, &[]).code, 0);
    let outcome = program.run(&["--ttl", "5", "run", HOSTILE]);
    assert_eq!(outcome.code, 2, "it has caches of its own: {outcome:?}");
}

#[test]
fn run_application_that_imports_more_exits_2_and_names_it() {
    let program = Program::new();
    let file = program.home().join("counter.wasm");
    std::fs::write(&file, COUNTER).expect("it must be written");
    let file = file.to_str().expect("a plain path");
    for command in ["run", "serve"] {
        let outcome = program.run(&[command, file]);
        assert_eq!((outcome.code, outcome.text()), (2, ""), "{outcome:?}");
        for words in ["wasi:keyvalue/atomics@0.2.0-draft", "conditional writes"] {
            assert!(outcome.err.contains(words), "{words}: {outcome:?}");
        }
    }
}

/// The cache composed into an application, over `wasi:keyvalue`, over the cache.
#[test]
fn run_cache_over_the_standard_interface_that_is_a_cache_keeps_values() {
    let program = Program::new();
    let file = composed(COMMAND_APP, program.home());
    let app = std::fs::read(&file).expect("it was written");
    std::fs::write(&file, plugged(&app, wasi_keyvalue::BACKEND)).expect("it must be written");
    let told = |lines: &str| {
        let words = ["run", "--tenant", "t", &file];
        let outcome = program.run_with_input(&words, lines.as_bytes());
        assert_eq!((outcome.code, &*outcome.err), (0, ""), "{outcome:?}");
        outcome.text().to_owned()
    };
    let lines = "open user x\nget user 1\nset user 1 Ada\nget user 1\n";
    assert_eq!(told(lines), "done\n- none\ndone\nAda local\n");
    assert_eq!(told("open user x\nget user 1\n"), "done\nAda backend\n");
    let value = program.done(&["--name", "t:default", "get", "user:1"]);
    assert_eq!(value, "Ada\n");
}

#[test]
fn serve_shares_one_local_tier_among_instances_and_keeps_values_over_restarts() {
    let program = Program::new();
    let url = format!("sqlite:{}", program.home().join("kv.db").display());
    let options = ["--tenant", "t", "--ttl", "600", "--metrics", "127.0.0.1:0"];
    let mut served = Served::start_with(Program::with_backend(&url), KEYVALUE_PROXY, &options);
    let metrics = told(served.stderr());
    assert_eq!(served.get("/user/1").status, 404);
    let put = "PUT /user/1 HTTP/1.0\r\nhost: test\r\ncontent-length: 3\r\n\r\nAda";
    assert_eq!(crate::served::answer(served.send(put)).status, 204);
    for _ in 0..3 {
        let found = served.get("/user/1");
        assert_eq!((found.status, &*found.body), (200, "Ada"));
    }
    let page = Page::fetch(metrics);
    page.is(
        r#"flipcache_reads_total{cache="t:user",source="local"}"#,
        3.0,
    );
    page.is(
        r#"flipcache_reads_total{cache="t:user",source="none"}"#,
        1.0,
    );
    served.stop();

    let served = Served::start_with(Program::with_backend(&url), KEYVALUE_PROXY, &options[..2]);
    assert_eq!(served.get("/user/1").body, "Ada");
    assert_eq!(served.stop(), "");
}

#[test]
fn serve_application_of_the_second_draft_has_every_call() {
    let served = Served::start(KEYVALUE_PROXY, &[]);
    let pairs: String = (0..1_200).map(|key| format!("k{key:04}={key}\n")).collect();
    assert_eq!(served.post("/user/set", &pairs).status, 204);
    let found = served.post("/user/get", "k0007\nnone\nk1199\n");
    assert_eq!((found.status, &*found.body), (200, "k0007=7\nk1199=1199\n"));
    let first = served.get("/user");
    let next = first
        .head
        .lines()
        .find_map(|line| line.strip_prefix("next: "));
    let second = served.get(&format!("/user?{}", next.expect("there are more")));
    let mut keys: Vec<&str> = first.body.lines().chain(second.body.lines()).collect();
    keys.sort_unstable();
    assert_eq!(
        (keys.len(), keys[0], keys[1_199]),
        (1_200, "k0000", "k1199")
    );
    assert!(!second.head.contains("next: "), "{}", second.head);
    assert_eq!(served.post("/user/delete", "k0007\nnone\n").status, 204);
    for (key, status) in [("k0007", 404), ("k0008", 200)] {
        let head = format!("HEAD /user/{key} HTTP/1.0\r\nhost: test\r\n\r\n");
        assert_eq!(crate::served::answer(served.send(&head)).status, status);
        assert_eq!(served.get(&format!("/user/{key}")).status, status);
    }
    let refused = served.get(&format!("/{}/k", "n".repeat(5_000)));
    assert_eq!(
        (refused.status, &*refused.body),
        (500, "Error::NoSuchStore")
    );
    assert_eq!(served.stop(), "");
}
