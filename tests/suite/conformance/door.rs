//! The door: the API for Rust programs.

use anyhow::{Result, bail};
use flipcache::backend::Page;
use flipcache::{Client, Dict as HostDict, Error, Expiry, Found, Stats, Value, ValueCache};
use pollster::block_on;
use serde_json::{Map, Value as Json};

use super::api::{Cache, Dict};
use super::path::{Opened, Path};
use super::{call, json};

impl Path for Client {
    fn open(
        &self,
        name: &str,
        options: &Map<String, Json>,
        resilience: Option<&Map<String, Json>>,
    ) -> Result<Opened> {
        let options = json::options(options)?;
        let resilience = resilience.map(json::resilience).transpose()?;
        call::opened_cache(self.open_with(name, options, resilience.unwrap_or_default()))
    }

    fn open_dict(&self, order: &str, max_items: u32) -> Result<Opened> {
        call::opened_dict(HostDict::open(json::order(order)?, max_items))
    }

    fn coherence(&self, function: &str, _: &[Json]) -> Result<()> {
        bail!("the door invalidates its shards itself: it does not call {function}")
    }
}

impl Cache for ValueCache {
    fn get(&self, key: &str) -> Result<Found<Value>, Error> {
        block_on(self.get(key))
    }

    fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Value>>, Error> {
        let keys: Vec<_> = keys.iter().map(String::as_str).collect();
        block_on(self.get_many(&keys))
    }

    fn set(&self, key: &str, value: Value, expiry: Expiry) -> Result<(), Error> {
        block_on(self.set(key, &value, expiry))
    }

    fn set_many(&self, entries: Vec<(String, Value)>, expiry: Expiry) -> Result<(), Error> {
        let entries = entries.iter().map(|(key, value)| (key.as_str(), value));
        block_on(self.set_many(entries, expiry))
    }

    fn set_if_absent(&self, key: &str, value: Value, expiry: Expiry) -> Result<bool, Error> {
        block_on(self.set_if_absent(key, &value, expiry))
    }

    fn increment(&self, key: &str, delta: i64) -> Result<i64, Error> {
        block_on(self.increment(key, delta))
    }

    fn delete(&self, keys: &[String]) -> Result<u64, Error> {
        let keys: Vec<_> = keys.iter().map(String::as_str).collect();
        block_on(self.delete(&keys))
    }

    fn contains(&self, key: &str) -> Result<bool, Error> {
        block_on(self.contains(key))
    }

    fn refresh(&self, key: &str) -> Result<bool, Error> {
        block_on(self.refresh(key))
    }

    fn ttl(&self, key: &str) -> Result<Option<Expiry>, Error> {
        block_on(self.ttl(key))
    }

    fn keys(&self, cursor: Option<&str>, limit: u32) -> Result<Page, Error> {
        block_on(self.keys(cursor, limit))
    }

    fn len(&self) -> Result<u64, Error> {
        block_on(self.len())
    }

    fn clear(&self) -> Result<u64, Error> {
        block_on(self.clear())
    }

    fn local_get(&self, key: &str) -> Result<Option<Value>, Error> {
        Ok(self.local_get(key))
    }

    fn local_keys(&self) -> Result<Vec<String>, Error> {
        Ok(self.local_keys())
    }

    fn local_clear(&self) -> Result<(), Error> {
        self.local_clear();
        Ok(())
    }

    fn stats(&self) -> Result<Stats, Error> {
        Ok(self.stats())
    }
}

impl Dict for HostDict<Value> {
    fn get(&self, key: &str) -> Result<Option<Value>, Error> {
        Ok(self.get(key))
    }

    fn peek(&self, key: &str) -> Result<Option<Value>, Error> {
        Ok(self.peek(key))
    }

    fn set(&self, key: &str, value: Value) -> Result<Option<(String, Value)>, Error> {
        Ok(self.set(key, value))
    }

    fn set_default(&self, key: &str, value: Value) -> Result<Value, Error> {
        Ok(self.set_default(key, value))
    }

    fn update(&self, items: Vec<(String, Value)>) -> Result<(), Error> {
        self.update(items);
        Ok(())
    }

    fn contains(&self, key: &str) -> Result<bool, Error> {
        Ok(self.contains(key))
    }

    fn mark_as_used(&self, key: &str) -> Result<bool, Error> {
        Ok(self.mark_as_used(key))
    }

    fn pop(&self, key: &str) -> Result<Option<Value>, Error> {
        Ok(self.pop(key))
    }

    fn pop_item(&self, newest: bool) -> Result<Option<(String, Value)>, Error> {
        Ok(self.pop_item(newest))
    }

    fn clear(&self) -> Result<(), Error> {
        self.clear();
        Ok(())
    }

    fn len(&self) -> Result<u32, Error> {
        Ok(u32::try_from(self.len()).expect("a dictionary's bound has 32 bits"))
    }

    fn max_items(&self) -> Result<u32, Error> {
        Ok(self.max_items())
    }

    fn keys(&self) -> Result<Vec<String>, Error> {
        Ok(self.keys())
    }

    fn values(&self) -> Result<Vec<Value>, Error> {
        Ok(self.values())
    }

    fn items(&self) -> Result<Vec<(String, Value)>, Error> {
        Ok(self.items())
    }
}
