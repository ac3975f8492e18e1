//! The functions of the component as Rust traits, one per resource or interface.

use flipcache::backend::Page;
use flipcache::{Error, Expiry, Found, Stats, Value};

/// The resource `flip-cache`.
pub(crate) trait Cache {
    fn get(&self, key: &str) -> Result<Found<Value>, Error>;
    fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Value>>, Error>;
    fn set(&self, key: &str, value: Value, expiry: Expiry) -> Result<(), Error>;
    fn set_many(&self, entries: Vec<(String, Value)>, expiry: Expiry) -> Result<(), Error>;
    fn set_if_absent(&self, key: &str, value: Value, expiry: Expiry) -> Result<bool, Error>;
    fn increment(&self, key: &str, delta: i64) -> Result<i64, Error>;
    fn delete(&self, keys: &[String]) -> Result<u64, Error>;
    fn contains(&self, key: &str) -> Result<bool, Error>;
    fn refresh(&self, key: &str) -> Result<bool, Error>;
    fn ttl(&self, key: &str) -> Result<Option<Expiry>, Error>;
    fn keys(&self, cursor: Option<&str>, limit: u32) -> Result<Page, Error>;
    fn len(&self) -> Result<u64, Error>;
    fn clear(&self) -> Result<u64, Error>;
    fn local_get(&self, key: &str) -> Result<Option<Value>, Error>;
    fn local_keys(&self) -> Result<Vec<String>, Error>;
    fn local_clear(&self) -> Result<(), Error>;
    fn stats(&self) -> Result<Stats, Error>;
}

/// The resource `dict`.
pub(crate) trait Dict {
    fn get(&self, key: &str) -> Result<Option<Value>, Error>;
    fn peek(&self, key: &str) -> Result<Option<Value>, Error>;
    fn set(&self, key: &str, value: Value) -> Result<Option<(String, Value)>, Error>;
    fn set_default(&self, key: &str, value: Value) -> Result<Value, Error>;
    fn update(&self, items: Vec<(String, Value)>) -> Result<(), Error>;
    fn contains(&self, key: &str) -> Result<bool, Error>;
    fn mark_as_used(&self, key: &str) -> Result<bool, Error>;
    fn pop(&self, key: &str) -> Result<Option<Value>, Error>;
    fn pop_item(&self, newest: bool) -> Result<Option<(String, Value)>, Error>;
    fn clear(&self) -> Result<(), Error>;
    fn len(&self) -> Result<u32, Error>;
    fn max_items(&self) -> Result<u32, Error>;
    fn keys(&self) -> Result<Vec<String>, Error>;
    fn values(&self) -> Result<Vec<Value>, Error>;
    fn items(&self) -> Result<Vec<(String, Value)>, Error>;
}

/// The interface `coherence`.
pub(crate) trait Coherence {
    fn invalidate(&self, name: &str, keys: &[String]) -> Result<(), Error>;
    fn invalidate_all(&self) -> Result<(), Error>;
    fn suspend(&self) -> Result<(), Error>;
    fn resume(&self) -> Result<(), Error>;
}
