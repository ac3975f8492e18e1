//! The conformance cases in Rust, by both entries to the component and over all stores.
//!
//! `tests/conformance/` holds the cases and describes their format. `case` reads them, `run`
//! executes their steps, `host` provides their worlds, and `report` writes the outcome.

mod api;
mod call;
mod case;
mod composed;
mod door;
mod exports;
mod fit;
mod host;
mod json;
mod path;
mod recorder;
mod report;
mod run;
mod untyped;

use flipcache_tests::RedisServer;

use composed::over_wasi_keyvalue;
use host::{World, by_exports, by_the_door, in_memory, in_redis, in_sqlite};
use report::Report;

/// Runs all cases whose needs the host meets, each in its own world.
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
        "these cases failed: {:#?}",
        report.failed
    );
    assert!(!report.passed.is_empty(), "no case was run");
}

const EXPORTS: &str = "Rust, typed exports";
const DOOR: &str = "Rust, door";

#[test]
fn typed_exports_over_memory_pass_all_cases() {
    conform("rust-exports-memory", EXPORTS, "memory", || {
        by_exports(in_memory())
    });
}

#[test]
fn typed_exports_over_sqlite_pass_all_cases() {
    conform("rust-exports-sqlite", EXPORTS, "SQLite", || {
        by_exports(in_sqlite())
    });
}

#[test]
fn typed_exports_over_redis_pass_all_cases() {
    let server = RedisServer::start();
    conform("rust-exports-redis", EXPORTS, "Redis", || {
        by_exports(in_redis(&server))
    });
}

#[test]
fn door_over_memory_passes_all_cases() {
    conform("rust-door-memory", DOOR, "memory", || {
        by_the_door(in_memory())
    });
}

#[test]
fn door_over_sqlite_passes_all_cases() {
    conform("rust-door-sqlite", DOOR, "SQLite", || {
        by_the_door(in_sqlite())
    });
}

#[test]
fn door_over_redis_passes_all_cases() {
    let server = RedisServer::start();
    conform("rust-door-redis", DOOR, "Redis", || {
        by_the_door(in_redis(&server))
    });
}

#[test]
fn composition_over_wasi_keyvalue_passes_all_cases() {
    let host = "wasmtime, by `wasi:keyvalue`";
    conform(
        "wasi-keyvalue",
        host,
        "wasmtime-wasi-keyvalue",
        over_wasi_keyvalue,
    );
}
