//! Caches by the typed exports of the component.

use std::sync::{Mutex, PoisonError};

use wasmtime::Store;
use wasmtime::component::ResourceAny;

use super::engine::Data;
use super::{CacheError, Instance};
use crate::backend::Page;
use crate::bindings::exports::flipcache::cache::cache::{Error, GuestFlipCache};
use crate::{Expiry, Found, Options, Resilience, Stats, Value};

/// A handle of a named cache. Its methods are the functions of the WIT interface `cache`.
///
/// Every method may return [`CacheError::Instance`]; the cache can be used after it.
pub struct Cache {
    instance: Instance,
    name: String,
    options: Options,
    resilience: Resilience,
    /// The generation of the instance that it was opened in, and its handle there.
    opened: Mutex<Option<(u64, ResourceAny)>>,
}

/// The outcome of a call of an export, and its result in WIT's terms.
type Called<R> = wasmtime::Result<Result<R, Error>>;

impl Cache {
    pub(super) fn open(
        instance: Instance,
        name: &str,
        options: Options,
        resilience: Resilience,
    ) -> Result<Self, CacheError> {
        let cache = Self {
            instance,
            name: name.to_owned(),
            options,
            resilience,
            opened: Mutex::new(None),
        };
        // The first call opens it.
        cache.local_call(|_, _, _| Ok(()))?;
        Ok(cache)
    }

    /// Returns the instance that the cache was opened in.
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// Returns the options that the cache was opened with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Reads the local tier, then L2. A value found in L2 is cached locally.
    ///
    /// # Errors
    ///
    /// [`CacheError`] if the key is of another type, L2 failed, or L2 holds something that is not a
    /// value of this cache.
    pub fn get(&self, key: &str) -> Result<Found<Value>, CacheError> {
        let found = self.call(|cache, store, this| cache.call_get_detailed(store, this, key))?;
        Ok(Found {
            value: found.value.map(Into::into),
            source: found.source.into(),
        })
    }

    /// Reads many keys: one slot per key, in the order of `keys`. Costs at most one round trip, two
    /// where defaults are stored.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get). If one key fails, the whole call fails.
    pub fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Value>>, CacheError> {
        let values = self.call(|cache, store, this| cache.call_get_many(store, this, keys))?;
        let values = values.into_iter().map(|value| value.map(Into::into));
        Ok(values.collect())
    }

    /// Writes L2, then the local tier.
    ///
    /// # Errors
    ///
    /// [`CacheError`] if the key, value or TTL is not valid, or L2 failed. The local tier then has
    /// no value of the key.
    pub fn set(&self, key: &str, value: Value, expiry: Expiry) -> Result<(), CacheError> {
        let value = value.into();
        self.call(|cache, store, this| cache.call_set(store, this, key, &value, expiry.into()))
    }

    /// Writes several entries in one round trip. Not atomic.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set). If a key or value is not valid, nothing is written; if L2 failed, any
    /// subset may have been.
    pub fn set_many(
        &self,
        entries: impl IntoIterator<Item = (String, Value)>,
        expiry: Expiry,
    ) -> Result<(), CacheError> {
        let entries = entries.into_iter().map(|(key, value)| (key, value.into()));
        let entries: Vec<_> = entries.collect();
        self.call(|cache, store, this| cache.call_set_many(store, this, &entries, expiry.into()))
    }

    /// Writes a value if the key is absent. Returns `true` if it was written, `false` if the key
    /// was present.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn set_if_absent(
        &self,
        key: &str,
        value: Value,
        expiry: Expiry,
    ) -> Result<bool, CacheError> {
        let value = value.into();
        self.call(|cache, store, this| {
            cache.call_set_if_absent(store, this, key, &value, expiry.into())
        })
    }

    /// Adds to an integer, in a cache of integers. Returns the sum. A key that was absent gets the
    /// cache's TTL.
    ///
    /// # Errors
    ///
    /// [`CacheError`] if the cache or the key does not hold integers, the sum does not fit into 64
    /// bits, or L2 failed.
    pub fn increment(&self, key: &str, delta: i64) -> Result<i64, CacheError> {
        self.call(|cache, store, this| cache.call_increment(store, this, key, delta))
    }

    /// Deletes keys in both tiers. Returns how many of them L2 had.
    ///
    /// # Errors
    ///
    /// [`CacheError`] if a key is of another type, or L2 failed.
    pub fn delete(&self, keys: &[String]) -> Result<u64, CacheError> {
        self.call(|cache, store, this| cache.call_delete_many(store, this, keys))
    }

    /// Returns whether either tier has the key. Does not count as an access and does not fill the
    /// local tier.
    ///
    /// # Errors
    ///
    /// [`CacheError`] if the key is of another type, or L2 failed.
    pub fn contains(&self, key: &str) -> Result<bool, CacheError> {
        self.call(|cache, store, this| cache.call_contains(store, this, key))
    }

    /// Marks the entry as used, under FIFO too, and restarts its TTL. Returns `false` if L2 does
    /// not have it.
    ///
    /// # Errors
    ///
    /// [`CacheError`] if the key is of another type, or L2 failed.
    pub fn refresh(&self, key: &str) -> Result<bool, CacheError> {
        self.call(|cache, store, this| cache.call_refresh(store, this, key))
    }

    /// Returns the remaining TTL of an entry; `None` if it is absent. Never [`Expiry::Inherit`].
    ///
    /// # Errors
    ///
    /// [`CacheError`] if the key is of another type, or L2 failed.
    pub fn ttl(&self, key: &str) -> Result<Option<Expiry>, CacheError> {
        let ttl = self.call(|cache, store, this| cache.call_ttl(store, this, key))?;
        Ok(ttl.map(Into::into))
    }

    /// Returns a page of the cache's keys in L2, about `limit` of them. Pages may repeat keys.
    ///
    /// # Errors
    ///
    /// [`CacheError`] if L2 failed.
    pub fn keys(&self, cursor: Option<&str>, limit: u32) -> Result<Page, CacheError> {
        let page = self.call(|cache, store, this| cache.call_keys(store, this, cursor, limit))?;
        Ok(Page {
            keys: page.keys,
            cursor: page.cursor,
        })
    }

    /// Returns how many keys L2 holds under this name, including those of caches whose names begin
    /// with `name:`.
    ///
    /// # Errors
    ///
    /// [`CacheError`] if L2 failed.
    pub fn len(&self) -> Result<u64, CacheError> {
        self.call(|cache, store, this| cache.call_len(store, this))
    }

    /// Returns whether L2 holds no key of this cache. Stops at the first key.
    ///
    /// # Errors
    ///
    /// As [`len`](Self::len).
    pub fn is_empty(&self) -> Result<bool, CacheError> {
        let mut cursor = None;
        loop {
            let page = self.keys(cursor.as_deref(), 1)?;
            cursor = page.cursor;
            if !page.keys.is_empty() || cursor.is_none() {
                return Ok(page.keys.is_empty());
            }
        }
    }

    /// Deletes every key under this name in both tiers. Returns how many.
    ///
    /// # Errors
    ///
    /// [`CacheError`] if L2 failed. Some keys may have been deleted, and the local tier is empty.
    pub fn clear(&self) -> Result<u64, CacheError> {
        self.call(|cache, store, this| cache.call_clear(store, this))
    }

    /// Returns the local tier's value. Does not count as an access and does not read L2.
    ///
    /// # Errors
    ///
    /// Only [`CacheError::Instance`].
    pub fn local_get(&self, key: &str) -> Result<Option<Value>, CacheError> {
        let value = self.local_call(|cache, store, this| cache.call_local_get(store, this, key))?;
        Ok(value.map(Into::into))
    }

    /// Returns the local tier's keys, in eviction order.
    ///
    /// # Errors
    ///
    /// Only [`CacheError::Instance`].
    pub fn local_keys(&self) -> Result<Vec<String>, CacheError> {
        self.local_call(|cache, store, this| cache.call_local_keys(store, this))
    }

    /// Removes every entry of the local tier. L2 is not changed.
    ///
    /// # Errors
    ///
    /// Only [`CacheError::Instance`].
    pub fn local_clear(&self) -> Result<(), CacheError> {
        self.local_call(|cache, store, this| cache.call_local_clear(store, this))
    }

    /// Returns the counters of the cache since its instance was created.
    ///
    /// # Errors
    ///
    /// Only [`CacheError::Instance`].
    pub fn stats(&self) -> Result<Stats, CacheError> {
        let stats = self.local_call(|cache, store, this| cache.call_stats(store, this))?;
        Ok(stats.into())
    }

    /// Calls a fallible export.
    fn call<R>(
        &self,
        call: impl FnOnce(GuestFlipCache<'_>, &mut Store<Data>, ResourceAny) -> Called<R>,
    ) -> Result<R, CacheError> {
        Ok(self.local_call(call)??)
    }

    /// Calls an export with this cache's handle. Opens the cache again if the instance was
    /// replaced.
    fn local_call<R>(
        &self,
        call: impl FnOnce(GuestFlipCache<'_>, &mut Store<Data>, ResourceAny) -> wasmtime::Result<R>,
    ) -> Result<R, CacheError> {
        let mut instance = self.instance.lock();
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let this = match *opened {
            Some((generation, this)) if generation == instance.generation => this,
            _ => {
                let this = instance.call(|store, exports| {
                    let cache = exports.flipcache_cache_cache().flip_cache();
                    let resilience = self.resilience.into();
                    cache.call_open_with(store, &self.name, &(&self.options).into(), resilience)
                })??;
                *opened = Some((instance.generation, this));
                this
            }
        };
        instance.call(|store, exports| {
            let cache = exports.flipcache_cache_cache();
            call(cache.flip_cache(), store, this)
        })
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        let opened = self
            .opened
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let mut instance = self.instance.lock();
        if let Some((generation, this)) = opened.take()
            && generation == instance.generation
            && let Err(error) = instance.call(|store, _| this.resource_drop(store))
        {
            tracing::warn!(cache = self.name, %error, "cannot close the cache");
        }
    }
}
