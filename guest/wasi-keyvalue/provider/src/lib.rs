//! `wasi:keyvalue` by the cache: `store` and `batch` of both drafts that are in use, so that an application which
//! was written for the standard interface gets the cache without a changed line.
//!
//! The identifier of a bucket is the name of a cache; the empty one, which is wasmtime's, is `default`. What the
//! caches are like is for the host to say: this component opens them with the defaults.
//!
//! # Layout
//!
//! - `bucket`: an open cache, and what a bucket does with it. `refusal`: why it did not.
//! - `draft`, `draft2`: the interfaces of each draft. `cursors`: those of the first are numbers.
//! - `bindings`: code generated from WIT.
//!
//! `atomics` and `watcher` are not here: a cache of bytes has no sums and no conditional writes, and nobody calls
//! an application when others write.

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

/// What the generated code hangs the exports on.
#[cfg(target_arch = "wasm32")]
struct Component;
