//! The files of the built examples in `guest/examples`. They are components, and import the cache.

/// A command that counts primes, which the guide shows as a whole: exports `wasi:cli/run`.
pub const PRIMES: &str = env!("FLIPCACHE_TEST_PRIMES_FILE");

/// A URL shortener: exports `wasi:http/incoming-handler`.
pub const SHORTENER: &str = env!("FLIPCACHE_TEST_SHORTENER_FILE");

/// A command that counts words: exports `wasi:cli/run`.
pub const WORD_COUNT: &str = env!("FLIPCACHE_TEST_WORD_COUNT_FILE");
