//! The cache and `wasi:keyvalue`, in both directions: components to compose with.
//!
//! - Applications that were written for `wasi:keyvalue` can use the cache. [`adapt`] composes
//!   [`PROVIDER`] into the application, which then imports `flipcache:cache/cache`;
//!   [`app`](crate::app) links that. [`GrantBuilder::options`](crate::app::GrantBuilder::options)
//!   sets the options of its caches.
//! - The cache can run on a host that provides only `wasi:keyvalue`. Plugged into
//!   [`COMPONENT`](crate::COMPONENT), [`BACKEND`] or [`BACKEND_DRAFT2`] implements its `kv-backend`
//!   on that.
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
//! - `compose`: the composition. `interfaces`: what an application uses; `unsupported`: what of
//!   that the cache does not provide.

mod compose;
mod interfaces;
mod unsupported;

pub use compose::{AdaptError, adapt};
pub use unsupported::UnsupportedInterface;

/// A component that implements `wasi:keyvalue` with the cache. It exports `store` and `batch` of
/// `0.2.0-draft` and of `0.2.0-draft2`, and imports `flipcache:cache/cache`.
///
/// Empty if the library was built around a component file without adapters next to it.
pub const PROVIDER: &[u8] = include_bytes!(env!("FLIPCACHE_WASI_KEYVALUE_PROVIDER_FILE"));

/// A component that implements `kv-backend` with `wasi:keyvalue@0.2.0-draft`, the version of
/// wasmtime and wasmCloud.
///
/// May be empty, as [`PROVIDER`].
pub const BACKEND: &[u8] = include_bytes!(env!("FLIPCACHE_WASI_KEYVALUE_BACKEND_FILE"));

/// A component that implements `kv-backend` with `wasi:keyvalue@0.2.0-draft2`, the version of Spin.
///
/// May be empty, as [`PROVIDER`].
pub const BACKEND_DRAFT2: &[u8] =
    include_bytes!(env!("FLIPCACHE_WASI_KEYVALUE_BACKEND_DRAFT2_FILE"));
