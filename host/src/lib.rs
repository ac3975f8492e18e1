//! A hybrid cache: a local tier in a WebAssembly component, over Redis, SQLite or memory.
//!
//! The crate can be used in four ways:
//!
//! - [`Client`] and [`Cache`]: typed caches for a Rust program.
//! - [`app`]: adds the cache itself to a wasmtime linker, for the applications of a platform.
//! - [`component`]: runs the embedded [`COMPONENT`] and calls its typed exports.
//! - [`link`]: adds the component's imports to a wasmtime linker, for platforms that run the
//!   component, or applications that it was composed into, themselves.
//!
//! # Features
//!
//! - `wasmtime` (default): local tiers run inside the component, and the component can be run and
//!   linked. Without it, [`Client`] runs the same rules in process.
//! - `wasi-keyvalue`: [`wasi_keyvalue`], the adapters between the cache and the standard interface.
//! - `cli` (default): the binary `flipcache`, and `wasi-keyvalue`.
//! - `opentelemetry`: the binary can export its spans.
//!
//! # Layout
//!
//! - [`backend`]: L2: the trait [`KvBackend`](backend::KvBackend), its three implementations, and
//!   the URLs that name them.
//! - [`metrics`]: metrics of caches and backends.
//! - [`io`]: the runtime of backend calls if the embedder passes none.
//! - [`et`]: named TTLs. [`Dict`]: bounded dictionaries.
//!
//! The rules of the cache are in `flipcache-core`, whose options and values are re-exported here.

mod client;

mod shards;

mod cache;

mod driver;

mod shard;

mod dict;

pub mod et;

#[cfg(feature = "wasmtime")]
pub mod component;

#[cfg(feature = "wasmtime")]
pub mod link;

#[cfg(feature = "wasmtime")]
pub mod app;

#[cfg(feature = "wasi-keyvalue")]
pub mod wasi_keyvalue;

#[cfg(feature = "wasmtime")]
mod tenant;

#[cfg(feature = "wasmtime")]
mod code_cache;

pub mod backend;

pub mod io;

pub mod metrics;

mod source;

mod error;

mod clock;

#[cfg(feature = "wasmtime")]
mod bindings;

pub use cache::{
    Blocking, Boolean, Bytes, Cache, CacheBuilder, Codec, Float, Integer, IntegerKeys, Json,
    JsonError, Key, Keys, Local, Text, TextKeys, ValueCache,
};
pub use client::{Client, ClientBuilder};
#[cfg(feature = "wasmtime")]
pub use code_cache::{CodeCache, CodeCacheError};
pub use dict::Dict;
pub use error::Error;
pub use flipcache_core::{
    Eviction, Expiry, KeyType, MAX_KEY_BYTES, MAX_NAME_BYTES, MAX_TTL, Options, Order, Removals,
    Resilience, Stats, Value, ValueType, value::json,
};

pub use shards::Shards;
pub use source::{Found, Source};

/// The bytes of the cache component, which `flipcache component` writes to a file.
#[cfg(feature = "wasmtime")]
pub const COMPONENT: &[u8] = include_bytes!(env!("FLIPCACHE_COMPONENT_FILE"));

/// Compiles and runs the examples of the README and of the guide as tests.
#[cfg(all(doctest, feature = "wasmtime"))]
mod pages {
    #[doc = include_str!("../../README.md")]
    mod readme {}
    #[doc = include_str!("../../docs/src/what-it-is.md")]
    mod what_it_is {}
    #[doc = include_str!("../../docs/src/tiers.md")]
    mod tiers {}
    #[doc = include_str!("../../docs/src/ttl.md")]
    mod ttl {}
    #[doc = include_str!("../../docs/src/types.md")]
    mod types {}
    #[doc = include_str!("../../docs/src/codecs.md")]
    mod codecs {}
    #[doc = include_str!("../../docs/src/redis.md")]
    mod redis {}
    #[doc = include_str!("../../docs/src/failures.md")]
    mod failures {}
    #[doc = include_str!("../../docs/src/observability.md")]
    mod observability {}
    #[doc = include_str!("../../docs/src/dictionaries.md")]
    mod dictionaries {}
    #[doc = include_str!("../../docs/src/embedding.md")]
    mod embedding {}
    #[doc = include_str!("../../docs/src/compiled-code.md")]
    mod compiled_code {}
    #[cfg(feature = "wasmtime")]
    #[doc = include_str!("../../docs/src/platforms.md")]
    mod platforms {}
    #[cfg(feature = "wasi-keyvalue")]
    #[doc = include_str!("../../docs/src/wasi-keyvalue.md")]
    mod wasi_keyvalue {}
}
