//! A platform: an engine, the test's application, and a client that all its stores share.

use std::sync::Arc;

use flipcache::Client;
use flipcache::app::{self, CacheCtx, CacheCtxView, CacheView, Grant, GrantBuilder, Tenant};
use flipcache::backend::KvBackend;
use wasmtime::component::{
    Component, ComponentNamedList, Instance, Lift, Linker, Lower, ResourceTable,
};
use wasmtime::{Config, Engine, Store, StoreLimits, StoreLimitsBuilder};

use crate::composed::APP;
use crate::stores::in_memory;

/// How much memory an application has.
const MEMORY: usize = 64 << 20;

pub(crate) struct Data {
    cache: CacheCtx,
    table: ResourceTable,
    limits: StoreLimits,
}

impl CacheView for Data {
    fn cache(&mut self) -> CacheCtxView<'_> {
        CacheCtxView {
            ctx: &mut self.cache,
            table: &mut self.table,
        }
    }
}

pub(crate) struct Platform {
    pub(crate) engine: Engine,
    pub(crate) client: Client,
    component: Component,
    waiting: Linker<Data>,
    suspending: Linker<Data>,
}

/// An instance of the application.
pub(crate) struct Running {
    pub(crate) store: Store<Data>,
    instance: Instance,
}

impl Platform {
    pub(crate) fn new() -> Self {
        Self::over(in_memory().backend)
    }

    /// Over a backend, whose calls run on a runtime of their own.
    pub(crate) fn over(backend: Arc<dyn KvBackend>) -> Self {
        let client = Client::builder(backend).build();
        Self::of(client.expect("the shards must start"))
    }

    pub(crate) fn of(client: Client) -> Self {
        let mut config = Config::new();
        config.epoch_interruption(true);
        let engine = Engine::new(&config).expect("the engine must start");
        let component = Component::new(&engine, APP).expect("the application must compile");
        let mut waiting = Linker::new(&engine);
        app::add_to_linker::<Data>(&mut waiting).expect("the linker is empty");
        let mut suspending = Linker::new(&engine);
        app::add_to_linker_async::<Data>(&mut suspending).expect("the linker is empty");
        Self {
            engine,
            client,
            component,
            waiting,
            suspending,
        }
    }

    /// Returns an instance in a synchronous store.
    pub(crate) fn run(&self, grant: &Grant) -> Running {
        let mut store = self.store(grant);
        let instance = self.waiting.instantiate(&mut store, &self.component);
        let instance = instance.expect("the application must instantiate");
        Running { store, instance }
    }

    /// Returns an instance in an asynchronous store.
    pub(crate) async fn run_async(&self, grant: &Grant) -> Running {
        let mut store = self.store(grant);
        let instance = self
            .suspending
            .instantiate_async(&mut store, &self.component);
        let instance = instance.await.expect("the application must instantiate");
        Running { store, instance }
    }

    fn store(&self, grant: &Grant) -> Store<Data> {
        let data = Data {
            cache: CacheCtx::builder(self.client.clone(), grant.clone()).build(),
            table: ResourceTable::new(),
            limits: StoreLimitsBuilder::new().memory_size(MEMORY).build(),
        };
        let mut store = Store::new(&self.engine, data);
        store.limiter(|data| &mut data.limits);
        store.set_epoch_deadline(1 << 60);
        store
    }
}

impl Running {
    /// Calls an export that answers one thing.
    pub(crate) fn call<P, R>(&mut self, name: &str, params: P) -> wasmtime::Result<R>
    where
        P: ComponentNamedList + Lower,
        R: 'static,
        (R,): ComponentNamedList + Lift,
    {
        let function = self
            .instance
            .get_typed_func::<P, (R,)>(&mut self.store, name);
        let function = function.expect("the application must export it");
        let (answer,) = function.call(&mut self.store, params)?;
        Ok(answer)
    }

    /// Returns the same, in an asynchronous store.
    pub(crate) async fn call_async<P, R>(&mut self, name: &str, params: P) -> wasmtime::Result<R>
    where
        P: ComponentNamedList + Lower,
        R: 'static,
        (R,): ComponentNamedList + Lift,
    {
        let function = self
            .instance
            .get_typed_func::<P, (R,)>(&mut self.store, name);
        let function = function.expect("the application must export it");
        let (answer,) = function.call_async(&mut self.store, params).await?;
        Ok(answer)
    }

    /// Returns the result of an export that must not trap.
    #[track_caller]
    pub(crate) fn tell<P>(&mut self, name: &str, params: P) -> String
    where
        P: ComponentNamedList + Lower,
    {
        self.call(name, params).expect("it must not trap")
    }

    /// Calls an export that must trap.
    #[track_caller]
    pub(crate) fn die<P>(&mut self, name: &str, params: P) -> String
    where
        P: ComponentNamedList + Lower,
    {
        let function = self.instance.get_typed_func::<P, ()>(&mut self.store, name);
        let function = function.expect("the application must export it");
        let died = function.call(&mut self.store, params);
        format!("{:?}", died.expect_err("it must trap"))
    }

    /// Returns the same, in an asynchronous store.
    pub(crate) async fn die_async<P>(&mut self, name: &str, params: P) -> String
    where
        P: ComponentNamedList + Lower,
    {
        let function = self.instance.get_typed_func::<P, ()>(&mut self.store, name);
        let function = function.expect("the application must export it");
        let died = function.call_async(&mut self.store, params).await;
        format!("{:?}", died.expect_err("it must trap"))
    }
}

pub(crate) fn tenant(name: &str) -> Tenant {
    Tenant::new(name).expect("the test's tenant must be right")
}

/// Returns the initial grant of the tenant `acme`.
pub(crate) fn acme() -> GrantBuilder {
    Grant::builder(tenant("acme"))
}
