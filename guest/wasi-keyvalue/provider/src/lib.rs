//! `wasi:keyvalue` over the cache: `store` and `batch` of both drafts in use. An application that
//! was written for the standard interface uses the cache without a change.
//!
//! The identifier of a bucket is the name of a cache; the empty one, which is wasmtime's, is
//! `default`. This component opens caches with the defaults, and the host may override their
//! options.
//!
//! # Layout
//!
//! - `bucket`: an open cache and the bucket operations. `refusal`: its errors.
//! - `draft`, `draft2`: the interfaces of each draft. `cursors`: the numeric cursors of the first.
//! - `bindings`: code generated from WIT.
//!
//! `atomics` and `watcher` are missing: a cache of bytes has no integers and no conditional writes,
//! and nothing calls an application when other clients write.

#[cfg(target_arch = "wasm32")]
mod bindings;

#[cfg(target_arch = "wasm32")]
mod bucket;

#[cfg(any(target_arch = "wasm32", test))]
mod cursors;

#[cfg(target_arch = "wasm32")]
mod draft;

#[cfg(target_arch = "wasm32")]
mod draft2;

#[cfg(target_arch = "wasm32")]
mod refusal;

/// The type that the generated code exports.
#[cfg(target_arch = "wasm32")]
struct Component;
