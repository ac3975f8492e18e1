//! A cache in a component that imports `wasi:keyvalue`, called by its typed exports.

use std::sync::LazyLock;

use wasmtime::component::{Component, Linker, ResourceAny};
use wasmtime::{Config, Engine, OptLevel, Store};

use super::clock::Clock;
use super::composition::{cache_over_wasi_keyvalue, cache_over_wasi_keyvalue_draft2};
use super::hosts::{Host, HostData};
use crate::exports::Caches;

pub(super) use crate::exports::{
    BackendError, Error, Eviction, Expiry, Found, KeyPage, KeyType, Options, Resilience, Source,
    Stats, Value, ValueType,
};

/// What is generated looks different where it is.
macro_rules! compared_by_their_looks {
    ($($name:ty),+) => {
        $(impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                format!("{self:?}") == format!("{other:?}")
            }
        })+
    };
}

compared_by_their_looks!(Value, Error, Expiry);

/// A cache in an instance of its own.
pub(super) struct Cache<T: 'static> {
    store: Store<T>,
    world: Caches,
    cache: ResourceAny,
}

/// The cache over each draft.
static OVER_DRAFT: LazyLock<Component> = LazyLock::new(|| compiled(&cache_over_wasi_keyvalue()));
static OVER_DRAFT2: LazyLock<Component> =
    LazyLock::new(|| compiled(&cache_over_wasi_keyvalue_draft2()));

/// For one test: quickly is better than well.
fn compiled(component: &[u8]) -> Component {
    let engine = Engine::new(Config::new().cranelift_opt_level(OptLevel::None));
    let engine = engine.expect("the engine must start");
    Component::new(&engine, component).expect("it must compile")
}

/// Which draft the host has.
#[derive(Clone, Copy, Debug)]
pub(super) enum Draft {
    First,
    Second,
}

pub(super) const DRAFTS: [Draft; 2] = [Draft::First, Draft::Second];

impl Cache<HostData> {
    /// Opens the cache `user` over a host.
    pub(super) fn over(host: &Host, draft: Draft, clock: &Clock, options: &Options) -> Self {
        Self::try_over(host, draft, clock, options).expect("it must open")
    }

    pub(super) fn try_over(
        host: &Host,
        draft: Draft,
        clock: &Clock,
        options: &Options,
    ) -> Result<Self, Error> {
        Self::open(draft, host.data(), clock, options, Host::add_to_linker)
    }
}

impl<T: 'static> Cache<T> {
    pub(super) fn open(
        draft: Draft,
        data: T,
        clock: &Clock,
        options: &Options,
        link: impl Fn(&mut Linker<T>) -> wasmtime::Result<()>,
    ) -> Result<Self, Error> {
        let composed: &Component = match draft {
            Draft::First => &OVER_DRAFT,
            Draft::Second => &OVER_DRAFT2,
        };
        let mut linker = Linker::new(composed.engine());
        link(&mut linker).expect("the linker must be empty");
        clock
            .add_to_linker(&mut linker)
            .expect("it has no clocks yet");
        let mut store = Store::new(composed.engine(), data);
        let world = Caches::instantiate(&mut store, composed, &linker);
        let world = world.expect("it must instantiate");
        let caches = world.flipcache_cache_cache().flip_cache();
        let opened = caches.call_open(&mut store, "user", options);
        let cache = opened.expect("it must not trap")?;
        Ok(Self {
            store,
            world,
            cache,
        })
    }

    /// Another handle of the cache, with other options and resilience, in the place of this one.
    pub(super) fn open_with(&mut self, options: &Options, resilience: Resilience) {
        let caches = self.world.flipcache_cache_cache().flip_cache();
        let opened = caches.call_open_with(&mut self.store, "user", options, resilience);
        let opened = opened.expect("it must not trap").expect("it must open");
        let old = std::mem::replace(&mut self.cache, opened);
        old.resource_drop(&mut self.store)
            .expect("it must be closed");
    }
}

/// Methods of a handle that return the results of the component.
macro_rules! calls {
    ($($name:ident($($arg:ident: $type:ty),*) -> $answer:ty, $call:ident;)+) => {
        impl<T: 'static> Cache<T> {
            $(
                pub(super) fn $name(&mut self, $($arg: $type),*) -> $answer {
                    let caches = self.world.flipcache_cache_cache().flip_cache();
                    let answer = caches.$call(&mut self.store, self.cache, $($arg),*);
                    answer.expect("it must not trap")
                }
            )+
        }
    };
}

calls! {
    get(key: &str) -> Result<Option<Value>, Error>, call_get;
    get_detailed(key: &str) -> Result<Found, Error>, call_get_detailed;
    get_many(keys: &[String]) -> Result<Vec<Option<Value>>, Error>, call_get_many;
    set(key: &str, value: &Value, expiry: Expiry) -> Result<(), Error>, call_set;
    set_many(entries: &[(String, Value)], expiry: Expiry) -> Result<(), Error>, call_set_many;
    set_if_absent(key: &str, value: &Value, expiry: Expiry) -> Result<bool, Error>, call_set_if_absent;
    increment(key: &str, delta: i64) -> Result<i64, Error>, call_increment;
    delete_many(keys: &[String]) -> Result<u64, Error>, call_delete_many;
    contains(key: &str) -> Result<bool, Error>, call_contains;
    refresh(key: &str) -> Result<bool, Error>, call_refresh;
    ttl(key: &str) -> Result<Option<Expiry>, Error>, call_ttl;
    keys(cursor: Option<&str>, limit: u32) -> Result<KeyPage, Error>, call_keys;
    len() -> Result<u64, Error>, call_len;
    clear() -> Result<u64, Error>, call_clear;
    local_clear() -> (), call_local_clear;
    stats() -> Stats, call_stats;
}

/// Returns a cache of text without a local tier: every call is the host's.
pub(super) fn without_l1() -> Options {
    Options {
        local_max: 0,
        ..with_l1()
    }
}

pub(super) fn with_l1() -> Options {
    Options {
        local_max: 100,
        local_max_bytes: None,
        eviction: Eviction::Fifo,
        ttl_ms: None,
        refresh_ttl_on_get: false,
        key_type: KeyType::Text,
        value_type: ValueType::Text,
        default: None,
        store_default: false,
    }
}

pub(super) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub(super) fn strings<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).into()
}
