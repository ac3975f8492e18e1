//! Servers that reject the client, and URLs of another kind of server: the message says what to do.

use flipcache_tests::{RedisOptions, RedisServer};

use crate::program::Program;

#[test]
fn plain_url_at_a_node_of_a_cluster_exits_3_and_names_the_right_url() {
    let server = RedisServer::start_with(RedisOptions {
        arguments: ["--cluster-enabled", "yes"].map(str::to_owned).into(),
        ..RedisOptions::default()
    });
    let program = Program::with_backend(&server.url());
    for words in [
        &["get", "k"][..],
        &["set", "k", "v"],
        &["keys"],
        &["len"],
        &["clear"],
    ] {
        let outcome = program.run(words);
        assert_eq!((outcome.code, outcome.text()), (3, ""), "{outcome:?}");
        assert!(outcome.err.contains("redis+cluster://"), "{outcome:?}");
    }
}

#[test]
fn url_of_valkey_is_that_of_redis() {
    let server = RedisServer::start();
    let program = Program::with_backend(&server.url().replace("redis://", "valkey://"));
    program.done(&["set", "k", "v"]);
    assert_eq!(program.done(&["get", "k"]), "v\n");
}

#[test]
fn url_with_one_part_before_the_at_is_never_shown() {
    let mut server = RedisServer::start();
    let program = Program::with_backend(&format!("redis://s3cret@127.0.0.1:{}", server.port()));
    let mut told = String::new();
    for round in 0..2 {
        for words in [&["get", "k"][..], &["--json", "get", "k"], &["stats"]] {
            let outcome = program.run(words);
            told += &format!("{}{}", outcome.text(), outcome.err);
        }
        if round == 0 {
            server.kill();
        }
    }
    assert!(!told.contains("s3cret"), "it may be a password: {told}");
    assert!(told.contains("127.0.0.1"), "name the server: {told}");
}
