//! The component's typed exports.

use anyhow::Result;
use flipcache::backend::Page;
use flipcache::component::{Cache as ExportedCache, Dict as ExportedDict, Instance};
use flipcache::{Error, Expiry, Found, Stats, Value};
use serde_json::{Map, Value as Json};

use super::api::{Cache, Coherence, Dict};
use super::path::{Opened, Path};
use super::{call, json};

impl Path for Instance {
    fn open(
        &self,
        name: &str,
        options: &Map<String, Json>,
        resilience: Option<&Map<String, Json>>,
    ) -> Result<Opened> {
        let options = json::options(options)?;
        let cache = match resilience {
            Some(with) => self.open_with(name, options, json::resilience(with)?),
            None => self.open(name, options),
        };
        call::opened_cache(cache)
    }

    fn open_dict(&self, order: &str, max_items: u32) -> Result<Opened> {
        call::opened_dict(self.open_dict(json::order(order)?, max_items))
    }

    fn coherence(&self, function: &str, with: &[Json]) -> Result<()> {
        call::coherence(self, function, with)
    }
}

impl Coherence for Instance {
    fn invalidate(&self, name: &str, keys: &[String]) -> Result<(), Error> {
        self.invalidate(name, keys)
    }

    fn invalidate_all(&self) -> Result<(), Error> {
        self.invalidate_all()
    }

    fn suspend(&self) -> Result<(), Error> {
        self.suspend()
    }

    fn resume(&self) -> Result<(), Error> {
        self.resume()
    }
}

impl Cache for ExportedCache {
    fn get(&self, key: &str) -> Result<Found<Value>, Error> {
        self.get(key)
    }

    fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Value>>, Error> {
        self.get_many(keys)
    }

    fn set(&self, key: &str, value: Value, expiry: Expiry) -> Result<(), Error> {
        self.set(key, value, expiry)
    }

    fn set_many(&self, entries: Vec<(String, Value)>, expiry: Expiry) -> Result<(), Error> {
        self.set_many(entries, expiry)
    }

    fn set_if_absent(&self, key: &str, value: Value, expiry: Expiry) -> Result<bool, Error> {
        self.set_if_absent(key, value, expiry)
    }

    fn increment(&self, key: &str, delta: i64) -> Result<i64, Error> {
        self.increment(key, delta)
    }

    fn delete(&self, keys: &[String]) -> Result<u64, Error> {
        self.delete(keys)
    }

    fn contains(&self, key: &str) -> Result<bool, Error> {
        self.contains(key)
    }

    fn refresh(&self, key: &str) -> Result<bool, Error> {
        self.refresh(key)
    }

    fn ttl(&self, key: &str) -> Result<Option<Expiry>, Error> {
        self.ttl(key)
    }

    fn keys(&self, cursor: Option<&str>, limit: u32) -> Result<Page, Error> {
        self.keys(cursor, limit)
    }

    fn len(&self) -> Result<u64, Error> {
        self.len()
    }

    fn clear(&self) -> Result<u64, Error> {
        self.clear()
    }

    fn local_get(&self, key: &str) -> Result<Option<Value>, Error> {
        self.local_get(key)
    }

    fn local_keys(&self) -> Result<Vec<String>, Error> {
        self.local_keys()
    }

    fn local_clear(&self) -> Result<(), Error> {
        self.local_clear()
    }

    fn stats(&self) -> Result<Stats, Error> {
        self.stats()
    }
}

impl Dict for ExportedDict {
    fn get(&self, key: &str) -> Result<Option<Value>, Error> {
        self.get(key)
    }

    fn peek(&self, key: &str) -> Result<Option<Value>, Error> {
        self.peek(key)
    }

    fn set(&self, key: &str, value: Value) -> Result<Option<(String, Value)>, Error> {
        self.set(key, value)
    }

    fn set_default(&self, key: &str, value: Value) -> Result<Value, Error> {
        self.set_default(key, value)
    }

    fn update(&self, items: Vec<(String, Value)>) -> Result<(), Error> {
        self.update(items)
    }

    fn contains(&self, key: &str) -> Result<bool, Error> {
        self.contains(key)
    }

    fn mark_as_used(&self, key: &str) -> Result<bool, Error> {
        self.mark_as_used(key)
    }

    fn pop(&self, key: &str) -> Result<Option<Value>, Error> {
        self.pop(key)
    }

    fn pop_item(&self, newest: bool) -> Result<Option<(String, Value)>, Error> {
        self.pop_item(newest)
    }

    fn clear(&self) -> Result<(), Error> {
        self.clear()
    }

    fn len(&self) -> Result<u32, Error> {
        self.len()
    }

    fn max_items(&self) -> Result<u32, Error> {
        self.max_items()
    }

    fn keys(&self) -> Result<Vec<String>, Error> {
        self.keys()
    }

    fn values(&self) -> Result<Vec<Value>, Error> {
        self.values()
    }

    fn items(&self) -> Result<Vec<(String, Value)>, Error> {
        self.items()
    }
}
