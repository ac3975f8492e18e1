//! The data of an application's store.

use flipcache::app::{CacheCtx, CacheCtxView, CacheView};
use flipcache::link::{KvCtx, KvCtxView, KvView};
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::denied::DeniedRequests;
use super::memory::MemoryLimit;

/// The maximum number of host resources that a guest may hold: streams, requests, caches and the
/// like.
const MAX_RESOURCES: usize = 10_000;

/// The state of one instance's imports.
pub(super) struct Data {
    pub(super) memory: MemoryLimit,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    denied: DeniedRequests,
    cache: CacheCtx,
    kv: KvCtx,
    table: ResourceTable,
}

impl Data {
    pub(super) fn new(memory: MemoryLimit, wasi: WasiCtx, cache: CacheCtx, kv: KvCtx) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_RESOURCES);
        Self {
            memory,
            wasi,
            http: WasiHttpCtx::new(),
            denied: DeniedRequests,
            cache,
            kv,
            table,
        }
    }
}

impl WasiView for Data {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for Data {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.denied,
        }
    }
}

impl CacheView for Data {
    fn cache(&mut self) -> CacheCtxView<'_> {
        CacheCtxView {
            ctx: &mut self.cache,
            table: &mut self.table,
        }
    }
}

impl KvView for Data {
    fn kv(&mut self) -> KvCtxView<'_> {
        KvCtxView {
            ctx: &mut self.kv,
            table: &mut self.table,
        }
    }
}
