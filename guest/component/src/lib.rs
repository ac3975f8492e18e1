//! The cache as a WebAssembly component: `flipcache-core` behind the WIT world `flipcache`.
//!
//! The component exports `cache`, `collections` and `coherence`, and imports `kv-backend` and the
//! monotonic clock, nothing else. One instance is one local tier, for all handles that are opened
//! in it. A host that sends the requests to L2 itself uses the exports `driver` and `window`.
//!
//! # Layout
//!
//! - `driver`: the blocking driver: sends the core's requests to the imported `kv-backend`.
//! - `cache`, `collections`, `coherence`: one file for each exported interface.
//! - `door`: `driver` and `window`, which expose the core without a driver.
//! - `convert`: conversions between generated types and the core's. Only this crate and the host's
//!   bindings name generated types.
//! - `state`: the state of the instance.
//!
//! No rule of the cache is implemented here: the core decides what is served and stored.

mod bindings;

mod cache;

mod coherence;

mod collections;

mod convert;

mod door;

mod driver;

mod state;

/// The type that the generated code exports.
struct Component;
