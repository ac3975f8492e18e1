//! `flipcache-guest`, in an application that the cache was composed into. What each scene does
//! stands in
//! `tests/sdk-app`.

use std::sync::Arc;

use flipcache::backend::KvBackend;
use flipcache::link;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::composed::{plugged, store};
use crate::faulty_backend::{Fault, FaultyBackend};
use crate::stores::in_memory;

/// An application that is written with `flipcache-guest`.
pub(crate) const APP: &[u8] = include_bytes!(env!("FLIPCACHE_TEST_SDK_APP_FILE"));

/// Returns what a scene tells, over an empty backend.
pub(crate) fn play(scene: &str) -> Vec<String> {
    play_over(in_memory().backend, scene)
}

fn play_over(backend: Arc<dyn KvBackend>, scene: &str) -> Vec<String> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    link::add_to_linker(&mut linker).expect("the linker must be empty");
    let composed = Component::new(&engine, plugged(APP)).expect("it must compile");
    let mut store = store(&engine, backend);
    let instance = linker
        .instantiate(&mut store, &composed)
        .expect("it must instantiate");
    let run = instance.get_typed_func::<(&str,), (Result<Vec<String>, String>,)>(&mut store, "run");
    let run = run.expect("the application must export it");
    let (told,) = run.call(&mut store, (scene,)).expect("it must not trap");
    told.expect("the cache must not fail")
}

#[test]
fn get_of_each_type_returns_the_set_value() {
    assert_eq!(
        play("values"),
        [
            r#"Found { value: Some("grün"), source: Source::Backend }"#,
            r#"Found { value: Some("grün"), source: Source::Local }"#,
            "Some(200)",
            "Some(0.1)",
            "Some(true)",
            "Some([0, 255])",
            r#"Some(User { name: "Ada", karma: 0.1 })"#
        ]
    );
}

#[test]
fn each_operation_on_a_key_returns_the_same_as_the_hosts() {
    assert_eq!(
        play("operations"),
        [
            r#"Cache { name: "operations", .. }"#,
            "Found { value: None, source: Source::None }",
            "true",
            "true",
            "false",
            r#"Some("first") true"#,
            "false 1",
            "true false",
            "true false",
            "5 -2",
            "1"
        ]
    );
}

#[test]
fn ttl_of_entries_is_the_caches_their_own_or_none() {
    assert_eq!(play("lives"), ["1 h", "2 h", "Some(Never)", "None"]);
}

#[test]
fn many_keys_are_returned_in_order_and_listed_beyond_a_page() {
    assert_eq!(
        play("many"),
        ["[Some(2499), None, Some(0)]", "true", "2", "2499"]
    );
}

#[test]
fn get_or_insert_with_absent_key_loads_once_and_keeps_a_concurrent_write() {
    assert_eq!(
        play("loading"),
        [
            "loaded",
            "loaded",
            "Err(Own) None",
            "by another",
            "7",
            r#"Err(Cache(InvalidName("a name cannot be empty")))"#
        ]
    );
}

/// What the scene `storing` tells where nothing can be written.
pub(crate) const NOTHING_STORED: [&str; 4] = [
    "loaded again",
    r#"Found { value: Some("d"), source: Source::Default }"#,
    "0 local, 3 errors",
    "true",
];

#[test]
fn get_or_insert_with_returns_the_loaded_value_though_it_cannot_be_stored() {
    let faulty = FaultyBackend::over(in_memory().backend);
    faulty.set_fault(Fault::Full);
    assert_eq!(play_over(faulty, "storing"), NOTHING_STORED);
}

#[test]
fn default_is_returned_or_stored_and_not_passed_to_a_loader() {
    assert_eq!(
        play("defaults"),
        [
            r#"Found { value: Some("d"), source: Source::Default } None"#,
            r#"Found { value: Some("d"), source: Source::Default } Some("d")"#,
            "l"
        ]
    );
}

#[test]
fn local_shows_the_local_tier_alone() {
    assert_eq!(
        play("local"),
        [
            r#"["a", "c"] 2 false"#,
            r#"Some("a") None"#,
            "true 3",
            "Source::Backend",
            "1 evicted"
        ]
    );
}

#[test]
fn dict_in_lru_order_evicts_the_least_recently_used() {
    assert_eq!(
        play("dict"),
        [
            r#"(Some(Value::Integer(1)), Some(Value::Integer(2))) Some(("b", Value::Integer(2)))"#,
            r#"["a", "c"] [Value::Integer(1), Value::Text("three")] [("a", Value::Integer(1)), ("c", Value::Text("three"))]"#,
            "Value::Integer(1) false",
            "2 of 2",
            r#"Some(Value::Integer(1)) false Some(("c", Value::Text("three")))"#,
            "true"
        ]
    );
}

#[test]
fn errors_describe_the_cause() {
    assert_eq!(
        play("errors"),
        [
            "invalid name: a name cannot be empty",
            "invalid options: ttl: 0, or longer than Redis can count",
            "true",
            "conflict: the cache is open with another key or value type",
            "invalid TTL of 0ns",
            "too large: the limit is 65536 bytes",
            r#"the codec failed on the value of key "big""#,
            "invalid capacity: a dictionary holds at least one item"
        ]
    );
}
