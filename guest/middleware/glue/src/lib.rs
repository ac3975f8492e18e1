//! The WIT glue around a codec: a component that imports `kv-backend` and exports `kv-backend`.
//!
//! A middleware is a `cdylib` crate with one line, for any `ValueCodec` that has a default:
//!
//! ```ignore
//! flipcache_middleware::middleware!(flipcache_codec::PassThrough);
//! ```
//!
//! # Layout
//!
//! - `bucket`: `Bucket`, which encodes written values and decodes read ones.
//! - `bindings`: code generated from the WIT world `middleware`.
//!
//! The codec alone decides how a value is stored.
#![cfg(target_arch = "wasm32")]

mod bucket;

#[doc(hidden)]
pub mod bindings;

pub use bucket::{Bucket, Middleware};

/// Makes the crate a middleware component around a codec's type.
#[macro_export]
macro_rules! middleware {
    ($codec:ty) => {
        type Component = $crate::Middleware<$codec>;
        $crate::bindings::export!(Component with_types_in $crate::bindings);
    };
}
