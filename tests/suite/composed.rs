//! The cache composed into an application, as `wac plug` does it, and both linked by a host.

use flipcache::backend::KvBackend;
use flipcache::link::{self, KvCtx, KvCtxView, KvView};
use std::sync::Arc;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Store};

use crate::stores::{bucket, get, in_memory, lasting};

/// An application that imports the cache.
pub(crate) const APP: &[u8] = include_bytes!(env!("FLIPCACHE_TEST_APP_FILE"));

/// What the application tells when the key was not there.
pub(crate) const FRESH: [&str; 6] = [
    "None from Source::None",
    "None from Source::None",
    "Some(Value::Text(\"v\")) from Source::Local",
    "1 key",
    "Error::InvalidName(\"a name cannot be empty\")",
    "Ok(()) Ok(Some((\"b\", Value::Integer(1)))) [\"a\", \"c\"]",
];

/// What a store holds whose component imports of the host what the cache does.
pub(crate) struct Data {
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

/// Returns the cache plugged into the application.
pub(crate) fn composed() -> Vec<u8> {
    plugged(APP)
}

/// Returns the cache plugged into an application.
pub(crate) fn plugged(app: &[u8]) -> Vec<u8> {
    flipcache_tests::plugged(app, flipcache::COMPONENT)
}

pub(crate) fn store(engine: &Engine, backend: Arc<dyn KvBackend>) -> Store<Data> {
    let kv = KvCtx::builder(backend)
        .build()
        .expect("a runtime must start");
    let table = ResourceTable::new();
    Store::new(engine, Data { kv, table })
}

/// Returns the names of what a component imports, sorted.
pub(crate) fn imports(component: &Component) -> Vec<String> {
    let component_type = component.component_type();
    let mut imports: Vec<_> = component_type
        .imports(component.engine())
        .map(|(name, _)| name.to_owned())
        .collect();
    imports.sort();
    imports
}

#[test]
fn plug_leaves_only_what_the_cache_imports() {
    let engine = Engine::default();
    let composed = Component::new(&engine, composed()).expect("it must compile");
    assert_eq!(
        imports(&composed),
        [
            "flipcache:cache/kv-backend@0.1.0",
            "flipcache:cache/types@0.1.0",
            "wasi:clocks/monotonic-clock@0.2.0",
        ]
    );
}

#[test]
fn run_in_a_synchronous_store_uses_the_cache_inside() {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    link::add_to_linker::<Data>(&mut linker).expect("the linker must be empty");
    let composed = Component::new(&engine, composed()).expect("it must compile");
    let backend = in_memory().backend;
    let mut store = store(&engine, backend.clone());
    let instance = linker
        .instantiate(&mut store, &composed)
        .expect("it must instantiate");
    let run = instance.get_typed_func::<(&str,), (Result<Vec<String>, String>,)>(&mut store, "run");
    let run = run.expect("the application must export it");

    let (told,) = run.call(&mut store, ("k",)).expect("it must not trap");
    assert_eq!(told.expect("no error"), FRESH);
    let (told,) = run.call(&mut store, ("k",)).expect("it must not trap");
    assert_eq!(
        told.expect("no error")[0],
        "Some(Value::Text(\"v\")) from Source::Local",
        "its L1 lives on"
    );
    let held = pollster::block_on(get(&*backend, &bucket("app"), "k"));
    assert_eq!(held, lasting("v"));
}

#[tokio::test]
async fn run_in_an_asynchronous_store_uses_the_cache_inside() {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    link::add_to_linker_async::<Data>(&mut linker).expect("the linker must be empty");
    let composed = Component::new(&engine, composed()).expect("it must compile");
    let mut store = store(&engine, in_memory().backend);
    let instance = linker.instantiate_async(&mut store, &composed).await;
    let instance = instance.expect("it must instantiate");
    let run = instance.get_typed_func::<(&str,), (Result<Vec<String>, String>,)>(&mut store, "run");
    let run = run.expect("the application must export it");
    let (told,) = run
        .call_async(&mut store, ("k",))
        .await
        .expect("it must not trap");
    assert_eq!(told.expect("no error"), FRESH);
}

/// A thread of a runtime may wait too: it must not panic, nor wait for itself.
#[tokio::test]
async fn run_in_a_synchronous_store_on_a_thread_of_a_runtime_returns() {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    link::add_to_linker::<Data>(&mut linker).expect("the linker must be empty");
    let composed = Component::new(&engine, composed()).expect("it must compile");
    let mut store = store(&engine, in_memory().backend);
    let instance = linker
        .instantiate(&mut store, &composed)
        .expect("it must instantiate");
    let run = instance.get_typed_func::<(&str,), (Result<Vec<String>, String>,)>(&mut store, "run");
    let (told,) = run
        .expect("it is exported")
        .call(&mut store, ("k",))
        .expect("it must not trap");
    assert_eq!(told.expect("no error"), FRESH);
}
