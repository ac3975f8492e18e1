//! Gives applications the cache: whatever imports `flipcache:cache/cache` and `collections` gets them
//! from its host.
//!
//! In the shape of the `wasmtime-wasi-*` crates: a [`CacheCtx`] stands in the store's data, [`CacheView`]
//! tells where, and [`add_to_linker`] defines the imports. Stores come and go; the local tiers are the
//! [`Client`](crate::Client)'s, and live as long as it does.
//!
//! What an application may do is its [`Grant`]: its names stand behind the prefix of a [`Tenant`], and
//! whatever it can make the host hold is bounded. Its calls are answered with WIT's errors, in words
//! that tell nothing of the host; a handle that is none of its own stops it.
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

/// Gives a linker for synchronous stores `flipcache:cache/cache` and `collections`.
///
/// A call of the application that the local tier does not answer blocks its thread until the backend has
/// answered, or its deadline has passed. On a worker of a tokio runtime with several threads, other
/// tasks go on meanwhile.
///
/// # Errors
///
/// If the linker has one of the interfaces already.
pub fn add_to_linker<T: CacheView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker::add_waiting(linker)
}

/// As [`add_to_linker`], for asynchronous stores: while the backend is requested, the application is suspended
/// and its thread does other work. Once begun, a write is finished, though the store be dropped.
///
/// # Errors
///
/// As [`add_to_linker`].
pub fn add_to_linker_async<T: CacheView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker::add_suspending(linker)
}
