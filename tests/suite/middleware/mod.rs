//! Components between the cache and its backend: `kv-backend` in front of `kv-backend`.

mod behind;
mod file;
mod pass_through;
mod zstd;

/// Hands everything on as it is.
const PASS_THROUGH: &[u8] = include_bytes!(env!("FLIPCACHE_TEST_PASS_THROUGH_FILE"));

/// Compresses values.
const ZSTD: &[u8] = include_bytes!(env!("FLIPCACHE_TEST_ZSTD_FILE"));
