//! The cache composed with a middleware, as `wac plug` does it, and linked by a host.

use std::fmt::Debug;
use std::sync::Arc;

use flipcache::backend::KvBackend;
use flipcache::link::{self, KvCtx, KvCtxView, KvView};
use flipcache_tests::plugged;
use wasmtime::component::{Component, Linker, ResourceAny, ResourceTable};
use wasmtime::{Config, Engine, OptLevel, Store};

pub(super) use crate::exports::{
    BackendError, Caches, Error, Eviction, Expiry, KeyType, Options, Value, ValueType,
};

/// A cache without a local tier, in an instance of the cache behind a middleware.
pub(super) struct Behind {
    store: Store<Data>,
    world: Caches,
    cache: ResourceAny,
}

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

impl Behind {
    /// Opens the cache `user`.
    pub(super) fn open(
        middleware: &[u8],
        backend: Arc<dyn KvBackend>,
        value_type: ValueType,
    ) -> Self {
        // Compiled for one test: quickly is better than well.
        let engine = Engine::new(Config::new().cranelift_opt_level(OptLevel::None));
        let engine = engine.expect("the engine must start");
        let mut linker = Linker::new(&engine);
        link::add_to_linker::<Data>(&mut linker).expect("the linker must be empty");
        let composed = plugged(flipcache::COMPONENT, middleware);
        let composed = Component::new(&engine, composed).expect("it must compile");
        let kv = KvCtx::builder(backend).build();
        let kv = kv.expect("a runtime must start");
        let table = ResourceTable::new();
        let mut store = Store::new(&engine, Data { kv, table });
        let world = Caches::instantiate(&mut store, &composed, &linker);
        let world = world.expect("it must instantiate");
        let caches = world.flipcache_cache_cache().flip_cache();
        let opened = caches.call_open(&mut store, "user", &options(value_type));
        let cache = opened.expect("it must not trap").expect("it must open");
        Self {
            store,
            world,
            cache,
        }
    }

    pub(super) fn get(&mut self, key: &str) -> Result<Option<Value>, Error> {
        let caches = self.world.flipcache_cache_cache().flip_cache();
        let read = caches.call_get(&mut self.store, self.cache, key);
        read.expect("it must not trap")
    }

    pub(super) fn set(&mut self, key: &str, value: &Value) {
        let caches = self.world.flipcache_cache_cache().flip_cache();
        let written = caches.call_set(&mut self.store, self.cache, key, value, Expiry::Inherit);
        let written = written.expect("it must not trap");
        written.unwrap_or_else(|error| panic!("{key} must be written: {error:?}"));
    }

    pub(super) fn set_if_absent(&mut self, key: &str, value: &Value) -> Result<bool, Error> {
        let caches = self.world.flipcache_cache_cache().flip_cache();
        let written =
            caches.call_set_if_absent(&mut self.store, self.cache, key, value, Expiry::Inherit);
        written.expect("it must not trap")
    }

    pub(super) fn increment(&mut self, key: &str, delta: i64) -> Result<i64, Error> {
        let caches = self.world.flipcache_cache_cache().flip_cache();
        let sum = caches.call_increment(&mut self.store, self.cache, key, delta);
        sum.expect("it must not trap")
    }

    /// What the calls without values answer: the TTL of a key, whether it is there and refreshed,
    /// all keys, how many there are, whether the key goes, and how many go after it.
    pub(super) fn told_without_values(&mut self, key: &str) -> [String; 7] {
        let caches = self.world.flipcache_cache_cache().flip_cache();
        let (store, cache) = (&mut self.store, self.cache);
        let page = caches.call_keys(&mut *store, cache, None, 10);
        [
            told(caches.call_ttl(&mut *store, cache, key)),
            told(caches.call_contains(&mut *store, cache, key)),
            told(caches.call_refresh(&mut *store, cache, key)),
            told(page.map(|page| page.map(|page| page.keys))),
            told(caches.call_len(&mut *store, cache)),
            told(caches.call_delete(&mut *store, cache, key)),
            told(caches.call_clear(&mut *store, cache)),
        ]
    }
}

fn told<T: Debug>(answer: wasmtime::Result<Result<T, Error>>) -> String {
    let answer = answer.expect("it must not trap");
    format!("{:?}", answer.expect("it must be answered"))
}

fn options(value_type: ValueType) -> Options {
    Options {
        local_max: 0,
        local_max_bytes: None,
        eviction: Eviction::Fifo,
        ttl_ms: None,
        refresh_ttl_on_get: false,
        key_type: KeyType::Text,
        value_type,
        default: None,
        store_default: false,
    }
}
