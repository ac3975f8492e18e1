//! Provides the cache to applications: components that import `flipcache:cache/cache` and
//! `collections` get them from their host.
//!
//! It follows the pattern of the `wasmtime-wasi-*` crates. A [`CacheCtx`] is in the store's data,
//! [`CacheView`] gives access to it, and [`add_to_linker`] defines the imports. The local tiers
//! belong to the [`Client`](crate::Client) and outlive the stores.
//!
//! A [`Grant`] says what an application may do: its names have the prefix of a [`Tenant`], and
//! everything it can make the host hold is bounded. Its calls fail with WIT's errors, whose texts
//! reveal nothing of the host. A handle that is not its own stops it.
//!
//! # Examples
//!
//! ```
//! use flipcache::Client;
//! use flipcache::app::{CacheCtx, CacheCtxView, CacheView, Grant, Tenant};
//! use wasmtime::component::{Linker, ResourceTable};
//! use wasmtime::{Engine, Store};
//!
//! struct Data {
//!     cache: CacheCtx,
//!     table: ResourceTable,
//! }
//!
//! impl CacheView for Data {
//!     fn cache(&mut self) -> CacheCtxView<'_> {
//!         CacheCtxView { ctx: &mut self.cache, table: &mut self.table }
//!     }
//! }
//!
//! let engine = Engine::default();
//! let mut linker = Linker::<Data>::new(&engine);
//! flipcache::app::add_to_linker(&mut linker)?;
//!
//! // Once for the platform, and once for each application.
//! let client = Client::connect("memory:")?;
//! let grant = Grant::builder(Tenant::new("acme")?).max_names(4).build();
//!
//! // For each of the application's stores.
//! let cache = CacheCtx::builder(client.clone(), grant.clone()).build();
//! let store = Store::new(&engine, Data { cache, table: ResourceTable::new() });
//! # let _ = store;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Layout
//!
//! - `grant`, `limits`: what an application may do. `ctx`: what a store holds.
//! - `open`, `cache`, `get`, `dict`: the functions of the two interfaces, each once.
//! - `linker`: the same functions for synchronous and for asynchronous stores.
//! - `convert`, `error`: types generated from WIT, from and to those of the API.

mod cache;
mod convert;
mod ctx;
mod dict;
mod error;
mod get;
mod grant;
mod limits;
mod linker;
mod open;

use wasmtime::component::Linker;

pub use crate::tenant::{InvalidTenant, MAX_TENANT_BYTES, Tenant};
pub use ctx::{CacheCtx, CacheCtxBuilder, CacheCtxView, CacheView};
pub use grant::{Grant, GrantBuilder};

/// Adds `flipcache:cache/cache` and `collections` to a linker for synchronous stores.
///
/// If the local tier has no value for a call, the call blocks its thread until the backend has
/// replied or its deadline has passed. On a worker of a multi-threaded tokio runtime, other tasks
/// continue meanwhile.
///
/// # Errors
///
/// If the linker already has one of the interfaces.
pub fn add_to_linker<T: CacheView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker::add_waiting(linker)
}

/// As [`add_to_linker`], for asynchronous stores: during a backend call, the application is
/// suspended and its thread does other work. Writes run to completion even if the store is dropped.
///
/// # Errors
///
/// As [`add_to_linker`].
pub fn add_to_linker_async<T: CacheView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker::add_suspending(linker)
}
