//! The conformance cases in Rust, by both ways to the component and over all stores.
//!
//! `tests/conformance/` holds the cases and describes their format. `case` reads them, `run` takes them step by
//! step, `host` has what they run in, `report` tells what came of it.

mod call;
mod case;
mod door;
mod exports;
mod fit;
mod host;
mod path;
mod report;
mod run;
mod seen;
mod words;

use flipcache_tests::RedisServer;

use host::{Store, Way, in_memory, in_redis, in_sqlite};
use report::Report;

/// Runs all cases whose needs the host has; the store is made anew for each.
fn conform(file: &str, way: Way, store: &str, new_store: impl Fn() -> Store) {
    let host = match way {
        Way::Exports => "Rust, typed exports",
        Way::Door => "Rust, door",
    };
    let runtime = flipcache::io::runtime().expect("a runtime must start");
    let _entered = runtime.enter();
    let mut report = Report::new(host, store);
    for case::Named { name, case } in case::all().expect("the cases must be readable") {
        let store = new_store();
        let lacks = case.needs.iter().filter(|need| !way.has(&store, **need));
        let lacks: Vec<_> = lacks.copied().collect();
        if !lacks.is_empty() {
            report.left_out.insert(name, lacks);
            continue;
        }
        match run::run(&case, way, &store) {
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

#[test]
fn cases_over_memory_by_the_typed_exports_pass() {
    conform("rust-exports-memory", Way::Exports, "memory", in_memory);
}

#[test]
fn cases_over_sqlite_by_the_typed_exports_pass() {
    conform("rust-exports-sqlite", Way::Exports, "SQLite", in_sqlite);
}

#[test]
fn cases_over_redis_by_the_typed_exports_pass() {
    let server = RedisServer::start();
    conform("rust-exports-redis", Way::Exports, "Redis", || {
        in_redis(&server)
    });
}

#[test]
fn cases_over_memory_by_the_door_pass() {
    conform("rust-door-memory", Way::Door, "memory", in_memory);
}

#[test]
fn cases_over_sqlite_by_the_door_pass() {
    conform("rust-door-sqlite", Way::Door, "SQLite", in_sqlite);
}

#[test]
fn cases_over_redis_by_the_door_pass() {
    let server = RedisServer::start();
    conform("rust-door-redis", Way::Door, "Redis", || in_redis(&server));
}
