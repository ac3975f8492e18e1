//! Provides the imports of the cache component: `kv-backend` and the monotonic clock.
//!
//! It follows the pattern of the `wasmtime-wasi-*` crates. A [`KvCtx`] is in the store's data,
//! [`KvView`] gives access to it, and [`add_to_linker`] defines the imports. It works for the cache
//! component alone and for every component that the cache was composed into.
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//! use flipcache::backend::memory::MemoryBackend;
//! use flipcache::link::{KvCtx, KvCtxView, KvView};
//! use wasmtime::component::{Component, Linker, ResourceTable};
//! use wasmtime::{Engine, Store};
//!
//! struct Data {
//!     kv: KvCtx,
//!     table: ResourceTable,
//! }
//!
//! impl KvView for Data {
//!     fn kv(&mut self) -> KvCtxView<'_> {
//!         KvCtxView { ctx: &mut self.kv, table: &mut self.table }
//!     }
//! }
//!
//! let engine = Engine::default();
//! let mut linker = Linker::new(&engine);
//! flipcache::link::add_to_linker::<Data>(&mut linker)?;
//!
//! let kv = KvCtx::builder(Arc::new(MemoryBackend::new())).build()?;
//! let mut store = Store::new(&engine, Data { kv, table: ResourceTable::new() });
//! let component = Component::new(&engine, flipcache::COMPONENT)?;
//! linker.instantiate(&mut store, &component)?;
//! # Ok::<(), wasmtime::Error>(())
//! ```

mod blocking;
mod ctx;
mod host;
mod limits;
#[cfg(test)]
mod tests;

use wasmtime::component::{HasData, Linker};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksCtxView};
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock as wasi_monotonic_clock;

use crate::bindings::flipcache::cache::{kv_backend, types};

pub use ctx::{KvCtx, KvCtxBuilder, KvCtxView, KvView, monotonic_clock};
pub use host::{CallError, OpenBucket};

/// Adds `kv-backend` and `wasi:clocks/monotonic-clock` to a linker for synchronous stores.
///
/// A call of the guest blocks its thread until the backend has replied or its deadline has passed.
///
/// # Errors
///
/// If the linker already has one of the interfaces. If it has WASI's clocks, use
/// [`add_kv_backend_to_linker`].
pub fn add_to_linker<T: KvView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    add_kv_backend_to_linker(linker)?;
    add_clock(linker)
}

/// As [`add_to_linker`], for asynchronous stores: during a backend call, the guest is suspended and
/// its thread does other work. Writes run to completion even if the store is dropped.
///
/// # Errors
///
/// As [`add_to_linker`].
pub fn add_to_linker_async<T: KvView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    add_kv_backend_to_linker_async(linker)?;
    add_clock(linker)
}

/// Adds only `kv-backend`, for hosts that link `WASI`'s clocks themselves; these should use
/// [`monotonic_clock`].
///
/// # Errors
///
/// If the linker already has the interface.
pub fn add_kv_backend_to_linker<T: KvView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    types::add_to_linker::<T, HasKv>(linker, T::kv)?;
    blocking::add_to_linker(linker)
}

/// Adds only `kv-backend`, for asynchronous stores.
///
/// # Errors
///
/// If the linker already has the interface.
pub fn add_kv_backend_to_linker_async<T: KvView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    types::add_to_linker::<T, HasKv>(linker, T::kv)?;
    kv_backend::add_to_linker::<T, HasKv>(linker, T::kv)
}

fn add_clock<T: KvView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    wasi_monotonic_clock::add_to_linker::<T, WasiClocks>(linker, |data| {
        let KvCtxView { ctx, table } = data.kv();
        WasiClocksCtxView {
            ctx: ctx.clocks(),
            table,
        }
    })
}

/// Names what the generated code borrows from a store's data.
struct HasKv;

impl HasData for HasKv {
    type Data<'a> = KvCtxView<'a>;
}
