//! Failures: the exit code, and a message that says what failed, on what, and what to do.

use flipcache_tests::{RedisOptions, RedisServer};

use crate::program::Program;

#[test]
fn invalid_usage_exits_2() {
    let program = Program::new();
    for words in [
        &["nonsense"][..],
        &[],
        &["get"],
        &["set", "k"],
        &["mset", "k"],
        &["mset", "a", "1", "b"],
        &["set", "k", "v", "--ttl", "0"],
        &["set", "k", "v", "--ttl", "-1"],
        &["set", "k", "v", "--ttl", "soon"],
        &["--ttl", "0", "set", "k", "v"],
        &["--eviction", "random", "get", "k"],
        &["--name", "", "get", "k"],
        &["--backend", "nonsense", "get", "k"],
        &["--backend", "rediss://localhost#insecure", "get", "k"],
        &["--tls-ca", "none.pem", "get", "k"],
        &["--backend", "redis+cluster://a,b/1", "get", "k"],
        &["--backend", "redis+sentinel://a,b", "get", "k"],
        &["--backend", "redis+sentinel://a:port/m", "get", "k"],
        &["--store-default", "get", "k"],
    ] {
        let outcome = program.run(words);
        assert_eq!(outcome.code, 2, "{words:?}: {outcome:?}");
        assert!(
            !outcome.err.is_empty() && outcome.out.is_empty(),
            "{words:?}: {outcome:?}"
        );
    }
}

#[test]
fn bad_key_or_value_exits_4() {
    let program = Program::new();
    for words in [
        &["--key-type", "integer", "get", "007"][..],
        &["--type", "json", "set", "k", "{"],
        &["--type", "json", "set", "k", "NaN"],
        &["--type", "integer", "set", "k", "9223372036854775808"],
        &["--type", "boolean", "set", "k", "yes"],
        &["--type", "integer", "--default", "x", "get", "k"],
    ] {
        let outcome = program.run(words);
        assert_eq!(
            (outcome.code, outcome.text()),
            (4, ""),
            "{words:?}: {outcome:?}"
        );
        assert!(
            outcome.err.starts_with("flipcache: "),
            "{words:?}: {outcome:?}"
        );
    }
    let outcome = program.run_with_input(&["set", "k", "-"], b"\xff");
    assert_eq!(outcome.code, 4, "{outcome:?}");
}

#[test]
fn bad_stored_value_exits_4_and_names_the_key() {
    let server = RedisServer::start();
    let program = Program::with_backend(&server.url());
    let client = redis::Client::open(server.url()).expect("the server's URL must be valid");
    let mut connection = client.get_connection().expect("the server must be up");
    let mut foreign = redis::pipe();
    foreign.cmd("SET").arg("default:bad").arg(b"\xff\xfe");
    foreign
        .cmd("SET")
        .arg("default:big")
        .arg("99999999999999999999");
    foreign.cmd("HSET").arg(&["default:hash", "field", "1"]);
    let () = foreign.exec(&mut connection).expect("they must be set");
    for (words, key) in [
        (&["get", "bad"][..], "bad"),
        (&["--type", "integer", "get", "big"], "big"),
        (&["get", "hash"], "hash"),
        (&["mget", "absent", "hash"], "hash"),
    ] {
        let outcome = program.run(words);
        assert_eq!(
            (outcome.code, outcome.text()),
            (4, ""),
            "{words:?}: {outcome:?}"
        );
        assert!(
            outcome.err.contains(key),
            "{words:?} must name the key: {outcome:?}"
        );
    }
}

#[test]
fn redis_that_is_down_exits_3_and_says_what_to_do() {
    let mut server = RedisServer::start();
    let program = Program::with_backend(&server.url());
    server.kill();
    let outcome = program.run(&["get", "k"]);
    assert_eq!((outcome.code, outcome.text()), (3, ""), "{outcome:?}");
    assert!(outcome.err.contains("--backend"), "{outcome:?}");
    let outcome = program.run(&["--json", "get", "k"]);
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(
        outcome
            .text()
            .starts_with(r#"{"ok":false,"error":"unavailable","message":""#),
        "{outcome:?}"
    );
}

#[test]
fn wrong_password_exits_3_and_is_never_shown() {
    let options = RedisOptions {
        password: Some("right".into()),
        ..RedisOptions::default()
    };
    let server = RedisServer::start_with(options);
    let url = format!("redis://:s3cret@127.0.0.1:{}", server.port());
    let program = Program::with_backend(&url);
    for words in [&["get", "k"][..], &["--json", "get", "k"], &["--help"]] {
        let outcome = program.run(words);
        let told = format!("{}{}", outcome.text(), outcome.err);
        assert!(
            !told.contains("s3cret"),
            "{words:?} shows the password: {told}"
        );
    }
    let outcome = program.run(&["get", "k"]);
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(
        outcome.err.contains("denied") && outcome.err.contains("password"),
        "{outcome:?}"
    );
    for bad in ["redis://:s3cret@host:notaport", "nonsense://u:s3cret@h"] {
        let outcome = program.run(&["--backend", bad, "get", "k"]);
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(!outcome.err.contains("s3cret"), "{outcome:?}");
    }
}

#[test]
fn file_that_is_not_sqlite_exits_3_and_names_it() {
    let program = Program::new();
    let file = program.home().join("not.db");
    std::fs::write(
        &file,
        "this is no database, and longer than a header of one".repeat(9),
    )
    .expect("it must be written");
    let outcome = program.run(&[
        "--backend",
        &format!("sqlite:{}", file.display()),
        "get",
        "k",
    ]);
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(outcome.err.contains("not.db"), "{outcome:?}");
}
