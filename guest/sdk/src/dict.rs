//! Bounded dictionaries in the memory of whoever provides the cache.

use std::fmt;

use crate::bindings::flipcache::cache::collections as wit;
use crate::{Error, Order, Value};

/// A bounded dictionary of values of any type. Items are ordered: the first is the next to leave
/// when it is full.
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
    /// An empty dictionary for at most `max_items` items.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCapacity`] if `max_items` is 0.
    pub fn open(order: Order, max_items: u32) -> Result<Self, Error> {
        let raw = wit::Dict::open(order, max_items)?;
        Ok(Self { raw })
    }

    /// The value of a key. In LRU order a use.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.raw.get(key)
    }

    /// The value of a key, as no use.
    pub fn peek(&self, key: &str) -> Option<Value> {
        self.raw.peek(key)
    }

    /// Puts an item last, in either order; answers the one that left to make room.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] if the host's bound in bytes has no room for it.
    pub fn set(
        &self,
        key: &str,
        value: impl Into<Value>,
    ) -> Result<Option<(String, Value)>, Error> {
        Ok(self.raw.set(key, &value.into())?)
    }

    /// The present value, which is a use in LRU order; or `value`, after storing it.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn set_default(&self, key: &str, value: impl Into<Value>) -> Result<Value, Error> {
        Ok(self.raw.set_default(key, &value.into())?)
    }

    /// Sets items one after the other.
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

    /// Whether the key is there. No use.
    pub fn contains(&self, key: &str) -> bool {
        self.raw.contains(key)
    }

    /// Makes an item the last to leave, in either order; `false` if it is absent.
    pub fn mark_as_used(&self, key: &str) -> bool {
        self.raw.mark_as_used(key)
    }

    /// Takes an item out.
    pub fn pop(&self, key: &str) -> Option<Value> {
        self.raw.pop(key)
    }

    /// Takes out the newest item, or the oldest.
    pub fn pop_item(&self, newest: bool) -> Option<(String, Value)> {
        self.raw.pop_item(newest)
    }

    /// Removals every item.
    pub fn clear(&self) {
        self.raw.clear();
    }

    /// How many items it holds.
    pub fn len(&self) -> u32 {
        self.raw.len()
    }

    /// Whether it holds no item.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many items it holds at most.
    pub fn max_items(&self) -> u32 {
        self.raw.max_items()
    }

    /// The keys, the next to leave first.
    pub fn keys(&self) -> Vec<String> {
        self.raw.keys()
    }

    /// The values, the next to leave first.
    pub fn values(&self) -> Vec<Value> {
        self.raw.values()
    }

    /// The items, the next to leave first.
    pub fn items(&self) -> Vec<(String, Value)> {
        self.raw.items()
    }

    /// The handle that WIT has.
    pub fn raw(&self) -> &wit::Dict {
        &self.raw
    }
}

impl fmt::Debug for Dict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dict").finish_non_exhaustive()
    }
}
