//! Bounded dictionaries in the memory of the cache's provider.

use std::fmt;

use crate::bindings::flipcache::cache::collections as wit;
use crate::{Error, Order, Value};

/// A bounded dictionary of values of any type. Items are ordered: the first is the next to be
/// evicted when it is full.
///
/// # Examples
///
/// ```
/// use flipcache_guest::{Dict, Error, Order};
///
/// fn recent() -> Result<Vec<String>, Error> {
///     let dict = Dict::open(Order::Lru, 2)?;
///     dict.update([("a", 1), ("b", 2)])?;
///     dict.get("a");
///     dict.set("c", "three")?;
///     Ok(dict.keys()) // a, c
/// }
/// ```
pub struct Dict {
    raw: wit::Dict,
}

impl Dict {
    /// Creates an empty dictionary for at most `max_items` items.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCapacity`] if `max_items` is 0.
    pub fn open(order: Order, max_items: u32) -> Result<Self, Error> {
        let raw = wit::Dict::open(order, max_items)?;
        Ok(Self { raw })
    }

    /// Returns the value of a key. Counts as a use in LRU order.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.raw.get(key)
    }

    /// Returns the value of a key without changing the LRU order.
    pub fn peek(&self, key: &str) -> Option<Value> {
        self.raw.peek(key)
    }

    /// Stores an item at the end, in either order; returns the item that was evicted for it.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] if it exceeds the host's bound in bytes.
    pub fn set(
        &self,
        key: &str,
        value: impl Into<Value>,
    ) -> Result<Option<(String, Value)>, Error> {
        Ok(self.raw.set(key, &value.into())?)
    }

    /// Returns the value of a key, which counts as a use in LRU order; if it is absent, stores and
    /// returns `value`.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn set_default(&self, key: &str, value: impl Into<Value>) -> Result<Value, Error> {
        Ok(self.raw.set_default(key, &value.into())?)
    }

    /// Stores items one by one.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn update<K: Into<String>, V: Into<Value>>(
        &self,
        items: impl IntoIterator<Item = (K, V)>,
    ) -> Result<(), Error> {
        let items = items.into_iter();
        let items: Vec<_> = items
            .map(|(key, value)| (key.into(), value.into()))
            .collect();
        Ok(self.raw.update(&items)?)
    }

    /// Returns whether the key is present. Does not change the LRU order.
    pub fn contains(&self, key: &str) -> bool {
        self.raw.contains(key)
    }

    /// Makes an item the last to be evicted, in either order; `false` if it is absent.
    pub fn mark_as_used(&self, key: &str) -> bool {
        self.raw.mark_as_used(key)
    }

    /// Removes an item and returns its value.
    pub fn pop(&self, key: &str) -> Option<Value> {
        self.raw.pop(key)
    }

    /// Removes and returns the newest item, or the oldest.
    pub fn pop_item(&self, newest: bool) -> Option<(String, Value)> {
        self.raw.pop_item(newest)
    }

    /// Removes every item.
    pub fn clear(&self) {
        self.raw.clear();
    }

    /// Returns the number of items.
    pub fn len(&self) -> u32 {
        self.raw.len()
    }

    /// Returns whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the maximum number of items.
    pub fn max_items(&self) -> u32 {
        self.raw.max_items()
    }

    /// Returns the keys, the next to be evicted first.
    pub fn keys(&self) -> Vec<String> {
        self.raw.keys()
    }

    /// Returns the values, the next to be evicted first.
    pub fn values(&self) -> Vec<Value> {
        self.raw.values()
    }

    /// Returns the items, the next to be evicted first.
    pub fn items(&self) -> Vec<(String, Value)> {
        self.raw.items()
    }

    /// Returns the WIT handle.
    pub fn raw(&self) -> &wit::Dict {
        &self.raw
    }
}

impl fmt::Debug for Dict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dict").finish_non_exhaustive()
    }
}
