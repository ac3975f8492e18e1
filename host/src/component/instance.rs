//! Instances of the component, each in a store of its own, and their replacement after a failure.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use wasmtime::Store;

use super::engine::{self, Data};
use super::{Cache, CacheError, Dict};
use crate::backend::KvBackend;
use crate::bindings::Flipcache;
use crate::clock::Clock;
use crate::link::KvCtx;
use crate::{CodeCache, Options, Order, Resilience};

/// One instance of the cache component, with one local tier for all caches that are opened in it.
///
/// Clones are the same instance. Its calls run one after the other.
#[derive(Clone)]
pub struct Instance {
    shared: Arc<Mutex<Shared>>,
}

pub(super) struct Shared {
    builder: InstanceBuilder,
    /// `None` if the last one failed.
    running: Option<(Store<Data>, Flipcache)>,
    /// How many instances have failed. A handle is valid only in the instance that it was opened
    /// in.
    pub(super) generation: u64,
}

impl Instance {
    /// Returns a builder of an instance over `backend`.
    pub fn builder(backend: Arc<dyn KvBackend>) -> InstanceBuilder {
        InstanceBuilder {
            backend,
            runtime: None,
            clock: None,
            code_cache: None,
        }
    }

    /// Opens a cache. Caches of one name share one local tier.
    ///
    /// # Errors
    ///
    /// [`CacheError`] if the name or the options are not valid, or if the cache is open with other
    /// types.
    pub fn open(&self, name: &str, options: Options) -> Result<Cache, CacheError> {
        self.open_with(name, options, Resilience::default())
    }

    /// Opens a cache, with options for failures of the backend.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with(
        &self,
        name: &str,
        options: Options,
        resilience: Resilience,
    ) -> Result<Cache, CacheError> {
        Cache::open(self.clone(), name, options, resilience)
    }

    /// Opens an empty dictionary.
    ///
    /// # Errors
    ///
    /// [`CacheError::InvalidCapacity`] if `max_items` is 0.
    pub fn open_dict(&self, order: Order, max_items: u32) -> Result<Dict, CacheError> {
        Dict::open(self.clone(), order, max_items)
    }

    /// Removes these keys of the cache `name` from every local tier, because they may have changed
    /// in L2.
    ///
    /// # Errors
    ///
    /// [`CacheError::Instance`] if the instance failed. Its entries are lost then, too.
    pub fn invalidate(&self, name: &str, keys: &[String]) -> Result<(), CacheError> {
        self.lock().call(|store, exports| {
            let coherence = exports.flipcache_cache_coherence();
            coherence.call_invalidate(store, name, keys)
        })
    }

    /// Removes every entry of every local tier, because any of them may have changed in L2.
    ///
    /// # Errors
    ///
    /// As [`invalidate`](Self::invalidate).
    pub fn invalidate_all(&self) -> Result<(), CacheError> {
        self.lock().call(|store, exports| {
            let coherence = exports.flipcache_cache_coherence();
            coherence.call_invalidate_all(store)
        })
    }

    /// Disables the local tiers until [`resume`](Self::resume), because changes are not received
    /// any more.
    ///
    /// # Errors
    ///
    /// As [`invalidate`](Self::invalidate).
    pub fn suspend(&self) -> Result<(), CacheError> {
        self.lock().call(|store, exports| {
            let coherence = exports.flipcache_cache_coherence();
            coherence.call_suspend(store)
        })
    }

    /// Enables the local tiers again, empty, because changes are received again.
    ///
    /// # Errors
    ///
    /// As [`invalidate`](Self::invalidate).
    pub fn resume(&self) -> Result<(), CacheError> {
        self.lock().call(|store, exports| {
            let coherence = exports.flipcache_cache_coherence();
            coherence.call_resume(store)
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Shared> {
        // A thread that panicked while holding the lock leaves a store that works or traps.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Runs a call in the instance. If it fails, the next call runs in a new one.
    pub(super) fn call<R>(
        &mut self,
        call: impl FnOnce(&mut Store<Data>, &Flipcache) -> wasmtime::Result<R>,
    ) -> Result<R, CacheError> {
        let (store, exports) = match &mut self.running {
            Some(running) => running,
            None => self.running.insert(self.builder.instantiate()?),
        };
        call(store, exports).map_err(|error| {
            self.running = None;
            self.generation += 1;
            error.into()
        })
    }
}

/// A builder of an [`Instance`].
#[derive(Clone)]
pub struct InstanceBuilder {
    backend: Arc<dyn KvBackend>,
    runtime: Option<Handle>,
    clock: Option<Clock>,
    code_cache: Option<CodeCache>,
}

impl InstanceBuilder {
    /// Sets the runtime of backend calls. By default, [`io::runtime`](crate::io::runtime).
    #[must_use]
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Sets another monotonic clock than the system's, which includes the time for which the
    /// machine sleeps. It returns nanoseconds since an arbitrary point.
    #[must_use]
    pub fn clock(mut self, nanos: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.clock = Some(Clock::new(nanos));
        self
    }

    /// Keeps the compiled component in a directory, and loads it from there. Without one, the first
    /// instance of a process compiles it.
    #[must_use]
    pub fn code_cache(mut self, code_cache: CodeCache) -> Self {
        self.code_cache = Some(code_cache);
        self
    }

    /// Builds the instance.
    ///
    /// # Errors
    ///
    /// [`CacheError::Instance`] if there is no memory for it, [`CacheError::Thread`] if the system
    /// has no thread for backend calls.
    pub fn build(self) -> Result<Instance, CacheError> {
        let shared = Shared {
            running: Some(self.instantiate()?),
            builder: self,
            generation: 0,
        };
        Ok(Instance {
            shared: Arc::new(Mutex::new(shared)),
        })
    }

    fn instantiate(&self) -> Result<(Store<Data>, Flipcache), CacheError> {
        // This process makes the requests, and the instance's 32-bit memory bounds them.
        let mut kv = KvCtx::builder(self.backend.clone())
            .max_keys(usize::MAX)
            .max_answer_bytes(usize::MAX);
        if let Some(runtime) = &self.runtime {
            kv = kv.runtime(runtime.clone());
        }
        if let Some(clock) = &self.clock {
            kv = kv.monotonic_clock(clock.clone());
        }
        Ok(engine::instantiate(kv.build()?, self.code_cache.as_ref())?)
    }
}
