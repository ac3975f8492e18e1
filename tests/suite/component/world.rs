//! An instance of the component over a backend for tests, and shorthands.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flipcache::backend::KvBackend;
use flipcache::backend::memory::MemoryBackend;
use flipcache::component::{Cache, CacheError, Instance, Source};
use flipcache::{Expiry, Options, Shards, Value};

use crate::stores::Store;

/// An instance over a store.
pub(crate) struct World {
    // Dropped in this order.
    pub(crate) instance: Instance,
    _store: Option<Store>,
}

impl World {
    pub(crate) fn over_store(new_store: fn() -> Store) -> Self {
        let runtime = flipcache::io::runtime().expect("a runtime must start");
        let _entered = runtime.enter();
        let store = new_store();
        Self {
            instance: over(store.backend.clone()),
            _store: Some(store),
        }
    }

    pub(crate) fn open(&self, name: &str, options: Options) -> Cache {
        self.instance
            .open(name, options)
            .expect("the cache must open")
    }
}

/// Returns an instance over a backend.
pub(crate) fn over(backend: Arc<dyn KvBackend>) -> Instance {
    let instance = Instance::builder(backend).build();
    instance.expect("the component must instantiate")
}

/// A clock that moves only on demand, the same for both tiers.
#[derive(Clone, Default)]
pub(crate) struct FakeClock(Arc<AtomicU64>);

impl FakeClock {
    pub(crate) fn advance(&self, by: Duration) {
        let nanos = u64::try_from(by.as_nanos()).expect("a short time");
        self.0.fetch_add(nanos, Ordering::SeqCst);
    }

    fn nanos(&self) -> impl Fn() -> u64 + Send + Sync + 'static {
        let nanos = self.0.clone();
        // Clocks do not begin at 0, and the two tiers' need not agree.
        move || nanos.load(Ordering::SeqCst) + 1_000
    }

    /// Returns a store in memory by this clock.
    pub(crate) fn backend(&self) -> Arc<MemoryBackend> {
        let nanos = self.nanos();
        let clock = move || Duration::from_nanos(nanos());
        Arc::new(MemoryBackend::with_clock(Arc::new(clock)))
    }

    /// Shards by this clock.
    pub(crate) fn shards(&self, shards: Shards) -> Shards {
        shards.clock(self.nanos())
    }

    /// Returns an instance by this clock.
    pub(crate) fn instance(&self, backend: Arc<dyn KvBackend>) -> Instance {
        let instance = Instance::builder(backend).clock(self.nanos()).build();
        instance.expect("the component must instantiate")
    }
}

pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub(crate) fn set(cache: &Cache, key: &str, value: &str) {
    let written = cache.set(key, text(value), Expiry::Inherit);
    written.unwrap_or_else(|error| panic!("{key} must be written: {error:?}"));
}

/// Returns a read's value and source.
pub(crate) fn get(cache: &Cache, key: &str) -> (Option<Value>, Source) {
    let found = cache.get(key);
    let found = found.unwrap_or_else(|error| panic!("{key} must be read: {error:?}"));
    (found.value, found.source)
}

/// Returns a read's text and source.
pub(crate) fn get_text(cache: &Cache, key: &str) -> (Option<String>, Source) {
    match get(cache, key) {
        (Some(Value::Text(text)), source) => (Some(text), source),
        (None, source) => (None, source),
        other => panic!("{key} must hold text, not {other:?}"),
    }
}

/// Returns all keys of L2, sorted, without repetitions.
pub(crate) fn all_keys(cache: &Cache) -> Vec<String> {
    let mut keys = Vec::new();
    let mut cursor = None;
    loop {
        let page = cache
            .keys(cursor.as_deref(), 3)
            .expect("keys must be listed");
        keys.extend(page.keys);
        cursor = page.cursor;
        if cursor.is_none() {
            keys.sort();
            keys.dedup();
            return keys;
        }
    }
}

/// Returns the local tier's keys in eviction order, in one word.
pub(crate) fn local(cache: &Cache) -> String {
    cache
        .local_keys()
        .expect("the local tier must answer")
        .concat()
}

/// Returns the error of a call that must fail.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, CacheError>) -> CacheError {
    result.expect_err("this must be refused")
}
