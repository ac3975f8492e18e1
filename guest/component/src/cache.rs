//! The export `cache`: each function checks and converts, and the driver does the work.

use flipcache_core as core;

use crate::Component;
use crate::bindings::exports::flipcache::cache::cache::{
    Error, Expiry, FlipCache, Found, Guest, GuestFlipCache, KeyPage, Options, Resilience, Stats,
};
use crate::bindings::flipcache::cache::types::Value;
use crate::driver::Driver;

/// The cache behind a handle.
pub(crate) struct Cache(Driver);

impl Guest for Component {
    type FlipCache = Cache;
}

impl GuestFlipCache for Cache {
    fn open(name: String, options: Options) -> Result<FlipCache, Error> {
        Self::open_with_core(&name, options, core::Resilience::default())
    }

    fn open_with(
        name: String,
        options: Options,
        resilience: Resilience,
    ) -> Result<FlipCache, Error> {
        Self::open_with_core(&name, options, resilience.into())
    }

    fn get(&self, key: String) -> Result<Option<Value>, Error> {
        self.0.get(key).map(|found| found.value)
    }

    fn get_detailed(&self, key: String) -> Result<Found, Error> {
        self.0.get(key)
    }

    fn get_many(&self, keys: Vec<String>) -> Result<Vec<Option<Value>>, Error> {
        let found = self.0.get_many(keys)?;
        Ok(found.into_iter().map(|found| found.value).collect())
    }

    fn set(&self, key: String, value: Value, expiry: Expiry) -> Result<(), Error> {
        self.0.set(vec![(key, value)], expiry)
    }

    fn set_many(&self, entries: Vec<(String, Value)>, expiry: Expiry) -> Result<(), Error> {
        self.0.set(entries, expiry)
    }

    fn set_if_absent(&self, key: String, value: Value, expiry: Expiry) -> Result<bool, Error> {
        self.0.set_if_absent(key, value, expiry)
    }

    fn increment(&self, key: String, delta: i64) -> Result<i64, Error> {
        self.0.increment(key, delta)
    }

    fn delete(&self, key: String) -> Result<bool, Error> {
        self.0.delete(vec![key]).map(|existed| existed > 0)
    }

    fn delete_many(&self, keys: Vec<String>) -> Result<u64, Error> {
        self.0.delete(keys)
    }

    fn contains(&self, key: String) -> Result<bool, Error> {
        self.0.contains(key)
    }

    fn refresh(&self, key: String) -> Result<bool, Error> {
        self.0.refresh(key)
    }

    fn ttl(&self, key: String) -> Result<Option<Expiry>, Error> {
        self.0.ttl(key)
    }

    fn keys(&self, cursor: Option<String>, limit: u32) -> Result<KeyPage, Error> {
        self.0.keys(cursor.as_deref(), limit)
    }

    fn len(&self) -> Result<u64, Error> {
        self.0.len()
    }

    fn clear(&self) -> Result<u64, Error> {
        self.0.clear()
    }

    fn local_get(&self, key: String) -> Option<Value> {
        self.0.local_get(&key)
    }

    fn local_keys(&self) -> Vec<String> {
        self.0.local_keys()
    }

    fn local_clear(&self) {
        self.0.local_clear();
    }

    fn stats(&self) -> Stats {
        self.0.stats().into()
    }
}

impl Cache {
    fn open_with_core(
        name: &str,
        options: Options,
        resilience: core::Resilience,
    ) -> Result<FlipCache, Error> {
        let driver = Driver::open(name, options.into(), resilience)?;
        Ok(FlipCache::new(Self(driver)))
    }
}
