//! An open cache of bytes, and the bucket operations that all drafts share.

use crate::bindings::flipcache::cache::cache::{
    Eviction, Expiry, FlipCache, KeyPage, KeyType, Options, ValueType,
};
use crate::bindings::flipcache::cache::types::Value;
use crate::refusal::Refusal;

/// Keys of one call: as many as a host allows by default.
const AT_ONCE: usize = 1_000;

/// Keys of one page.
const PAGE: u32 = 1_000;

/// The cache of the empty identifier, the only one that wasmtime has.
const DEFAULT: &str = "default";

/// A cache.
pub(crate) struct Bucket(FlipCache);

impl Bucket {
    pub(crate) fn open(identifier: &str) -> Result<Self, Refusal> {
        let name = if identifier.is_empty() {
            DEFAULT
        } else {
            identifier
        };
        let opened = FlipCache::open(name, &options());
        opened.map(Self).map_err(Refusal::of_open)
    }

    pub(crate) fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Refusal> {
        self.0.get(key)?.map(bytes).transpose()
    }

    /// Returns the value of each key, in their order.
    pub(crate) fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, Refusal> {
        let mut values = Vec::with_capacity(keys.len());
        for keys in keys.chunks(AT_ONCE) {
            for value in self.0.get_many(keys)? {
                values.push(value.map(bytes).transpose()?);
            }
        }
        Ok(values)
    }

    pub(crate) fn set(&self, key: &str, value: Vec<u8>) -> Result<(), Refusal> {
        Ok(self.0.set(key, &Value::Bytes(value), Expiry::Inherit)?)
    }

    pub(crate) fn set_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), Refusal> {
        let entries = entries
            .into_iter()
            .map(|(key, value)| (key, Value::Bytes(value)));
        let entries: Vec<_> = entries.collect();
        for entries in entries.chunks(AT_ONCE) {
            self.0.set_many(entries, Expiry::Inherit)?;
        }
        Ok(())
    }

    pub(crate) fn delete(&self, key: &str) -> Result<(), Refusal> {
        self.0.delete(key)?;
        Ok(())
    }

    pub(crate) fn delete_many(&self, keys: &[String]) -> Result<(), Refusal> {
        for keys in keys.chunks(AT_ONCE) {
            self.0.delete_many(keys)?;
        }
        Ok(())
    }

    pub(crate) fn exists(&self, key: &str) -> Result<bool, Refusal> {
        Ok(self.0.contains(key)?)
    }

    pub(crate) fn list_keys(&self, cursor: Option<&str>) -> Result<KeyPage, Refusal> {
        Ok(self.0.keys(cursor, PAGE)?)
    }
}

fn bytes(value: Value) -> Result<Vec<u8>, Refusal> {
    match value {
        Value::Bytes(bytes) => Ok(bytes),
        _ => Err(Refusal::other(
            "the cache returned a value that is not bytes",
        )),
    }
}

/// The defaults of every interface of the cache. A host that grants others puts them in their
/// place.
fn options() -> Options {
    Options {
        local_max: 100,
        local_max_bytes: None,
        eviction: Eviction::Fifo,
        ttl_ms: None,
        refresh_ttl_on_get: false,
        key_type: KeyType::Text,
        value_type: ValueType::Bytes,
        default: None,
        store_default: false,
    }
}
