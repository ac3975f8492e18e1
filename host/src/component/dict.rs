//! Bounded dictionaries by the typed exports of the component.

use wasmtime::Store;
use wasmtime::component::ResourceAny;

use super::engine::Data;
use super::{CacheError, Instance};
use crate::bindings::exports::flipcache::cache::collections::{self, GuestDict};
use crate::{Order, Value};

/// A bounded dictionary in the memory of its instance. Its methods are the functions of the WIT
/// interface `collections`.
///
/// If the instance fails, the method returns [`CacheError::Instance`]. All later calls return
/// [`CacheError::DictLost`], as the items were lost with the instance.
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

    /// Returns the value of a key. Counts as an access in LRU order.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub fn get(&self, key: &str) -> Result<Option<Value>, CacheError> {
        let value = self.call(|dict, store, this| dict.call_get(store, this, key))?;
        Ok(value.map(Into::into))
    }

    /// Returns the value of a key. Does not count as an access.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub fn peek(&self, key: &str) -> Result<Option<Value>, CacheError> {
        let value = self.call(|dict, store, this| dict.call_peek(store, this, key))?;
        Ok(value.map(Into::into))
    }

    /// Puts an item last. Returns the item that was evicted for it.
    ///
    /// # Errors
    ///
    /// [`CacheError::TooLarge`] if the item exceeds the dictionary's bound in bytes.
    pub fn set(&self, key: &str, value: Value) -> Result<Option<(String, Value)>, CacheError> {
        let value = value.into();
        let evicted = self.call(|dict, store, this| dict.call_set(store, this, key, &value))??;
        Ok(evicted.map(|(key, value)| (key, value.into())))
    }

    /// Returns the present value, which counts as an access in LRU order; otherwise stores and
    /// returns `value`.
    ///
    /// # Errors
    ///
    /// [`CacheError::TooLarge`] if the item exceeds the dictionary's bound in bytes.
    pub fn set_default(&self, key: &str, value: Value) -> Result<Value, CacheError> {
        let value = value.into();
        let value =
            self.call(|dict, store, this| dict.call_set_default(store, this, key, &value))??;
        Ok(value.into())
    }

    /// Sets items one after the other. Those before one that does not fit are stored.
    ///
    /// # Errors
    ///
    /// [`CacheError::TooLarge`] if an item exceeds the dictionary's bound in bytes.
    pub fn update(
        &self,
        items: impl IntoIterator<Item = (String, Value)>,
    ) -> Result<(), CacheError> {
        let items = items.into_iter().map(|(key, value)| (key, value.into()));
        let items: Vec<_> = items.collect();
        Ok(self.call(|dict, store, this| dict.call_update(store, this, &items))??)
    }

    /// Returns whether the key is present. Does not count as an access.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub fn contains(&self, key: &str) -> Result<bool, CacheError> {
        self.call(|dict, store, this| dict.call_contains(store, this, key))
    }

    /// Makes an item the last to be evicted, in either order. Returns `false` if it is absent.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub fn mark_as_used(&self, key: &str) -> Result<bool, CacheError> {
        self.call(|dict, store, this| dict.call_mark_as_used(store, this, key))
    }

    /// Removes an item and returns its value.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub fn pop(&self, key: &str) -> Result<Option<Value>, CacheError> {
        let value = self.call(|dict, store, this| dict.call_pop(store, this, key))?;
        Ok(value.map(Into::into))
    }

    /// Removes and returns the newest item, or the oldest.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub fn pop_item(&self, newest: bool) -> Result<Option<(String, Value)>, CacheError> {
        let item = self.call(|dict, store, this| dict.call_pop_item(store, this, newest))?;
        Ok(item.map(|(key, value)| (key, value.into())))
    }

    /// Removes every item.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub fn clear(&self) -> Result<(), CacheError> {
        self.call(|dict, store, this| dict.call_clear(store, this))
    }

    /// Returns how many items it holds.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub fn len(&self) -> Result<u32, CacheError> {
        self.call(|dict, store, this| dict.call_len(store, this))
    }

    /// Returns whether it holds no item.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub fn is_empty(&self) -> Result<bool, CacheError> {
        Ok(self.len()? == 0)
    }

    /// Returns how many items it can hold.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub fn max_items(&self) -> Result<u32, CacheError> {
        self.call(|dict, store, this| dict.call_max_items(store, this))
    }

    /// Returns the keys, the next to be evicted first.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub fn keys(&self) -> Result<Vec<String>, CacheError> {
        self.call(|dict, store, this| dict.call_keys(store, this))
    }

    /// Returns the values, the next to be evicted first.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub fn values(&self) -> Result<Vec<Value>, CacheError> {
        let values = self.call(|dict, store, this| dict.call_values(store, this))?;
        Ok(values.into_iter().map(Into::into).collect())
    }

    /// Returns the items, the next to be evicted first.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
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
            tracing::warn!(%error, "cannot close a dictionary");
        }
    }
}
