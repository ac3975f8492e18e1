//! `kv-backend` over `wasi:keyvalue`, which has neither TTLs nor conditional writes.
//!
//! An adapter is a `cdylib` crate for one draft of the interface:
//!
//! ```ignore
//! flipcache_wasi_keyvalue_backend::backend!(crate::Bucket);
//! ```
//!
//! # Layout
//!
//! - `store`: the trait [`Store`], which a draft implements over the host's interface.
//! - `envelope`: the stored format of values, which lets them expire.
//! - `bucket`: a named bucket of values with TTLs, among the keys of a store. `live`: which keys
//!   exist; `listing`: pages of keys, and all of them. `two_step`: operations that are a read, then
//!   a write.
//! - `exports`, `bindings`: the WIT interface `kv-backend` over a bucket.
//!
//! # Not atomic
//!
//! The imported interfaces have no conditional write and no sum. So `set-if-absent`, `increment`,
//! `expire` and a `get` with a new TTL read the store and then write it. A write or a delete of
//! another instance between the two steps is lost: two instances that set an absent key may both
//! get success, and of two additions one may be lost. Within one instance calls run in sequence, so
//! they lose nothing. `changes` is the only function that is refused.

#[cfg(any(target_arch = "wasm32", test))]
mod bucket;

#[cfg(any(target_arch = "wasm32", test))]
mod two_step;

#[cfg(any(target_arch = "wasm32", test))]
mod envelope;

#[cfg(any(target_arch = "wasm32", test))]
mod live;

#[cfg(any(target_arch = "wasm32", test))]
mod listing;

mod store;

#[cfg(test)]
mod double;

#[cfg(target_arch = "wasm32")]
mod exports;

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod bindings;

#[cfg(target_arch = "wasm32")]
pub use exports::{Backend, Exported};

pub use store::{Kept, Pairs, Store, StoreError, StorePage};

/// Makes the crate a component around a draft's [`Store`].
#[cfg(target_arch = "wasm32")]
#[macro_export]
macro_rules! backend {
    ($store:ty) => {
        type Component = $crate::Backend<$store>;
        $crate::bindings::export!(Component with_types_in $crate::bindings);
    };
}
