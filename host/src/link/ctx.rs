//! The state of a store for `kv-backend`, and access to it.

use std::sync::Arc;

use tokio::runtime::Handle;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::clocks::{HostMonotonicClock, WasiClocksCtx};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};

use super::limits::Limits;
use crate::backend::KvBackend;
use crate::clock::Clock;
use crate::io;
use crate::tenant::Tenant;

/// Returns the clock of a cache's TTLs: the system's monotonic clock, including the time for which
/// the machine sleeps.
///
/// `WASI`'s default clock stops during a suspend on Linux and macOS, so that entries would outlive
/// their TTL. A host that links `WASI`'s clocks itself passes this one to
/// `WasiCtxBuilder::monotonic_clock`.
pub fn monotonic_clock() -> impl HostMonotonicClock + 'static {
    Clock::system()
}

impl HostMonotonicClock for Clock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        self.nanos()
    }
}

/// The state of one store's `kv-backend` and clock.
pub struct KvCtx {
    pub(super) backend: Arc<dyn KvBackend>,
    pub(super) runtime: Handle,
    pub(super) tenant: Option<Tenant>,
    pub(super) limits: Limits,
    wasi: WasiCtx,
}

/// Access to the [`KvCtx`] in a store's data.
pub trait KvView: Send + 'static {
    /// Borrows the context and the table of resources.
    fn kv(&mut self) -> KvCtxView<'_>;
}

/// The borrows of a [`KvView`].
pub struct KvCtxView<'a> {
    /// The store's context.
    pub ctx: &'a mut KvCtx,
    /// The store's table, which holds open buckets.
    pub table: &'a mut ResourceTable,
}

impl KvCtx {
    /// Returns a builder of a context with the buckets of `backend`.
    pub fn builder(backend: Arc<dyn KvBackend>) -> KvCtxBuilder {
        let mut wasi = WasiCtxBuilder::new();
        wasi.monotonic_clock(monotonic_clock());
        KvCtxBuilder {
            backend,
            runtime: None,
            tenant: None,
            limits: Limits::default(),
            wasi,
        }
    }

    pub(super) fn clocks(&mut self) -> &mut WasiClocksCtx {
        self.wasi.clocks()
    }
}

/// A builder of a [`KvCtx`].
pub struct KvCtxBuilder {
    backend: Arc<dyn KvBackend>,
    runtime: Option<Handle>,
    tenant: Option<Tenant>,
    limits: Limits,
    wasi: WasiCtxBuilder,
}

impl KvCtxBuilder {
    /// Sets the runtime of backend calls. By default, a runtime that this crate starts at the first
    /// use.
    #[must_use]
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Puts every bucket behind the prefix of a tenant. The guest can neither see nor leave it. By
    /// default, a guest reaches every key of the backend.
    #[must_use]
    pub fn tenant(mut self, tenant: Tenant) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// Sets how many keys one call may name, counting repetitions. 131,072 by default. A call with
    /// more is `too-large`, with this number as its limit. A page of keys has no more either.
    #[must_use]
    pub fn max_keys(mut self, keys: usize) -> Self {
        self.limits.max_keys = keys;
        self
    }

    /// Sets how many bytes of values one call may return. A longer result is `too-large` before it
    /// is built. 256 MiB by default, which no cache reaches whose values have a few MiB each. A
    /// page has only as many keys as fit if each has the maximum length.
    ///
    /// A value counts once for each mention of its key, but is read once. The backend is asked for
    /// 128 keys at a time, or for fewer, as many as fit if all are as long as the longest so far.
    /// Besides the result, the host holds at most one such part. If a call is `too-large`, parts of
    /// it may have been written, or their TTLs set.
    #[must_use]
    pub fn max_answer_bytes(mut self, bytes: usize) -> Self {
        self.limits.max_answer_bytes = bytes;
        self
    }

    /// Sets another clock than [`monotonic_clock`], for tests.
    #[must_use]
    pub fn monotonic_clock(mut self, clock: impl HostMonotonicClock + 'static) -> Self {
        self.wasi.monotonic_clock(clock);
        self
    }

    /// Builds the context.
    ///
    /// # Errors
    ///
    /// If the runtime must be started and the system has no thread for it.
    pub fn build(mut self) -> std::io::Result<KvCtx> {
        let runtime = match self.runtime {
            Some(runtime) => runtime,
            None => io::runtime()?,
        };
        Ok(KvCtx {
            backend: self.backend,
            runtime,
            tenant: self.tenant,
            limits: self.limits,
            wasi: self.wasi.build(),
        })
    }
}
