//! The cache and `wasi:keyvalue`, in both directions: components to compose with.
//!
//! - An application that was written for `wasi:keyvalue` gets the cache: [`adapt`] composes [`PROVIDER`] into it, and
//!   it then imports `flipcache:cache/cache`, which [`app`](crate::app) links. What its caches are like is told by
//!   [`GrantBuilder::options`](crate::app::GrantBuilder::options).
//! - The cache runs on a host that has nothing but `wasi:keyvalue`: [`BACKEND`] or [`BACKEND_DRAFT2`], plugged into
//!   [`COMPONENT`](crate::COMPONENT), serve its `kv-backend` by that.
//!
//! # Examples
//!
//! ```
//! use flipcache::app::{self, CacheView};
//! use flipcache::wasi_keyvalue;
//! use wasmtime::component::{Component, InstancePre, Linker};
//! use wasmtime::{Engine, Result};
//!
//! fn load<T: CacheView>(engine: &Engine, file: &[u8]) -> Result<InstancePre<T>> {
//!     let file = wasi_keyvalue::adapt(file)?;
//!     let mut linker = Linker::new(engine);
//!     app::add_to_linker(&mut linker)?;
//!     linker.instantiate_pre(&Component::new(engine, file)?)
//! }
//! ```
//!
//! # Layout
//!
//! - `adapt`: the composition. `interfaces`: what an application interfaces for; `unsupported`: what of that the cache has not.

mod compose;
mod interfaces;
mod unsupported;

pub use compose::{AdaptError, adapt};
pub use unsupported::UnsupportedInterface;

/// A component that serves `wasi:keyvalue` by the cache: exports `store` and `batch` of `0.2.0-draft` and of
/// `0.2.0-draft2`, imports `flipcache:cache/cache`.
///
/// Empty where the library was built around a component file that had no adapters beside it.
pub const PROVIDER: &[u8] = include_bytes!(env!("FLIPCACHE_WASI_KEYVALUE_PROVIDER_FILE"));

/// A component that serves `kv-backend` by `wasi:keyvalue@0.2.0-draft`, as wasmtime and wasmCloud have it.
///
/// Empty as [`PROVIDER`] may be.
pub const BACKEND: &[u8] = include_bytes!(env!("FLIPCACHE_WASI_KEYVALUE_BACKEND_FILE"));

/// A component that serves `kv-backend` by `wasi:keyvalue@0.2.0-draft2`, as Spin has it.
///
/// Empty as [`PROVIDER`] may be.
pub const BACKEND_DRAFT2: &[u8] =
    include_bytes!(env!("FLIPCACHE_WASI_KEYVALUE_BACKEND_DRAFT2_FILE"));
