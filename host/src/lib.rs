//! A hybrid cache: a local tier in a WebAssembly component, over Redis, SQLite or memory.
//!
//! Two ways in:
//!
//! - [`component`] runs the embedded [`COMPONENT`] and offers its caches to a Rust program;
//! - [`link`] gives a wasmtime linker what the component imports, for platforms that run it, or
//!   applications that it was composed into, themselves.
//!
//! # Layout
//!
//! - [`backend`]: the shared tier: the trait [`KvBackend`](backend::KvBackend), its three stores, and
//!   the URLs that name them.
//! - [`io`]: the runtime on which backends are asked where the embedder brings none.
//!
//! The rules of the cache are not here but in `flipcache-core`, whose options and values are exported
//! again.

pub mod component;

pub mod link;

pub mod backend;

pub mod io;

mod bindings;

pub use flipcache_core::{
    Eviction, Expiry, KeyType, MAX_KEY_BYTES, MAX_NAME_BYTES, MAX_TTL, Options, Order, Resilience,
    Stats, Value, ValueType, value::json,
};

/// The cache component, as a file: what `flipcache component` writes.
pub const COMPONENT: &[u8] = include_bytes!(env!("FLIPCACHE_COMPONENT_FILE"));

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
