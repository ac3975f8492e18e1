//! A component that passes everything on unchanged.
//!
//! To write a middleware, copy this crate and replace `PassThrough`
//! (`guest/codec/src/pass_through.rs`) with your own codec.
#![cfg(target_arch = "wasm32")]

flipcache_middleware::middleware!(flipcache_codec::PassThrough);
