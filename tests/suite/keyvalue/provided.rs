//! The provider in a store of a platform, which links the cache; called as an application calls it.

use std::sync::Arc;

use flipcache::Client;
use flipcache::app::{self, CacheCtx, CacheCtxView, CacheView, Grant, GrantBuilder, Tenant};
use flipcache::backend::KvBackend;
use flipcache::wasi_keyvalue::PROVIDER;
use wasmtime::component::{Component, Linker, ResourceAny, ResourceTable};
use wasmtime::{Config, Engine, OptLevel, Store};

use super::cache::Draft;

#[allow(missing_docs, unreachable_pub, reason = "generated code")]
mod draft {
    wasmtime::component::bindgen!({
        path: "../guest/wasi-keyvalue/wit/draft",
        inline: "
            package test:application;

            world provided {
                export wasi:keyvalue/store@0.2.0-draft;
                export wasi:keyvalue/batch@0.2.0-draft;
            }
        ",
        world: "test:application/provided",
    });
}

#[allow(missing_docs, unreachable_pub, reason = "generated code")]
mod draft2 {
    wasmtime::component::bindgen!({
        path: "../guest/wasi-keyvalue/wit/draft2",
        inline: "
            package test:application;

            world provided {
                export wasi:keyvalue/store@0.2.0-draft2;
                export wasi:keyvalue/batch@0.2.0-draft2;
            }
        ",
        world: "test:application/provided",
    });
}

/// The result of a bucket, with errors as text.
pub(super) type Answer<T> = Result<T, String>;

/// A value, if there is one.
pub(super) type Value = Option<Vec<u8>>;

/// A platform with its caches.
pub(super) struct Platform {
    client: Client,
    linker: Linker<Data>,
    component: Component,
}

struct Data {
    cache: CacheCtx,
    table: ResourceTable,
}

impl CacheView for Data {
    fn cache(&mut self) -> CacheCtxView<'_> {
        CacheCtxView {
            ctx: &mut self.cache,
            table: &mut self.table,
        }
    }
}

impl Platform {
    pub(super) fn over(backend: Arc<dyn KvBackend>) -> Self {
        let engine = Engine::new(Config::new().cranelift_opt_level(OptLevel::None));
        let engine = engine.expect("the engine must start");
        let mut linker = Linker::new(&engine);
        app::add_to_linker::<Data>(&mut linker).expect("the linker is empty");
        let client = Client::builder(backend).build();
        Self {
            client: client.expect("the shards must start"),
            linker,
            component: Component::new(&engine, PROVIDER).expect("it must compile"),
        }
    }

    /// Returns an instance for an application of one draft.
    pub(super) fn run(&self, draft: Draft, grant: &Grant) -> Box<dyn Buckets> {
        let data = Data {
            cache: CacheCtx::builder(self.client.clone(), grant.clone()).build(),
            table: ResourceTable::new(),
        };
        let mut store = Store::new(self.linker.engine(), data);
        let instance = self.linker.instantiate(&mut store, &self.component);
        let instance = instance.expect("it must instantiate");
        match draft {
            Draft::First => {
                let world = draft::Provided::new(&mut store, &instance);
                let world = world.expect("it has the exports");
                Box::new(Provided { store, world })
            }
            Draft::Second => {
                let world = draft2::Provided::new(&mut store, &instance);
                let world = world.expect("it has the exports");
                Box::new(Provided { store, world })
            }
        }
    }
}

/// Returns the tenant `acme` on probation.
pub(super) fn acme() -> GrantBuilder {
    Grant::builder(Tenant::new("acme").expect("it is valid"))
}

/// `store` and `batch`, of either draft. A cursor is passed as text.
pub(super) trait Buckets {
    fn open(&mut self, identifier: &str) -> Answer<ResourceAny>;
    fn get(&mut self, bucket: ResourceAny, key: &str) -> Answer<Value>;
    fn set(&mut self, bucket: ResourceAny, key: &str, value: &[u8]) -> Answer<()>;
    fn delete(&mut self, bucket: ResourceAny, key: &str) -> Answer<()>;
    fn exists(&mut self, bucket: ResourceAny, key: &str) -> Answer<bool>;
    fn list(
        &mut self,
        bucket: ResourceAny,
        cursor: Option<&str>,
    ) -> Answer<(Vec<String>, Option<String>)>;
    fn get_many(&mut self, bucket: ResourceAny, keys: &[String]) -> Answer<Vec<Value>>;
    fn set_many(&mut self, bucket: ResourceAny, entries: &[(String, Vec<u8>)]) -> Answer<()>;
    fn delete_many(&mut self, bucket: ResourceAny, keys: &[String]) -> Answer<()>;
}

struct Provided<W> {
    store: Store<Data>,
    world: W,
}

fn told<T, E: std::fmt::Debug>(answer: wasmtime::Result<Result<T, E>>) -> Answer<T> {
    let answer = answer.expect("it must not trap");
    answer.map_err(|error| format!("{error:?}"))
}

/// The trait for a draft. What differs is what cursors and pairs are.
macro_rules! provided {
    ($draft:ident, $cursor:expr, $pair:expr) => {
        impl Buckets for Provided<$draft::Provided> {
            fn open(&mut self, identifier: &str) -> Answer<ResourceAny> {
                let interface = self.world.wasi_keyvalue_store();
                told(interface.call_open(&mut self.store, identifier))
            }

            fn get(&mut self, bucket: ResourceAny, key: &str) -> Answer<Value> {
                let bucket_ = self.world.wasi_keyvalue_store().bucket();
                told(bucket_.call_get(&mut self.store, bucket, key))
            }

            fn set(&mut self, bucket: ResourceAny, key: &str, value: &[u8]) -> Answer<()> {
                let bucket_ = self.world.wasi_keyvalue_store().bucket();
                told(bucket_.call_set(&mut self.store, bucket, key, value))
            }

            fn delete(&mut self, bucket: ResourceAny, key: &str) -> Answer<()> {
                let bucket_ = self.world.wasi_keyvalue_store().bucket();
                told(bucket_.call_delete(&mut self.store, bucket, key))
            }

            fn exists(&mut self, bucket: ResourceAny, key: &str) -> Answer<bool> {
                let bucket_ = self.world.wasi_keyvalue_store().bucket();
                told(bucket_.call_exists(&mut self.store, bucket, key))
            }

            fn list(
                &mut self,
                bucket: ResourceAny,
                cursor: Option<&str>,
            ) -> Answer<(Vec<String>, Option<String>)> {
                let bucket_ = self.world.wasi_keyvalue_store().bucket();
                let cursor = cursor.map($cursor);
                let listed = told(bucket_.call_list_keys(&mut self.store, bucket, cursor))?;
                Ok((listed.keys, listed.cursor.map(|cursor| cursor.to_string())))
            }

            fn get_many(&mut self, bucket: ResourceAny, keys: &[String]) -> Answer<Vec<Value>> {
                let interface = self.world.wasi_keyvalue_batch();
                let pairs = told(interface.call_get_many(&mut self.store, bucket, keys))?;
                let values = pairs
                    .into_iter()
                    .zip(keys)
                    .map(|(pair, key)| $pair(pair, key));
                Ok(values.collect())
            }

            fn set_many(
                &mut self,
                bucket: ResourceAny,
                entries: &[(String, Vec<u8>)],
            ) -> Answer<()> {
                let interface = self.world.wasi_keyvalue_batch();
                told(interface.call_set_many(&mut self.store, bucket, entries))
            }

            fn delete_many(&mut self, bucket: ResourceAny, keys: &[String]) -> Answer<()> {
                let interface = self.world.wasi_keyvalue_batch();
                told(interface.call_delete_many(&mut self.store, bucket, keys))
            }
        }
    };
}

provided!(
    draft,
    |cursor| cursor.parse().expect("it must be a number"),
    |pair: Option<(String, Vec<u8>)>, key: &String| pair.map(|(of, value)| {
        assert_eq!(of, *key);
        value
    })
);

provided!(
    draft2,
    |cursor| cursor,
    |(of, value): (String, Value), key: &String| {
        assert_eq!(of, *key);
        value
    }
);
