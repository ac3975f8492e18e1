//! An application gets from its host what the cache composed into it would give, in every kind of
//! store and on every kind of thread.

use std::sync::Arc;

use flipcache::backend::KvBackend;
use flipcache::link::{self, KvCtx, KvCtxView, KvView};
use flipcache::{Client, app};
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Store};

use super::world::{Data as Linked, Platform, acme, tenant};
use crate::composed::{FRESH, composed};
use crate::stores::{in_memory, in_redis, in_sqlite};

type Told = Result<Vec<String>, String>;

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

/// Returns the output of the tour of the application with the cache composed into it.
fn tour_of_composed(backend: Arc<dyn KvBackend>) -> Vec<String> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    link::add_to_linker::<Data>(&mut linker).expect("the linker is empty");
    let composed = Component::new(&engine, composed()).expect("it must compile");
    let kv = KvCtx::builder(backend).tenant(tenant("composed")).build();
    let kv = kv.expect("a runtime must start");
    let table = ResourceTable::new();
    let mut store = Store::new(&engine, Data { kv, table });
    let instance = linker.instantiate(&mut store, &composed);
    let instance = instance.expect("it must instantiate");
    let tour = instance.get_typed_func::<(&str,), (Vec<String>,)>(&mut store, "tour");
    let tour = tour.expect("it is exported");
    let (told,) = tour.call(&mut store, ("tour",)).expect("it must not trap");
    told
}

#[test]
fn run_in_a_synchronous_store_returns_the_same_as_composed() {
    let platform = Platform::new();
    let told: Told = platform
        .run(&acme().build())
        .call("run", ("k",))
        .expect("it must not trap");
    assert_eq!(told.expect("no error"), FRESH);
}

#[tokio::test]
async fn run_in_an_asynchronous_store_returns_the_same_as_composed() {
    let platform = Platform::new();
    let mut running = platform.run_async(&acme().build()).await;
    let told: Told = running
        .call_async("run", ("k",))
        .await
        .expect("it must not trap");
    assert_eq!(told.expect("no error"), FRESH);
}

#[tokio::test(flavor = "multi_thread")]
async fn tour_on_every_backend_returns_the_same_as_composed() {
    for store in [in_memory(), in_sqlite(), in_redis()] {
        let composed = tour_of_composed(store.backend.clone());
        let platform = Platform::over(store.backend.clone());
        let mut waiting = platform.run(&acme().build());
        let told: Vec<String> = waiting.call("tour", ("tour",)).expect("it must not trap");
        assert_eq!(told, composed);

        let platform = Platform::over(store.backend.clone());
        let mut suspending = platform.run_async(&acme().build()).await;
        let told = suspending.call_async::<_, Vec<String>>("tour", ("tour",));
        assert_eq!(told.await.expect("it must not trap"), composed);
    }
}

/// The client's tasks have no other thread than the one that would wait for them.
#[test]
fn run_on_the_only_worker_of_the_clients_runtime_returns() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .expect("a runtime must start");
    let client = Client::builder(in_memory().backend).runtime(runtime.handle().clone());
    let client = client.build().expect("the shards must start");
    let told = runtime.spawn(async move {
        let platform = Platform::of(client);
        let told: wasmtime::Result<Told> = platform.run(&acme().build()).call("run", ("k",));
        told
    });
    let told = runtime.block_on(told).expect("it must not panic");
    assert_eq!(told.expect("it must not trap").expect("no error"), FRESH);
}

#[tokio::test(flavor = "current_thread")]
async fn run_on_the_thread_of_another_runtime_returns() {
    let platform = Platform::new();
    let told: Told = platform
        .run(&acme().build())
        .call("run", ("k",))
        .expect("it must not trap");
    assert_eq!(told.expect("no error"), FRESH);
}

/// A task of tokio's may take so many steps before it has to yield; one that waits cannot yield.
#[tokio::test(flavor = "multi_thread")]
async fn any_number_of_calls_in_one_task_return() {
    let platform = Platform::new();
    let mut running = platform.run(&acme().build());
    for key in 0..500 {
        let key = key.to_string();
        assert_eq!(running.tell("set", ("user", key.as_str(), "v")), "()");
    }
}

/// A host may have composed applications beside those that it gives the cache.
#[test]
fn add_to_linker_beside_kv_backend_defines_both() {
    struct Both(KvCtx, Linked);
    impl KvView for Both {
        fn kv(&mut self) -> KvCtxView<'_> {
            KvCtxView {
                ctx: &mut self.0,
                table: app::CacheView::cache(&mut self.1).table,
            }
        }
    }
    impl app::CacheView for Both {
        fn cache(&mut self) -> app::CacheCtxView<'_> {
            self.1.cache()
        }
    }
    let engine = Engine::default();
    for order in [false, true] {
        let mut linker = Linker::<Both>::new(&engine);
        if order {
            link::add_to_linker(&mut linker).expect("the linker is empty");
            app::add_to_linker(&mut linker).expect("it has no cache yet");
        } else {
            app::add_to_linker_async(&mut linker).expect("the linker is empty");
            link::add_to_linker_async(&mut linker).expect("it has no backend yet");
        }
        for component in [crate::composed::APP, &composed()] {
            let component = Component::new(&engine, component).expect("it must compile");
            linker
                .instantiate_pre(&component)
                .expect("every import must be defined");
        }
    }
}

#[test]
fn add_to_linker_twice_is_refused() {
    let mut linker = Linker::<Linked>::new(&Engine::default());
    app::add_to_linker(&mut linker).expect("the linker is empty");
    assert!(app::add_to_linker(&mut linker).is_err());
}
