//! A bounded dictionary, by the typed exports of the component.

use wasmtime::Store;
use wasmtime::component::ResourceAny;

use super::engine::Data;
use super::{CacheError, Instance};
use crate::bindings::exports::flipcache::cache::collections::{self, GuestDict};
use crate::{Order, Value};

/// A bounded dictionary in the memory of its instance: see the WIT interface `collections`.
///
/// Every method answers [`CacheError::Instance`] if the instance fails at it, and
/// [`CacheError::DictLost`] ever after: the items went with the instance.
pub struct Dict {
    instance: Instance,
    generation: u64,
    this: ResourceAny,
}

impl Dict {
    pub(super) fn open(
        instance: Instance,
        order: Order,
        max_items: u32,
    ) -> Result<Self, CacheError> {
        let order = match order {
            Order::Fifo => collections::Order::Fifo,
            Order::Lru => collections::Order::Lru,
        };
        let mut shared = instance.lock();
        let this = shared.call(|store, exports| {
            let dict = exports.flipcache_cache_collections().dict();
            dict.call_open(store, order, max_items)
        })??;
        let generation = shared.generation;
        drop(shared);
        Ok(Self {
            instance,
            generation,
            this,
        })
    }

    /// The value of a key. In LRU order a use.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub fn get(&self, key: &str) -> Result<Option<Value>, CacheError> {
        let value = self.call(|dict, store, this| dict.call_get(store, this, key))?;
        Ok(value.map(Into::into))
    }

    /// The value of a key, as no use.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub fn peek(&self, key: &str) -> Result<Option<Value>, CacheError> {
        let value = self.call(|dict, store, this| dict.call_peek(store, this, key))?;
        Ok(value.map(Into::into))
    }

    /// Puts an item last; answers the one that left to make room.
    ///
    /// # Errors
    ///
    /// [`CacheError::TooLarge`] beyond the dictionary's bound in bytes.
    pub fn set(&self, key: &str, value: Value) -> Result<Option<(String, Value)>, CacheError> {
        let value = value.into();
        let evicted = self.call(|dict, store, this| dict.call_set(store, this, key, &value))??;
        Ok(evicted.map(|(key, value)| (key, value.into())))
    }

    /// The present value, which is a use in LRU order; or `value`, after storing it.
    ///
    /// # Errors
    ///
    /// [`CacheError::TooLarge`] beyond the dictionary's bound in bytes.
    pub fn set_default(&self, key: &str, value: Value) -> Result<Value, CacheError> {
        let value = value.into();
        let value =
            self.call(|dict, store, this| dict.call_set_default(store, this, key, &value))??;
        Ok(value.into())
    }

    /// Sets items one after the other; those before one that does not fit are in.
    ///
    /// # Errors
    ///
    /// [`CacheError::TooLarge`] beyond the dictionary's bound in bytes.
    pub fn update(
        &self,
        items: impl IntoIterator<Item = (String, Value)>,
    ) -> Result<(), CacheError> {
        let items = items.into_iter().map(|(key, value)| (key, value.into()));
        let items: Vec<_> = items.collect();
        Ok(self.call(|dict, store, this| dict.call_update(store, this, &items))??)
    }

    /// Whether the key is there. No use.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub fn contains(&self, key: &str) -> Result<bool, CacheError> {
        self.call(|dict, store, this| dict.call_contains(store, this, key))
    }

    /// Makes an item the last to leave, in either order; `false` if it is absent.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub fn mark_as_used(&self, key: &str) -> Result<bool, CacheError> {
        self.call(|dict, store, this| dict.call_mark_as_used(store, this, key))
    }

    /// Takes an item out.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub fn pop(&self, key: &str) -> Result<Option<Value>, CacheError> {
        let value = self.call(|dict, store, this| dict.call_pop(store, this, key))?;
        Ok(value.map(Into::into))
    }

    /// Takes out the newest item, or the oldest.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub fn pop_item(&self, newest: bool) -> Result<Option<(String, Value)>, CacheError> {
        let item = self.call(|dict, store, this| dict.call_pop_item(store, this, newest))?;
        Ok(item.map(|(key, value)| (key, value.into())))
    }

    /// Removals every item.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub fn clear(&self) -> Result<(), CacheError> {
        self.call(|dict, store, this| dict.call_clear(store, this))
    }

    /// How many items it holds.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub fn len(&self) -> Result<u32, CacheError> {
        self.call(|dict, store, this| dict.call_len(store, this))
    }

    /// Whether it holds no item.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub fn is_empty(&self) -> Result<bool, CacheError> {
        Ok(self.len()? == 0)
    }

    /// How many items it holds at most.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub fn max_items(&self) -> Result<u32, CacheError> {
        self.call(|dict, store, this| dict.call_max_items(store, this))
    }

    /// The keys, the next to leave first.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub fn keys(&self) -> Result<Vec<String>, CacheError> {
        self.call(|dict, store, this| dict.call_keys(store, this))
    }

    /// The values, the next to leave first.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub fn values(&self) -> Result<Vec<Value>, CacheError> {
        let values = self.call(|dict, store, this| dict.call_values(store, this))?;
        Ok(values.into_iter().map(Into::into).collect())
    }

    /// The items, the next to leave first.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub fn items(&self) -> Result<Vec<(String, Value)>, CacheError> {
        let items = self.call(|dict, store, this| dict.call_items(store, this))?;
        let items = items.into_iter().map(|(key, value)| (key, value.into()));
        Ok(items.collect())
    }

    fn call<R>(
        &self,
        call: impl FnOnce(GuestDict<'_>, &mut Store<Data>, ResourceAny) -> wasmtime::Result<R>,
    ) -> Result<R, CacheError> {
        let mut instance = self.instance.lock();
        if instance.generation != self.generation {
            return Err(CacheError::DictLost);
        }
        instance.call(|store, exports| {
            let dict = exports.flipcache_cache_collections();
            call(dict.dict(), store, self.this)
        })
    }
}

impl Drop for Dict {
    fn drop(&mut self) {
        let mut instance = self.instance.lock();
        if instance.generation == self.generation
            && let Err(error) = instance.call(|store, _| self.this.resource_drop(store))
        {
            tracing::warn!(%error, "a dictionary could not be closed");
        }
    }
}
