//! The cache over a host that has `wasi:keyvalue`.

use flipcache::wasi_keyvalue::{BACKEND, BACKEND_DRAFT2};
use flipcache_tests::plugged;

/// The cache over `wasi:keyvalue@0.2.0-draft`: exports what the cache exports; imports `store` and
/// `batch` of that, the wall clock and the monotonic clock.
pub(crate) fn cache_over_wasi_keyvalue() -> Vec<u8> {
    plugged(flipcache::COMPONENT, BACKEND)
}

/// Returns the same over `wasi:keyvalue@0.2.0-draft2`.
pub(crate) fn cache_over_wasi_keyvalue_draft2() -> Vec<u8> {
    plugged(flipcache::COMPONENT, BACKEND_DRAFT2)
}
