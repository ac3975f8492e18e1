//! A component that hands everything on as it is.
//!
//! Copy this crate to write a middleware, and put a codec of your own in the place of `PassThrough`, which
//! stands in `guest/codec/src/pass_through.rs`.
#![cfg(target_arch = "wasm32")]

flipcache_middleware::middleware!(flipcache_codec::PassThrough);
