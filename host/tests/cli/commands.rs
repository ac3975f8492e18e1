//! Every command, in processes of its own: what one writes, the next one reads.

use flipcache_tests::RedisServer;

use crate::program::Program;

#[test]
fn set_on_redis_is_visible_to_redis_and_to_the_next_process() {
    let server = RedisServer::start();
    let program = Program::new();
    let backend = ["--backend", &server.url()];
    assert_eq!(
        program.done(&[&backend[..], &["set", "a", "1"]].concat()),
        ""
    );
    let client = redis::Client::open(server.url()).expect("the server's URL must be valid");
    let mut connection = client.get_connection().expect("the server must be up");
    let stored: String = redis::cmd("GET")
        .arg("default:a")
        .query(&mut connection)
        .expect("it must be there");
    assert_eq!(stored, "1");
    assert_eq!(program.done(&[&backend[..], &["get", "a"]].concat()), "1\n");
    assert_eq!(
        program.done(&[&["get", "a"], &backend[..]].concat()),
        "1\n",
        "options may follow"
    );
}

#[test]
fn set_without_a_backend_is_kept_in_the_users_data_directory() {
    let program = Program::new();
    program.done(&["set", "a", "1"]);
    assert!(
        program.home().join("flipcache/flipcache.db").exists(),
        "the default is a file there"
    );
    assert_eq!(program.done(&["get", "a"]), "1\n");
}

#[test]
fn every_command_follows_its_help() {
    let program = Program::new();
    assert_eq!(
        program.done(&["mset", "a", "1", "b", "two words", "-3", "-5"]),
        ""
    );
    assert_eq!(program.done(&["mget", "b", "a"]), "two words\n1\n");
    assert_eq!(program.done(&["get", "-3"]), "-5\n");
    assert_eq!(program.done(&["keys"]), "-3\na\nb\n");
    assert_eq!(program.done(&["len"]), "3\n");
    assert_eq!(program.done(&["exists", "a"]), "true\n");
    assert_eq!(program.done(&["refresh", "a"]), "true\n");
    assert_eq!(program.done(&["del", "a", "absent"]), "1\n");
    assert!(program.done(&["stats"]).contains("local_hits 0\n"));
    assert_eq!(program.done(&["clear"]), "2\n");
    assert_eq!(program.done(&["keys"]), "");
    assert_eq!(
        program.done(&["clear"]),
        "0\n",
        "nothing left to clear is no failure"
    );
}

#[test]
fn absent_key_prints_nothing_and_exits_1() {
    let program = Program::new();
    for (words, out) in [
        (&["get", "absent"][..], ""),
        (&["exists", "absent"], "false\n"),
        (&["refresh", "absent"], "false\n"),
        (&["del", "absent"], "0\n"),
        (&["mget", "absent"], "\n"),
    ] {
        let outcome = program.run(words);
        assert_eq!(
            (outcome.code, outcome.text(), outcome.err.as_str()),
            (1, out, ""),
            "{words:?}"
        );
    }
    assert_eq!(program.done(&["get", "absent", "--default", "d"]), "d\n");
    assert_eq!(
        program.run(&["exists", "absent"]).code,
        1,
        "a default is not stored unless enabled"
    );
    assert_eq!(
        program.done(&["get", "absent", "--default", "d", "--store-default"]),
        "d\n"
    );
    assert_eq!(program.done(&["get", "absent"]), "d\n");
}

#[test]
fn names_are_separate() {
    let program = Program::new();
    program.done(&["--name", "one", "set", "k", "1"]);
    assert_eq!(program.run(&["--name", "two", "get", "k"]).code, 1);
    assert_eq!(program.done(&["--name", "one", "get", "k"]), "1\n");
}

#[test]
fn every_type_is_written_and_read() {
    let program = Program::new();
    for (value_type, value, shown, json) in [
        ("text", "a \"b\"", "a \"b\"\n", r#""a \"b\"""#),
        ("integer", "-7", "-7\n", "-7"),
        ("float", "0.0000001", "1e-07\n", "1e-7"),
        ("boolean", "true", "true\n", "true"),
        (
            "json",
            "{\"a\": [1, null]}",
            "{\"a\": [1, null]}\n",
            "{\"a\":[1,null]}",
        ),
        ("bytes", "raw", "raw", "\"cmF3\""),
    ] {
        let as_type = ["--type", value_type];
        program.done(&[&as_type[..], &["set", "k", value]].concat());
        assert_eq!(program.done(&[&as_type[..], &["get", "k"]].concat()), shown);
        let told = program.done(&[&as_type[..], &["--json", "get", "k"]].concat());
        assert_eq!(
            told,
            format!("{{\"ok\":true,\"value\":{json},\"source\":\"backend\"}}\n")
        );
    }
}

#[test]
fn set_from_standard_input_keeps_every_byte() {
    let program = Program::new();
    let large: Vec<u8> = (0..1_u32 << 20).map(|n| n.to_le_bytes()[0]).collect();
    let outcome = program.run_with_input(&["--type", "bytes", "set", "k", "-"], &large);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    assert_eq!(program.run(&["--type", "bytes", "get", "k"]).out, large);
    let outcome = program.run_with_input(&["set", "k", "-"], b"");
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    assert_eq!(
        program.done(&["get", "k"]),
        "\n",
        "an empty value is a value"
    );
}

#[test]
fn ttl_is_given_to_the_entry_or_by_the_cache() {
    let server = RedisServer::start();
    let program = Program::with_backend(&server.url());
    program.done(&["set", "long", "v", "--ttl", "100.5"]);
    program.done(&["--ttl", "50", "set", "short", "v"]);
    program.done(&["set", "ever", "v"]);
    let client = redis::Client::open(server.url()).expect("the server's URL must be valid");
    let mut connection = client.get_connection().expect("the server must be up");
    let mut ttl = |key: &str| -> i64 {
        redis::cmd("PTTL")
            .arg(key)
            .query(&mut connection)
            .expect("the server must reply")
    };
    assert!((90_000..=100_500).contains(&ttl("default:long")));
    assert!((40_000..=50_000).contains(&ttl("default:short")));
    assert_eq!(ttl("default:ever"), -1);
    program.done(&["refresh", "ever", "--ttl", "50"]);
    assert!((40_000..=50_000).contains(&ttl("default:ever")));
}

#[test]
fn json_outputs_are_one_object_each() {
    let program = Program::new();
    for (words, line) in [
        (
            &["set", "a", "1"][..],
            r#"{"ok":true,"value":null,"source":"none"}"#,
        ),
        (
            &["get", "a"],
            r#"{"ok":true,"value":"1","source":"backend"}"#,
        ),
        (
            &["get", "absent"],
            r#"{"ok":true,"value":null,"source":"none"}"#,
        ),
        (
            &["mget", "a", "absent"],
            r#"{"ok":true,"value":["1",null],"source":"backend"}"#,
        ),
        (
            &["mget", "absent", "absent", "--default", "d"],
            r#"{"ok":true,"value":["d","d"],"source":"default"}"#,
        ),
        (
            &["mget", "absent", "--default", "d", "--engine", "component"],
            r#"{"ok":true,"value":["d"],"source":"default"}"#,
        ),
        (
            &[
                "mget",
                "a",
                "absent",
                "--default",
                "d",
                "--engine",
                "component",
            ],
            r#"{"ok":true,"value":["1","d"],"source":"backend"}"#,
        ),
        (
            &["mget", "absent"],
            r#"{"ok":true,"value":[null],"source":"none"}"#,
        ),
        (&["keys"], r#"{"ok":true,"value":["a"],"source":"backend"}"#),
        (&["len"], r#"{"ok":true,"value":1,"source":"backend"}"#),
        (
            &["exists", "a"],
            r#"{"ok":true,"value":true,"source":"backend"}"#,
        ),
        (&["del", "a"], r#"{"ok":true,"value":1,"source":"backend"}"#),
    ] {
        let outcome = program.run(&[&["--json"], words].concat());
        assert_eq!(
            outcome.text(),
            format!("{line}\n"),
            "{words:?}: {outcome:?}"
        );
    }
}
