//! The files of the built examples in `guest/examples`. They are components, and import the cache.

/// A URL shortener: exports `wasi:http/incoming-handler`.
pub const SHORTENER: &str = env!("FLIPCACHE_TEST_SHORTENER_FILE");

/// A command that counts words: exports `wasi:cli/run`.
pub const WORD_COUNT: &str = env!("FLIPCACHE_TEST_WORD_COUNT_FILE");
