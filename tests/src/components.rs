//! Components for the tests, as files.

/// The cache itself, as the crate `flipcache` embeds it: for hosts that are not written in Rust.
pub const FLIPCACHE: &str = env!("FLIPCACHE_TEST_FLIPCACHE_FILE");

/// The components between the cache and `wasi:keyvalue`, under the names that they have wherever
/// they are files.
pub const ADAPTERS: [&str; 3] = [
    env!("FLIPCACHE_TEST_WASI_KEYVALUE_PROVIDER_FILE"),
    env!("FLIPCACHE_TEST_WASI_KEYVALUE_BACKEND_FILE"),
    env!("FLIPCACHE_TEST_WASI_KEYVALUE_BACKEND_DRAFT2_FILE"),
];

/// A `wasi:cli` command and a `wasi:http` proxy in one, that do what a host must bear. The command's
/// first argument says what it does, the proxy's path does: `trap`, `spin`, `eat` memory, `echo`,
/// and what else stands in `tests/hostile`.
pub const HOSTILE: &str = env!("FLIPCACHE_TEST_HOSTILE_FILE");

/// A `wasi:cli` command that was written for `wasi:keyvalue@0.2.0-draft`, and does with its buckets
/// what standard input says, line by line; see `tests/keyvalue-app/command`.
pub const KEYVALUE_COMMAND: &str = env!("FLIPCACHE_TEST_KEYVALUE_COMMAND_FILE");

/// A `wasi:http` proxy that was written for `wasi:keyvalue@0.2.0-draft2`, whose paths are keys; see
/// `tests/keyvalue-app/proxy`.
pub const KEYVALUE_PROXY: &str = env!("FLIPCACHE_TEST_KEYVALUE_PROXY_FILE");

/// A `wasi:cli` command that does with its caches what standard input says, line by line; see
/// `tests/command-app`.
pub const COMMAND_APP: &str = env!("FLIPCACHE_TEST_COMMAND_APP_FILE");
