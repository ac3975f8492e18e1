//! `flipcache-guest` over a host that has `wasi:keyvalue` alone.

use flipcache_tests::plugged;
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, OptLevel, Store};

use super::clock::Clock;
use super::composition::{cache_over_wasi_keyvalue, cache_over_wasi_keyvalue_draft2};
use super::hosts::{Fault, Host};
use crate::sdk::{self, APP};

/// Returns what a scene of `tests/sdk-app` tells over a host.
fn play(engine: &Engine, composed: &Component, host: &Host, scene: &str) -> Vec<String> {
    let mut linker = Linker::new(engine);
    Host::add_to_linker(&mut linker).expect("the linker must be empty");
    let clocks = Clock::new().add_to_linker(&mut linker);
    clocks.expect("it has no clocks yet");
    let mut store = Store::new(engine, host.data());
    let instance = linker.instantiate(&mut store, composed);
    let instance = instance.expect("it must instantiate");
    let run = instance.get_typed_func::<(&str,), (Result<Vec<String>, String>,)>(&mut store, "run");
    let run = run.expect("the application must export it");
    let (told,) = run.call(&mut store, (scene,)).expect("it must not trap");
    told.unwrap_or_else(|error| panic!("{scene}: {error}"))
}

/// Returns the application over each draft.
fn applications() -> (Engine, [Component; 2]) {
    let engine = Engine::new(Config::new().cranelift_opt_level(OptLevel::None));
    let engine = engine.expect("the engine must start");
    let caches = [
        cache_over_wasi_keyvalue(),
        cache_over_wasi_keyvalue_draft2(),
    ];
    let compiled = caches.map(|cache| {
        let composed = plugged(APP, &cache);
        Component::new(&engine, composed).expect("it must compile")
    });
    (engine, compiled)
}

#[test]
fn every_operation_returns_what_it_does_over_other_stores() {
    let (engine, applications) = applications();
    for scene in [
        "values",
        "operations",
        "lives",
        "many",
        "loading",
        "defaults",
        "local",
        "errors",
    ] {
        let expected = sdk::play(scene);
        for application in &applications {
            let host = Host::with(["default"]);
            assert_eq!(
                play(&engine, application, &host, scene),
                expected,
                "{scene}"
            );
        }
    }
}

#[test]
fn get_or_insert_with_returns_the_loaded_value_though_the_host_rejects_writes() {
    let (engine, applications) = applications();
    for application in &applications {
        for fault in [Fault::Denied, Fault::Other, Fault::NoSuchStore] {
            let host = Host::with(["default"]);
            host.held().write_fault = Some(fault);
            let told = play(&engine, application, &host, "storing");
            assert_eq!(told, sdk::NOTHING_STORED, "{fault:?}");
        }
    }
}
