//! The conformance cases in Rust, by both ways to the component and over all stores.
//!
//! `tests/conformance/` holds the cases and describes their format. `case` reads them, `run` takes them step by
//! step, `host` has what they run in, `report` tells what came of it.

mod api;
mod call;
mod case;
mod composed;
mod door;
mod exports;
mod fit;
mod host;
mod path;
mod report;
mod run;
mod seen;
mod untyped;
mod words;

use flipcache_tests::RedisServer;

use composed::over_wasi_keyvalue;
use host::{World, by_exports, by_the_door, in_memory, in_redis, in_sqlite};
use report::Report;

/// Runs all cases whose needs the host has, each in a world of its own.
fn conform(file: &str, host: &str, store: &str, new_world: impl Fn() -> World) {
    let runtime = flipcache::io::runtime().expect("a runtime must start");
    let _entered = runtime.enter();
    let mut report = Report::new(host, store);
    for case::Named { name, case } in case::all().expect("the cases must be readable") {
        let world = new_world();
        let lacks = case.needs.iter().filter(|need| !world.has.contains(need));
        let lacks: Vec<_> = lacks.copied().collect();
        if !lacks.is_empty() {
            report.left_out.insert(name, lacks);
            continue;
        }
        match run::run(&case, &world) {
            Ok(()) => report.passed.push(name),
            Err(error) => {
                report.failed.insert(name, format!("{error:#}"));
            }
        }
    }
    report.publish(file).expect("the report must be written");
    assert!(
        report.failed.is_empty(),
        "these cases came out otherwise: {:#?}",
        report.failed
    );
    assert!(!report.passed.is_empty(), "no case was run");
}

const EXPORTS: &str = "Rust, typed exports";
const DOOR: &str = "Rust, door";

#[test]
fn cases_over_memory_by_the_typed_exports_pass() {
    conform("rust-exports-memory", EXPORTS, "memory", || {
        by_exports(in_memory())
    });
}

#[test]
fn cases_over_sqlite_by_the_typed_exports_pass() {
    conform("rust-exports-sqlite", EXPORTS, "SQLite", || {
        by_exports(in_sqlite())
    });
}

#[test]
fn cases_over_redis_by_the_typed_exports_pass() {
    let server = RedisServer::start();
    conform("rust-exports-redis", EXPORTS, "Redis", || {
        by_exports(in_redis(&server))
    });
}

#[test]
fn cases_over_memory_by_the_door_pass() {
    conform("rust-door-memory", DOOR, "memory", || {
        by_the_door(in_memory())
    });
}

#[test]
fn cases_over_sqlite_by_the_door_pass() {
    conform("rust-door-sqlite", DOOR, "SQLite", || {
        by_the_door(in_sqlite())
    });
}

#[test]
fn cases_over_redis_by_the_door_pass() {
    let server = RedisServer::start();
    conform("rust-door-redis", DOOR, "Redis", || {
        by_the_door(in_redis(&server))
    });
}

#[test]
fn cases_over_wasi_keyvalue_pass() {
    let host = "wasmtime, by `wasi:keyvalue`";
    conform(
        "wasi-keyvalue",
        host,
        "wasmtime-wasi-keyvalue",
        over_wasi_keyvalue,
    );
}
