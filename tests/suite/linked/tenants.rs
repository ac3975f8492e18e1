//! Nothing of a tenant is seen or changed by another, in either tier, whatever names, keys and
//! cursors it makes up; nor does it see its own prefix.

use flipcache::app::Grant;
use flipcache::link::{self, KvCtx, KvCtxView, KvView};
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Store as WasmStore};

use super::world::{Platform, acme, tenant};
use crate::composed::composed;
use crate::faulty_backend::{Fault, FaultyBackend};
use crate::stores::{Store, bucket, get, in_memory, in_redis, in_sqlite, lasting, list, set};

/// Names by which globex might reach what is acme's.
const NAMES: [&str; 12] = [
    "acme",
    "acme:user",
    ":acme:user",
    "../acme:user",
    "globex:../acme:user",
    "user:../../acme",
    "*",
    "*:user",
    "[a-z]cme:user",
    "\0acme:user",
    "user:",
    ":",
];

/// Cursors that no page of globex's has.
const CURSORS: [&str; 14] = [
    "",
    "0",
    "1",
    "-1",
    "18446744073709551615",
    "k",
    "acme:user:k",
    "\0",
    "\u{10ffff}",
    "../acme",
    "; drop table entries",
    "*",
    ":",
    ";",
];

#[tokio::test(flavor = "multi_thread")]
async fn any_name_key_or_cursor_reaches_only_keys_of_the_tenant() {
    for store in [in_memory(), in_sqlite(), in_redis()] {
        let platform = Platform::over(store.backend.clone());
        let mut acme = platform.run(&acme().build());
        let grant = Grant::builder(tenant("globex")).max_names(99).build();
        let mut globex = platform.run(&grant);
        acme.tell("set", ("user", "k", "secret"));
        globex.tell("set", ("user", "own", "v"));

        for name in NAMES {
            for key in ["k", "user:k", "../k", ""] {
                let found = globex.tell("get", (name, key));
                assert!(found.contains("Source::None"), "{name} {key}: {found}");
            }
            let page = globex.tell("scan", (name, None::<&str>, 100_u32));
            assert!(page.contains("keys: []"), "{name}: {page}");
            assert_eq!(globex.tell("len", (name,)), "0", "{name}");
            assert_eq!(globex.tell("clear", (name,)), "0", "{name}");
        }
        for cursor in CURSORS {
            let page = globex.tell("scan", ("user", Some(cursor), 100_u32));
            let own_only = page.contains("keys: []") || page.contains("keys: [\"own\"]");
            assert!(own_only || page.starts_with("Error::Backend"), "{page}");
            assert!(!page.contains("acme") && !page.contains("globex"), "{page}");
        }
        assert_eq!(globex.tell("len", ("user",)), "1");
        assert_eq!(globex.tell("clear", ("user",)), "1");
        let found = acme.tell("get", ("user", "k"));
        assert!(found.contains("\"secret\""), "{found}");
        assert_keys(&store, "acme:user", &["k"]).await;
    }
}

async fn assert_keys(store: &Store, name: &str, keys: &[&str]) {
    assert_eq!(list(&*store.backend, &bucket(name), 100).await, keys);
}

/// Pages of one tenant handed to another.
#[tokio::test(flavor = "multi_thread")]
async fn scan_with_another_tenants_cursor_lists_only_own_keys() {
    for store in [in_memory(), in_sqlite(), in_redis()] {
        for key in 0..200 {
            for name in ["acme:user", "acme:users", "globex:user"] {
                let key = format!("{name}'s {key}");
                set(&*store.backend, &bucket(name), &key, "v", None)
                    .await
                    .expect("no error");
            }
        }
        let platform = Platform::over(store.backend.clone());
        let mut globex = platform.run(&Grant::builder(tenant("globex")).build());
        let mut cursor = None;
        loop {
            let page = store
                .backend
                .scan(&bucket("acme:user"), cursor.as_deref(), 20)
                .await
                .expect("no error");
            cursor = page.cursor;
            let Some(cursor) = &cursor else { break };
            let page = globex.tell("scan", ("user", Some(cursor.as_str()), 20_u32));
            let foreign = page.split("cursor:").next().expect("there is a part");
            assert!(!foreign.contains("acme"), "{page}");
        }
    }
}

#[tokio::test]
async fn set_by_an_application_is_stored_under_its_tenant() {
    let store = in_memory();
    let platform = Platform::over(store.backend.clone());
    platform
        .run(&acme().build())
        .tell("set", ("user", "k", "v"));
    let held = get(&*store.backend, &bucket("acme:user"), "k").await;
    assert_eq!(held, lasting("v"));
}

#[test]
fn open_too_long_name_is_the_same_error_for_all_tenants() {
    let platform = Platform::new();
    let told = ["t", &"t".repeat(64)].map(|name| {
        let mut running = platform.run(&Grant::builder(tenant(name)).build());
        running.tell("len", ("n".repeat(1_000).as_str(),))
    });
    assert!(told[0].starts_with("Error::InvalidName"), "{}", told[0]);
    assert_eq!(told[0], told[1]);
}

/// A backend's words may name its address, or keys as they stand in it.
#[test]
fn any_error_of_the_backend_omits_its_text() {
    let faulty = FaultyBackend::over(in_memory().backend);
    let platform = Platform::over(faulty.clone());
    let mut running = platform.run(&acme().build());
    faulty.set_fault(Fault::Down);
    let told = running.tell("get", ("user", "k"));
    let unavailable = "BackendError::Unavailable(\"the backend cannot be reached\")";
    assert_eq!(told, format!("Error::Backend({unavailable})"));
    faulty.set_fault(Fault::Panics);
    let told = running.tell("len", ("user",));
    let failed = "BackendError::Other(\"the backend failed\")";
    assert_eq!(told, format!("Error::Backend({failed})"));
}

/// The store of an application that the cache was composed into.
struct Data {
    kv: KvCtx,
    table: ResourceTable,
}

impl KvView for Data {
    fn kv(&mut self) -> KvCtxView<'_> {
        KvCtxView {
            ctx: &mut self.kv,
            table: &mut self.table,
        }
    }
}

/// A composed application and one whose host gives it the cache, of one tenant, share their keys.
#[tokio::test(flavor = "multi_thread")]
async fn set_by_a_composed_application_is_stored_under_its_tenant() {
    let faulty = FaultyBackend::over(in_memory().backend);
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    link::add_to_linker::<Data>(&mut linker).expect("the linker is empty");
    let composed = Component::new(&engine, composed()).expect("it must compile");
    let kv = KvCtx::builder(faulty.clone())
        .tenant(tenant("acme"))
        .build();
    let kv = kv.expect("a runtime must start");
    let table = ResourceTable::new();
    let mut store = WasmStore::new(&engine, Data { kv, table });
    let instance = linker.instantiate(&mut store, &composed);
    let instance = instance.expect("it must instantiate");
    let mut call = |name, params: (&str, &str, &str)| {
        let call = instance.get_typed_func::<(&str, &str, &str), (String,)>(&mut store, name);
        let call = call.expect("it is exported");
        let (told,) = call.call(&mut store, params).expect("it must not trap");
        told
    };
    assert_eq!(call("set", ("user", "k", "v")), "()");
    let held = get(&*faulty, &bucket("acme:user"), "k").await;
    assert_eq!(held, lasting("v"));
    let found = Platform::over(faulty.clone())
        .run(&acme().build())
        .tell("get", ("user", "k"));
    assert!(found.contains("\"v\""), "{found}");

    faulty.set_fault(Fault::Down);
    let told = call("set", ("user", "k", "v"));
    assert!(told.contains("\"the backend cannot be reached\""), "{told}");
    let long = "n".repeat(1_000);
    let told = call("set", (&long, "k", "v"));
    assert!(!told.contains("acme") && told.contains("959"), "{told}");
}
