//! A component that compresses values: compose it in front of the cache's import.
//!
//! Which values are compressed, and how frames are recognized, is described in
//! `flipcache_codec::zstd`.
#![cfg(target_arch = "wasm32")]

flipcache_middleware::middleware!(flipcache_codec::Zstd);
