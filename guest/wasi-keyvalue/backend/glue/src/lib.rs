//! `kv-backend` by `wasi:keyvalue`, which knows no times to live and no conditions.
//!
//! An adapter is a crate of the type `cdylib` for one draft of the interface:
//!
//! ```ignore
//! flipcache_wasi_keyvalue_backend::backend!(crate::Bucket);
//! ```
//!
//! # Layout
//!
//! - `store`: the trait [`Store`], which a draft implements: what is asked of the host.
//! - `envelope`: what stands in the store in the place of a value, so that it can expire.
//! - `bucket`: a named bucket of values that expire, among the keys of a store. `live`: which keys hold something;
//!   `listing`: pages of keys, and all of them.
//! - `exports`, `bindings`: the same as the WIT interface `kv-backend`.
//!
//! What would take a condition or a second step (`set-if-absent`, `increment`, `expire`, a read that prolongs) is
//! refused: between a read and a write of this component, somebody else's write could be lost.

#[cfg(any(target_arch = "wasm32", test))]
mod bucket;

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
