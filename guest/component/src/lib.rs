//! The cache as a WebAssembly component: `flipcache-core` behind the WIT world `flipcache`.
//!
//! The component exports `cache`, `collections` and `coherence`, and imports `kv-backend` and the
//! monotonic clock, nothing else. One instance is one local tier, for all handles that are opened
//! in it. A host that asks L2 itself enters by the exports `driver` and `window`.
//!
//! # Layout
//!
//! - `driver`: the blocking driver: carries the core's questions to the imported `kv-backend`.
//! - `cache`, `collections`, `coherence`: one file for each exported interface.
//! - `door`: `driver` and `window`, which lead to the core without a driver.
//! - `convert`: types generated from WIT to the core's, and back. Only this crate and the host's
//!   bindings name generated types.
//! - `state`: what the instance holds.
//!
//! No rule of the cache is decided here: what may be answered and kept is the core's.

mod bindings;

mod cache;

mod coherence;

mod collections;

mod convert;

mod door;

mod driver;

mod state;

/// What the generated code hangs the exports on.
struct Component;
