//! A cache, by the typed exports of the component.

use std::sync::{Mutex, PoisonError};

use wasmtime::Store;
use wasmtime::component::ResourceAny;

use super::engine::Data;
use super::{CacheError, Instance};
use crate::backend::Page;
use crate::bindings::exports::flipcache::cache::cache::{Error, GuestFlipCache};
use crate::{Expiry, Found, Options, Resilience, Stats, Value};

/// A handle of a named cache: see the WIT interface `cache`, whose functions these are.
///
/// Every method may answer [`CacheError::Instance`]; the cache works on after it.
pub struct Cache {
    instance: Instance,
    name: String,
    options: Options,
    resilience: Resilience,
    /// The generation of the instance that it was opened in, and its handle there.
    opened: Mutex<Option<(u64, ResourceAny)>>,
}

/// A call of an export, and what it answers in WIT's terms.
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

    /// The instance that it was opened in.
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// The options that it was opened with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Reads through: local tier, then L2, which fills the local tier.
    ///
    /// # Errors
    ///
    /// [`CacheError`]: a key of another type, or L2 failed, or holds what is no value of this cache.
    pub fn get(&self, key: &str) -> Result<Found<Value>, CacheError> {
        let found = self.call(|cache, store, this| cache.call_get_detailed(store, this, key))?;
        Ok(Found {
            value: found.value.map(Into::into),
            source: found.source.into(),
        })
    }

    /// One slot per key, in the order asked for; at most one round trip, two where defaults are stored.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get); fails whole.
    pub fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Value>>, CacheError> {
        let values = self.call(|cache, store, this| cache.call_get_many(store, this, keys))?;
        let values = values.into_iter().map(|value| value.map(Into::into));
        Ok(values.collect())
    }

    /// Writes L2, then the local tier.
    ///
    /// # Errors
    ///
    /// [`CacheError`]: key, value or TTL are not valid, or L2 failed; the local tier then has no value
    /// for the key.
    pub fn set(&self, key: &str, value: Value, expiry: Expiry) -> Result<(), CacheError> {
        let value = value.into();
        self.call(|cache, store, this| cache.call_set(store, this, key, &value, expiry.into()))
    }

    /// Writes several entries in one round trip. Not atomic.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set). Nothing is written if a key or value is not valid; if L2 failed, any
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

    /// `true` if the value was written, `false` if the key was there.
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

    /// For integer caches: adds, and answers the sum. A key that was absent gets the cache's TTL.
    ///
    /// # Errors
    ///
    /// [`CacheError`]: the cache or the key holds no integers, the sum is beyond 64 bits, or L2 failed.
    pub fn increment(&self, key: &str, delta: i64) -> Result<i64, CacheError> {
        self.call(|cache, store, this| cache.call_increment(store, this, key, delta))
    }

    /// Deletes keys in both tiers; answers how many L2 had.
    ///
    /// # Errors
    ///
    /// [`CacheError`]: a key of another type, or L2 failed.
    pub fn delete(&self, keys: &[String]) -> Result<u64, CacheError> {
        self.call(|cache, store, this| cache.call_delete_many(store, this, keys))
    }

    /// Whether either tier has the key. No use, and fills nothing.
    ///
    /// # Errors
    ///
    /// [`CacheError`]: a key of another type, or L2 failed.
    pub fn contains(&self, key: &str) -> Result<bool, CacheError> {
        self.call(|cache, store, this| cache.call_contains(store, this, key))
    }

    /// Marks the entry as used, under FIFO too, and starts its TTL anew; `false` if L2 does not have it.
    ///
    /// # Errors
    ///
    /// [`CacheError`]: a key of another type, or L2 failed.
    pub fn refresh(&self, key: &str) -> Result<bool, CacheError> {
        self.call(|cache, store, this| cache.call_refresh(store, this, key))
    }

    /// What is left of the entry's life; `None` if absent; never [`Expiry::Inherit`].
    ///
    /// # Errors
    ///
    /// [`CacheError`]: a key of another type, or L2 failed.
    pub fn ttl(&self, key: &str) -> Result<Option<Expiry>, CacheError> {
        let ttl = self.call(|cache, store, this| cache.call_ttl(store, this, key))?;
        Ok(ttl.map(Into::into))
    }

    /// A page of the cache's keys in L2, about `limit` of them. Pages may repeat keys.
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

    /// How many keys L2 holds under this name, those of caches whose names begin so among them.
    ///
    /// # Errors
    ///
    /// [`CacheError`] if L2 failed.
    pub fn len(&self) -> Result<u64, CacheError> {
        self.call(|cache, store, this| cache.call_len(store, this))
    }

    /// Whether L2 holds no key of this cache. Ends at the first key that it finds.
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

    /// Deletes every key under this name in both tiers; answers how many.
    ///
    /// # Errors
    ///
    /// [`CacheError`] if L2 failed; some may have been deleted, and the local tier is empty.
    pub fn clear(&self) -> Result<u64, CacheError> {
        self.call(|cache, store, this| cache.call_clear(store, this))
    }

    /// The local tier's value. No use, and no question to L2.
    ///
    /// # Errors
    ///
    /// [`CacheError::Instance`] alone.
    pub fn local_get(&self, key: &str) -> Result<Option<Value>, CacheError> {
        let value = self.local_call(|cache, store, this| cache.call_local_get(store, this, key))?;
        Ok(value.map(Into::into))
    }

    /// The local tier's keys, in the order in which they would be evicted.
    ///
    /// # Errors
    ///
    /// [`CacheError::Instance`] alone.
    pub fn local_keys(&self) -> Result<Vec<String>, CacheError> {
        self.local_call(|cache, store, this| cache.call_local_keys(store, this))
    }

    /// Empties the local tier; L2 stays as it is.
    ///
    /// # Errors
    ///
    /// [`CacheError::Instance`] alone.
    pub fn local_clear(&self) -> Result<(), CacheError> {
        self.local_call(|cache, store, this| cache.call_local_clear(store, this))
    }

    /// What the cache has done since its instance was made.
    ///
    /// # Errors
    ///
    /// [`CacheError::Instance`] alone.
    pub fn stats(&self) -> Result<Stats, CacheError> {
        let stats = self.local_call(|cache, store, this| cache.call_stats(store, this))?;
        Ok(stats.into())
    }

    /// Calls an export that may answer an error.
    fn call<R>(
        &self,
        call: impl FnOnce(GuestFlipCache<'_>, &mut Store<Data>, ResourceAny) -> Called<R>,
    ) -> Result<R, CacheError> {
        Ok(self.local_call(call)??)
    }

    /// Calls an export with this cache's handle, which it opens anew if the instance was replaced.
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
            tracing::warn!(cache = self.name, %error, "the cache could not be closed");
        }
    }
}
