//! Single calls on a cache of text.

use crate::bindings::flipcache::cache::cache::{Error, Expiry, FlipCache, Found, KeyPage, Options};
use crate::bindings::flipcache::cache::types::Value;
use crate::options;

pub(crate) fn get(name: &str, key: &str) -> Result<Found, Error> {
    FlipCache::open(name, &options())?.get_detailed(key)
}

pub(crate) fn get_many(name: &str, keys: &[String]) -> Result<Vec<usize>, Error> {
    let values = FlipCache::open(name, &options())?.get_many(keys)?;
    let len = |value: Option<Value>| match value {
        Some(Value::Text(text)) => text.len(),
        _ => 0,
    };
    Ok(values.into_iter().map(len).collect())
}

pub(crate) fn set(name: &str, key: &str, value: &str) -> Result<(), Error> {
    let cache = FlipCache::open(name, &options())?;
    cache.set(key, &Value::Text(value.into()), Expiry::Inherit)
}

pub(crate) fn scan(name: &str, cursor: Option<&str>, limit: u32) -> Result<KeyPage, Error> {
    FlipCache::open(name, &options())?.keys(cursor, limit)
}

pub(crate) fn len(name: &str) -> Result<u64, Error> {
    FlipCache::open(name, &options())?.len()
}

pub(crate) fn clear(name: &str) -> Result<u64, Error> {
    FlipCache::open(name, &options())?.clear()
}

/// Returns the keys of the local tier afterwards.
pub(crate) fn fill(name: &str, local_max: u32, keys: u32, size: u32) -> Result<(u64, u64), Error> {
    let options = Options {
        local_max,
        ..options()
    };
    let cache = FlipCache::open(name, &options)?;
    let value = "v".repeat(size as usize);
    for key in 0..keys {
        let value = Value::Text(value.clone());
        cache.set(&key.to_string(), &value, Expiry::Inherit)?;
    }
    let stats = cache.stats();
    Ok((stats.local_len, stats.local_bytes))
}
