//! Redis over TLS: the options that name certificates.

use flipcache_tests::certificates::LOOPBACK;
use flipcache_tests::{Authority, RedisOptions, RedisServer, ServerTls};

use crate::program::Program;

#[test]
fn certificates_of_the_options_are_used_by_every_command() {
    let authority = Authority::new("ours");
    let server = RedisServer::start_with(RedisOptions {
        tls: Some(ServerTls {
            clients: Some(authority.root()),
            ..ServerTls::new(authority.issue("server", &LOOPBACK))
        }),
        ..RedisOptions::default()
    });
    let client = authority.issue("client", &["client"]);
    let files = [authority.root(), client.cert, client.key].map(|file| file.display().to_string());
    let [ca, cert, key] = &files;
    let options = ["--tls-ca", ca, "--tls-cert", cert, "--tls-key", key];
    let program = Program::with_backend(&server.url());

    program.done(&[&options[..], &["set", "k", "v"]].concat());
    let held = program.done(&[&["get", "k"], &options[..]].concat());
    assert_eq!(held, "v\n");
    program.done(&[&options[..], &["demo"]].concat());
    let bench = ["bench", "--keys", "2", "--rounds", "1"];
    let outcome = program.run(&[&bench[..], &options].concat());
    assert_eq!(outcome.code, 0, "{outcome:?}");

    let outcome = program.run(&["--tls-ca", ca, "get", "k"]);
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(outcome.err.contains("client certificate"), "{outcome:?}");
}

#[test]
fn unusable_certificates_exit_2_and_name_the_file() {
    let authority = Authority::new("ours");
    let root = authority.root().display().to_string();
    let client = authority.issue("client", &["client"]);
    let key = client.key.display().to_string();
    let program = Program::with_backend("rediss://localhost");
    for (words, told) in [
        (&["--tls-ca", "missing.pem"][..], "missing.pem"),
        (&["--tls-ca", &key], &key),
        (&["--tls-cert", &root], "private key"),
        (&["--tls-key", &key], "certificate"),
        (&["--tls-ca", &root, "--backend", "memory:"], "rediss://"),
        (&["--backend", "rediss://h#insecure"], "#insecure"),
    ] {
        let outcome = program.run(&[words, &["get", "k"]].concat());
        assert_eq!(outcome.code, 2, "{words:?}: {outcome:?}");
        assert!(outcome.err.contains(told), "{words:?}: {outcome:?}");
    }
    let outcome = program.run(&["--json", "--tls-cert", &root, "get", "k"]);
    assert!(
        outcome.text().contains(r#""error":"invalid-tls""#),
        "{outcome:?}"
    );
}

#[test]
fn log_of_everything_never_shows_a_password_or_a_key() {
    let authority = Authority::new("ours");
    let server = RedisServer::start_with(RedisOptions {
        password: Some("hunter2-right".to_owned()),
        tls: Some(ServerTls::new(authority.issue("server", &LOOPBACK))),
        ..RedisOptions::default()
    });
    let root = authority.root().display().to_string();
    let client = authority.issue("client", &["client"]);
    let [cert, key] = [&client.cert, &client.key].map(|file| file.display().to_string());
    let secret = std::fs::read_to_string(&client.key).expect("the key must be read");
    let secret = secret.lines().nth(1).expect("a key has lines");
    let program = Program::new();
    let port = server.port();
    for (url, code) in [
        (server.url(), 1),
        (server.url().replace("right", "wrong"), 3),
        (format!("rediss://app:hunter2-right@127.0.0.1:{port}"), 3),
        (format!("redis://:hunter2-right@127.0.0.1:{port}"), 3),
    ] {
        let mut command = program.command();
        command.args(["--backend", &url, "get", "k"]);
        if url.starts_with("rediss") {
            command.args(["--tls-ca", &root, "--tls-cert", &cert, "--tls-key", &key]);
        }
        let output = command.env("FLIPCACHE_LOG", "trace").output();
        let output = output.expect("the binary must run");
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&told);
        assert_eq!(output.status.code(), Some(code), "{told}");
        assert!(told.contains("Redis"), "there is a log: {told}");
        assert!(
            !told.contains("hunter2") && !told.contains(secret),
            "{told}"
        );
    }
}
