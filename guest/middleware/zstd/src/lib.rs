//! A component that compresses what passes through it: compose it in front of the cache's import.
//!
//! What is compressed, and how it is told apart from what is not, stands in `flipcache_codec::zstd`.
#![cfg(target_arch = "wasm32")]

flipcache_middleware::middleware!(flipcache_codec::Zstd);
