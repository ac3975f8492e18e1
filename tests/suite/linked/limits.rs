//! Each limit of a grant, reached.

use super::world::{Platform, acme};
use crate::faulty_backend::FaultyBackend;
use crate::stores::{in_memory, in_redis};

#[test]
fn open_a_name_that_is_not_granted_is_denied() {
    let platform = Platform::new();
    let grant = acme().name("user").names_beginning("job-").build();
    let mut running = platform.run(&grant);
    for name in ["user", "job-1"] {
        assert_eq!(running.tell("set", (name, "k", "v")), "()");
    }
    for name in ["other", "user:admin", "acme:user", "job"] {
        assert_eq!(
            running.tell("set", (name, "k", "v")),
            "Error::Denied(\"the host does not grant this name\")",
            "{name}"
        );
    }
}

#[test]
fn open_more_names_than_granted_is_denied_in_every_store() {
    let platform = Platform::new();
    let grant = acme().max_names(3).build();
    let refused = "3, then Error::Denied(\"the host grants no more than 3 names\")";
    for _ in 0..2 {
        let told = platform.run(&grant).tell("open-names", (1_000_u32,));
        assert_eq!(told, refused, "the three are known, and no other");
    }
}

#[test]
fn open_more_handles_than_granted_is_denied_until_one_is_closed() {
    let platform = Platform::new();
    let grant = acme().max_handles(5).build();
    let mut running = platform.run(&grant);
    for _ in 0..2 {
        let told = running.tell("keep-handles", (1_000_u32,));
        assert!(told.starts_with("5, then Error::Denied"), "{told}");
    }
    let told = platform.run(&grant).tell("keep-handles", (5_u32,));
    assert_eq!(told, "5", "another store has its own");
}

#[test]
fn fill_caches_no_more_entries_and_bytes_than_granted() {
    let platform = Platform::new();
    let grant = acme().max_local_entries(3).max_local_bytes(1_000).build();
    let mut running = platform.run(&grant);
    let told = running.tell("fill", ("small", u32::MAX, 9_u32, 1_u32));
    assert_eq!(told, "(3, 6)");
    let told = running.tell("fill", ("large", u32::MAX, 9_u32, 499_u32));
    assert_eq!(told, "(2, 1000)");
    let told = running.tell("fill", ("modest", 1_u32, 9_u32, 1_u32));
    assert_eq!(told, "(1, 2)");
}

#[test]
fn any_call_with_more_keys_than_granted_is_denied() {
    let platform = Platform::new();
    let mut running = platform.run(&acme().max_batch(10).build());
    assert_eq!(running.tell("giant-batch", (10_u32,)), "10");
    let told = running.tell("giant-batch", (11_u32,));
    let denied = "Error::Denied(\"the host grants no more than 10 keys in one call\")";
    assert_eq!(told, denied);
}

#[test]
fn scan_returns_no_more_keys_per_page_than_granted() {
    let platform = Platform::new();
    let mut running = platform.run(&acme().max_batch(2).build());
    for key in ["a", "b", "c"] {
        running.tell("set", ("n", key, "v"));
    }
    let page = running.tell("scan", ("n", None::<&str>, u32::MAX));
    assert!(
        page.contains("[\"a\", \"b\"], cursor: Some(\"b\")"),
        "{page}"
    );
}

#[test]
fn set_and_default_longer_than_granted_are_too_large() {
    let platform = Platform::new();
    let mut running = platform.run(&acme().max_value_bytes(100).build());
    assert_eq!(running.tell("giant-value", (100_u32,)), "() ()");
    let told = running.tell("giant-value", (101_u32,));
    assert_eq!(told, "Error::TooLarge(100) Error::TooLarge(100)");
}

#[test]
fn get_of_more_bytes_than_granted_is_too_large_and_no_more_is_read() {
    let faulty = FaultyBackend::over(in_memory().backend);
    let platform = Platform::over(faulty.clone());
    let grant = acme().max_value_bytes(100).max_answer_bytes(300).build();
    let mut running = platform.run(&grant);
    let keys: Vec<String> = (0..9).map(|key| key.to_string()).collect();
    for key in &keys {
        running.tell("set", ("n", key.as_str(), "v".repeat(100).as_str()));
    }
    let own = platform
        .client
        .cache("acme:n")
        .open()
        .expect("it must open");
    own.local().clear();
    faulty.calls();

    let told = running.tell("get-many", ("n", &keys[..3]));
    assert_eq!(told, "[100, 100, 100]");
    assert_eq!(faulty.calls(), ["get"]);
    own.local().clear();
    let told = running.tell("get-many", ("n", &keys[..]));
    assert_eq!(told, "Error::TooLarge(300)");
    assert_eq!(faulty.calls(), ["get", "get"], "not the third part");

    own.blocking().set("0", &"v".repeat(301)).expect("no error");
    for _ in 0..2 {
        let told = running.tell("get", ("n", "0"));
        assert_eq!(told, "Error::TooLarge(300)", "neither from L2 nor from L1");
        own.local().clear();
    }
}

#[test]
fn get_many_of_one_key_reads_it_once_and_counts_its_value_each_time() {
    let faulty = FaultyBackend::over(in_memory().backend);
    let platform = Platform::over(faulty.clone());
    // One key a round trip, and nothing is kept.
    let grant = acme().max_value_bytes(300).max_answer_bytes(300);
    let mut running = platform.run(&grant.max_local_bytes(1).build());
    running.tell("set", ("n", "k", "v".repeat(100).as_str()));
    faulty.calls();
    for (count, expected) in [(3, "[100, 100, 100]"), (4, "Error::TooLarge(300)")] {
        assert_eq!(
            running.tell("get-many", ("n", &vec!["k"; count][..])),
            expected
        );
        assert_eq!(faulty.calls(), ["get"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scan_made_up_cursor_is_an_error_but_not_a_backend_failure() {
    let store = in_redis();
    let platform = Platform::over(store.backend.clone());
    let mut running = platform.run(&acme().build());
    assert_eq!(running.tell("set", ("n", "k", "v")), "()");
    let told = running.tell("scan", ("n", Some("made up"), 100_u32));
    assert!(told.contains("invalid cursor"), "{told}");
    let own = platform.client.cache("acme:n").open();
    let own = own.expect("it must open");
    assert_eq!(own.stats().backend_errors, 0);
    let told = running.tell("scan", ("n", None::<&str>, 100_u32));
    assert!(told.contains("keys: [\"k\"]"), "{told}");
}

#[test]
fn set_in_dictionaries_beyond_the_bytes_of_all_is_too_large() {
    let platform = Platform::new();
    let grant = acme().dict_bytes(8 << 20).build();
    let mut running = platform.run(&grant);
    for _ in 0..2 {
        let told = running.tell("fill-dicts", ());
        assert_eq!(
            told, "7, then Error::TooLarge(8388608)",
            "closed ones count no more"
        );
    }
    let told = running.tell("fill-dict-with-nothing", ());
    let (items, _) = told.split_once(',').expect("it must end");
    let items: u64 = items.parse().expect("a number");
    assert!(
        (10_000..80_000).contains(&items),
        "items cost something: {told}"
    );
}
