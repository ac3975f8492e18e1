//! The WIT glue around a codec: a component that imports `kv-backend` and exports `kv-backend`.
//!
//! A middleware is a crate of the type `cdylib` with one line, for any `ValueCodec` that has a default:
//!
//! ```ignore
//! flipcache_middleware::middleware!(flipcache_codec::PassThrough);
//! ```
//!
//! # Layout
//!
//! - `bucket`: `Bucket`, which encodes what goes out and decodes what comes back.
//! - `bindings`: code generated from the WIT world `middleware`.
//!
//! What is stored of a value is not decided here, but by the codec.
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
