//! Redis with users and permissions:
//! <https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/>.

use std::time::Duration;

use flipcache::backend::{BackendError, BackendUrl, Slot};
use flipcache_tests::RedisServer;

use crate::stores::{
    bucket, connect, everything_of, failure, foreign, get, keys, lasting, list, pairs, set,
};

const HOUR: Option<Duration> = Some(Duration::from_secs(3600));

/// A password of everything that means something in a URL.
const PASSWORD: &str = "hunter2:/?#@%&+ é\"'[]";

/// The same as it stands in a URL.
const ENCODED: &str = "hunter2%3A%2F%3F%23%40%25%26%2B%20%C3%A9%22%27%5B%5D";

/// Makes a user, or changes one.
fn set_user(server: &RedisServer, name: &str, rules: &[&str]) {
    let command = [&["ACL", "SETUSER", name], rules].concat();
    foreign::<String>(server, &command);
}

fn url(server: &RedisServer, user: &str, password: &str) -> String {
    format!("redis://{user}:{password}@127.0.0.1:{}", server.port())
}

/// Returns how many connections the server has accepted, except for that of this query.
fn connections(server: &RedisServer) -> u64 {
    let stats: String = foreign(server, &["INFO", "stats"]);
    let line = stats
        .lines()
        .find_map(|line| line.strip_prefix("total_connections_received:"));
    let number: u64 = line.unwrap().parse().unwrap();
    number - 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_password_of_special_characters_is_decoded() {
    let server = RedisServer::start();
    let secret = format!(">{PASSWORD}");
    set_user(&server, "a@b", &["on", &secret, "~*", "+@all"]);
    let backend = connect(&url(&server, "a%40b", ENCODED));
    let user = bucket("user");

    set(&*backend, &user, "k", "v", None).await.unwrap();

    assert_eq!(get(&*backend, &user, "k").await, lasting("v"));
    let clients: String = foreign(&server, &["CLIENT", "LIST"]);
    assert!(clients.contains("user=a@b"), "{clients}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_as_an_unauthenticated_user_is_denied_and_shows_no_password() {
    let server = RedisServer::start();
    let secret = format!(">{PASSWORD}");
    set_user(&server, "app", &["on", &secret, "~*", "+@all"]);
    set_user(&server, "off", &["off", &secret, "~*", "+@all"]);
    let mut seen = String::new();
    for (user, password) in [
        ("app", "wrong-hunter2"),
        ("app", ""),
        ("nobody", ENCODED),
        ("off", ENCODED),
    ] {
        let url = url(&server, user, password);
        let error = failure(&*connect(&url)).await;
        assert!(matches!(error, BackendError::AccessDenied(_)), "{error:?}");
        seen += &everything_of(&error);
        seen += &format!("{:?}", url.parse::<BackendUrl>());
    }
    assert!(!seen.contains("hunter2"), "{seen}");
    assert!(seen.contains("app@127.0.0.1"), "name the user: {seen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_as_a_user_without_a_password_is_not_as_the_default_one() {
    let server = RedisServer::start();
    set_user(&server, "open", &["on", "nopass", "~user:*", "+@all"]);
    let bare = |user| format!("redis://{user}@127.0.0.1:{}", server.port());
    let socket = server.socket();
    let socket = format!("redis+unix://{}?user=open", socket.display());
    for url in [bare("open"), socket] {
        let backend = connect(&url);
        let held = get(&*backend, &bucket("user"), "k").await;
        assert_eq!(held, Slot::Absent, "{url}");
        let asked = backend.get(&bucket("other"), &keys(["k"]), None).await;
        assert!(
            matches!(asked, Err(BackendError::AccessDenied(_))),
            "{url}: {asked:?}"
        );
    }
    let error = failure(&*connect(&bare("nobody"))).await;
    assert!(matches!(error, BackendError::AccessDenied(_)), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_command_not_permitted_is_denied_and_the_next_call_works() {
    let server = RedisServer::start();
    let rules = ["on", ">hunter2", "~user:*", "+@all", "-set", "-scan"];
    set_user(&server, "app", &rules);
    foreign::<()>(&server, &["SET", "user:k", "v"]);
    let backend = connect(&url(&server, "app", "hunter2"));
    let user = bucket("user");
    assert_eq!(get(&*backend, &user, "k").await, lasting("v"));
    let before = connections(&server);

    let entries = pairs([("k", "w"), ("other", "w")]);
    let denied = [
        backend.set(&user, &entries, None).await.err(),
        backend.set_if_absent(&user, &entries, HOUR).await.err(),
        backend.increment(&user, "n", 1, HOUR).await.err(),
        backend.clear(&user).await.err(),
        backend.scan(&user, None, 10).await.err(),
    ];

    for error in denied {
        let Some(BackendError::AccessDenied(cause)) = error else {
            panic!("a command that is not permitted is denied: {error:?}");
        };
        let text = everything_of(&*cause);
        assert!(text.contains("NOPERM"), "say what the server said: {text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    assert_eq!(get(&*backend, &user, "k").await, lasting("v"));
    let counted = backend.increment(&user, "n", 2, None).await;
    assert_eq!(counted.unwrap(), 2);
    let made = connections(&server) - before;
    assert_eq!(made, 1, "one is the test's own; ours is kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_transaction_not_permitted_is_denied() {
    let server = RedisServer::start();
    let rules = ["on", ">pw", "~user:*", "+@all", "-multi"];
    set_user(&server, "app", &rules);
    let backend = connect(&url(&server, "app", "pw"));
    let error = failure(&*backend).await;
    assert!(matches!(error, BackendError::AccessDenied(_)), "{error:?}");
    let user = bucket("user");
    set(&*backend, &user, "k", "v", None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_key_not_permitted_is_denied_and_the_next_call_works() {
    let server = RedisServer::start();
    let rules = ["on", ">pw", "~user:*", "%R~shown:*", "+@all"];
    set_user(&server, "app", &rules);
    foreign::<()>(&server, &["MSET", "other:k", "v", "shown:k", "v"]);
    let backend = connect(&url(&server, "app", "pw"));
    let [user, other, shown] = ["user", "other", "shown"].map(bucket);

    let denied = [
        backend.get(&other, &keys(["k"]), None).await.err(),
        backend.get(&other, &keys(["k"]), HOUR).await.err(),
        backend.delete(&other, &keys(["k"])).await.err(),
        backend.delete(&shown, &keys(["k"])).await.err(),
        set(&*backend, &shown, "k", "w", None).await.err(),
        backend.expire(&other, &keys(["k"]), HOUR).await.err(),
    ];

    for error in denied {
        assert!(
            matches!(error, Some(BackendError::AccessDenied(_))),
            "{error:?}"
        );
    }
    set(&*backend, &user, "k", "v", None).await.unwrap();
    assert_eq!(get(&*backend, &user, "k").await, lasting("v"));
    assert_eq!(get(&*backend, &shown, "k").await, lasting("v"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_of_a_deleted_user_is_denied_until_the_user_is_recreated() {
    let server = RedisServer::start();
    let rules = ["on", ">pw", "~*", "+@all"];
    set_user(&server, "app", &rules);
    let backend = connect(&url(&server, "app", "pw"));
    let user = bucket("user");
    assert_eq!(get(&*backend, &user, "k").await, Slot::Absent);

    // The server cuts the user's connections.
    foreign::<i64>(&server, &["ACL", "DELUSER", "app"]);
    let mut error = failure(&*backend).await;
    if matches!(error, BackendError::Unavailable(_)) {
        // It met the connection before the loss was noticed.
        error = failure(&*backend).await;
    }
    assert!(matches!(error, BackendError::AccessDenied(_)), "{error:?}");

    set_user(&server, "app", &rules);
    assert_eq!(get(&*backend, &user, "k").await, Slot::Absent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_of_a_user_with_the_documented_rules_is_always_permitted() {
    let server = RedisServer::start();
    let page = include_str!("../../docs/src/redis.md");
    let documented = page.lines().find_map(|line| line.split_once(" ~user:* "));
    let (_, documented) = documented.expect("the guide must say what a user needs");
    let mut rules = vec!["on", ">pw", "~user:*"];
    rules.extend(documented.split_whitespace());
    set_user(&server, "app", &rules);
    let backend = connect(&format!("{}/1", url(&server, "app", "pw")));
    let user = bucket("user");

    let entries = pairs([("a", "1"), ("b", "2")]);
    backend.set(&user, &entries, HOUR).await.unwrap();
    backend.set_if_absent(&user, &entries, HOUR).await.unwrap();
    backend.get(&user, &keys(["a"]), None).await.unwrap();
    backend.get(&user, &keys(["a"]), HOUR).await.unwrap();
    backend.increment(&user, "n", 1, HOUR).await.unwrap();
    backend.increment(&user, "n", 1, None).await.unwrap();
    backend.expire(&user, &keys(["a"]), HOUR).await.unwrap();
    backend.expire(&user, &keys(["a"]), None).await.unwrap();
    assert_eq!(backend.exists(&user, &keys(["a"])).await.unwrap(), 1);
    assert_eq!(backend.delete(&user, &keys(["a"])).await.unwrap(), 1);
    assert_eq!(list(&*backend, &user, 10).await, ["b", "n"]);
    assert_eq!(backend.count(&user).await.unwrap(), 2);
    assert_eq!(backend.clear(&user).await.unwrap(), 2);
}
