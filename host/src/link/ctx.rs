//! What a store holds for `kv-backend`, and how it is found there.

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

/// Returns the clock that a cache counts lifetimes by: the system's monotonic clock, which also counts the time for
/// which the machine sleeps.
///
/// `WASI`'s own default stands still meanwhile on Linux and macOS, and entries with a TTL would outlive a suspend.
/// A host that links `WASI`'s clocks itself passes this one to `WasiCtxBuilder::monotonic_clock`.
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

/// What one store's `kv-backend` and clock are made of.
pub struct KvCtx {
    pub(super) backend: Arc<dyn KvBackend>,
    pub(super) runtime: Handle,
    pub(super) tenant: Option<Tenant>,
    pub(super) limits: Limits,
    wasi: WasiCtx,
}

/// Where a store's data keeps its [`KvCtx`].
pub trait KvView: Send + 'static {
    /// Borrows it, and the table of resources.
    fn kv(&mut self) -> KvCtxView<'_>;
}

/// What [`KvView`] borrows.
pub struct KvCtxView<'a> {
    /// The store's own context.
    pub ctx: &'a mut KvCtx,
    /// The store's table, where open buckets stand.
    pub table: &'a mut ResourceTable,
}

impl KvCtx {
    /// A context whose buckets are those of `backend`.
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

/// Makes a [`KvCtx`].
pub struct KvCtxBuilder {
    backend: Arc<dyn KvBackend>,
    runtime: Option<Handle>,
    tenant: Option<Tenant>,
    limits: Limits,
    wasi: WasiCtxBuilder,
}

impl KvCtxBuilder {
    /// Runs calls to the backend as tasks of this runtime. By default, of one that this crate starts
    /// when it is first needed.
    #[must_use]
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Puts every bucket behind the prefix of a tenant, whom the guest can neither see nor leave. By
    /// default a guest reaches every key of the backend.
    #[must_use]
    pub fn tenant(mut self, tenant: Tenant) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// Bounds the number of keys that one call may name, those that it repeats among them. A call with more is
    /// `too-large`, with this number as its limit; a page of keys has no more either. 131,072 by default.
    #[must_use]
    pub fn max_keys(mut self, keys: usize) -> Self {
        self.limits.max_keys = keys;
        self
    }

    /// Bounds the bytes of values in what one call returns. A longer answer is `too-large`, before it is built; a page
    /// has only as many keys as fit if each is as long as a key may be. 256 MiB by default, which no cache with a few
    /// MiB a value reaches.
    ///
    /// A value counts as often as its key is named, and is read once. The backend is asked for 128 keys at a time, or
    /// for as few as fit by the longest value so far. Beside the answer the host holds no more than one such part. The
    /// parts of a call that is `too-large` may have been written, or have had their TTL set.
    #[must_use]
    pub fn max_answer_bytes(mut self, bytes: usize) -> Self {
        self.limits.max_answer_bytes = bytes;
        self
    }

    /// Takes another clock than [`monotonic_clock`], for tests.
    #[must_use]
    pub fn monotonic_clock(mut self, clock: impl HostMonotonicClock + 'static) -> Self {
        self.wasi.monotonic_clock(clock);
        self
    }

    /// The context.
    ///
    /// # Errors
    ///
    /// If the runtime has to be started and the system has no thread for it.
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
