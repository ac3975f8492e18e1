//! Components for the tests, as files.

/// A `wasi:cli` command and a `wasi:http` proxy in one, that do what a host must bear. The command's
/// first argument says what it does, the proxy's path does: `trap`, `spin`, `eat` memory, `echo`, and
/// what else stands in `tests/hostile`.
pub const HOSTILE: &str = env!("FLIPCACHE_TEST_HOSTILE_FILE");
