//! A bounded dictionary in memory with FIFO or LRU order: Python's `FIFODict` and `LRUDict` as one
//! type.

use crate::hash::Seed;
use crate::linked_slab::{Queue, Slot};
use crate::table::Table;

/// Which item a full dictionary evicts first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The oldest insertion. An overwrite counts as an insertion, a read does not.
    Fifo,
    /// The least recently used. Reads and overwrites count as uses.
    Lru,
}

/// Why a dictionary was not created or did not store an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DictError {
    /// The capacity is 0.
    #[error("a dictionary holds at least one item")]
    InvalidCapacity,
    /// The item would exceed the dictionary's bound in bytes, or its key alone exceeds 256 MiB, the
    /// maximum length of a key.
    #[error("the dictionary cannot hold more than {limit} bytes")]
    TooLarge {
        /// The bound.
        limit: u64,
    },
}

/// A bounded dictionary. Its items are ordered: the first is the next to be evicted.
///
/// Every operation is O(1), except those that return or remove all items.
///
/// # Examples
///
/// ```
/// use flipcache_core::{Dict, Order, Seed, Value};
///
/// let mut dict = Dict::new(Order::Lru, 2, Seed::new(1))?.with_max_bytes(1_000, Value::weight);
/// dict.set("a", Value::Integer(1))?;
/// dict.set("b", Value::Integer(2))?;
/// assert_eq!(dict.get("a"), Some(&Value::Integer(1)));
/// assert_eq!(dict.set("c", Value::Integer(3))?, Some(("b".into(), Value::Integer(2))));
/// # Ok::<(), flipcache_core::DictError>(())
/// ```
#[derive(Debug)]
pub struct Dict<V> {
    table: Table<V>,
    order: Order,
    max_items: u32,
    /// Bytes of all keys and values.
    max_bytes: u64,
    /// Returns the weight of a value, in bytes.
    weigh: fn(&V) -> u64,
    /// Bytes of all keys and values.
    bytes: u64,
    seed: Seed,
}

impl<V> Dict<V> {
    /// Creates an empty dictionary for at most `max_items` items of any size.
    ///
    /// # Errors
    ///
    /// [`DictError::InvalidCapacity`] if `max_items` is 0.
    pub fn new(order: Order, max_items: u32, seed: Seed) -> Result<Self, DictError> {
        if max_items == 0 {
            return Err(DictError::InvalidCapacity);
        }
        Ok(Self {
            table: Table::new(),
            order,
            max_items,
            max_bytes: u64::MAX,
            weigh: |_| 0,
            bytes: 0,
            seed,
        })
    }

    /// Bounds the bytes of keys and values of a dictionary that is still empty.
    #[must_use]
    pub fn with_max_bytes(self, max_bytes: u64, weigh: fn(&V) -> u64) -> Self {
        Self {
            max_bytes,
            weigh,
            ..self
        }
    }

    /// Returns the value of a key. Counts as a use in LRU order.
    pub fn get(&mut self, key: &str) -> Option<&V> {
        let slot = self.find(key)?;
        if self.order == Order::Lru {
            self.table.move_to_back(slot);
        }
        self.table.get(slot)
    }

    /// Returns the value of a key without changing the LRU order.
    pub fn peek(&self, key: &str) -> Option<&V> {
        self.table.get(self.find(key)?)
    }

    /// Stores an item at the end; returns the item that was evicted for it.
    ///
    /// # Errors
    ///
    /// [`DictError::TooLarge`] if the bytes would exceed the bound; nothing is changed then.
    pub fn set(&mut self, key: &str, value: V) -> Result<Option<(String, V)>, DictError> {
        let present = self.find(key);
        let is_full = self.table.len() >= self.max_items as usize;
        let leaving = match present {
            None if is_full => self.table.front(Queue::Main),
            present => present,
        };
        let left = self.bytes - leaving.map_or(0, |slot| self.cost_at(slot));
        let limit = self.max_bytes;
        if left.saturating_add(self.cost(key, &value)) > limit {
            return Err(DictError::TooLarge { limit });
        }
        if key.len() > Table::<V>::MAX_KEY_LEN {
            let limit = Table::<V>::MAX_KEY_LEN as u64;
            return Err(DictError::TooLarge { limit });
        }
        let evicted = leaving.and_then(|slot| self.remove(slot));
        self.bytes += self.cost(key, &value);
        let hash = self.hash(key);
        self.table.insert(Queue::Main, hash, key, None, value);
        Ok(evicted.filter(|_| present.is_none()))
    }

    /// Stores items one by one.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set), at the first item that does not fit; the items before it are stored.
    pub fn update(
        &mut self,
        items: impl IntoIterator<Item = (String, V)>,
    ) -> Result<(), DictError> {
        for (key, value) in items {
            self.set(&key, value)?;
        }
        Ok(())
    }

    /// Returns whether the key is present. Does not change the LRU order.
    pub fn contains(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// Makes an item the last to be evicted, in either order; `false` if it is absent.
    pub fn mark_as_used(&mut self, key: &str) -> bool {
        let slot = self.find(key);
        slot.inspect(|slot| self.table.move_to_back(*slot))
            .is_some()
    }

    /// Removes an item and returns its value.
    pub fn pop(&mut self, key: &str) -> Option<V> {
        let (_, value) = self.remove(self.find(key)?)?;
        Some(value)
    }

    /// Removes and returns the newest item, or the oldest.
    pub fn pop_item(&mut self, newest: bool) -> Option<(String, V)> {
        let slot = if newest {
            self.table.back(Queue::Main)
        } else {
            self.table.front(Queue::Main)
        };
        self.remove(slot?)
    }

    /// Removes every item.
    pub fn clear(&mut self) {
        self.table.clear();
        self.bytes = 0;
    }

    /// Returns the number of items.
    pub fn len(&self) -> u32 {
        u32::try_from(self.table.len()).unwrap_or(u32::MAX)
    }

    /// Returns whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.table.len() == 0
    }

    /// Returns the maximum number of items.
    pub fn max_items(&self) -> u32 {
        self.max_items
    }

    /// Returns the bytes of all keys and values, as the bound in bytes counts them.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Sets the bound in bytes for later writes. A dictionary above it keeps its items.
    pub fn set_max_bytes(&mut self, max_bytes: u64) {
        self.max_bytes = max_bytes;
    }

    /// Iterates over the items, the next to be evicted first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        let slots = self.table.slots(Queue::Main);
        slots.filter_map(|slot| Some((self.table.key(slot)?, self.table.get(slot)?)))
    }

    /// Panics unless the table and the count of bytes are consistent and the bound on items holds.
    #[cfg(any(test, feature = "model"))]
    pub fn validate(&self) {
        self.table.validate();
        let bytes: u64 = self.iter().map(|(key, value)| self.cost(key, value)).sum();
        assert_eq!(self.bytes, bytes, "the count of bytes is wrong");
        assert!(self.len() <= self.max_items, "more items than the bound");
    }

    fn hash(&self, key: &str) -> u64 {
        self.seed.hash_bytes(key.as_bytes())
    }

    fn find(&self, key: &str) -> Option<Slot> {
        self.table.find(self.hash(key), key.as_bytes())
    }

    fn remove(&mut self, slot: Slot) -> Option<(String, V)> {
        self.bytes -= self.cost_at(slot);
        let key = self.table.key(slot)?.to_owned();
        Some((key, self.table.remove(slot)?))
    }

    fn cost_at(&self, slot: Slot) -> u64 {
        let (key, value) = (self.table.key(slot), self.table.get(slot));
        key.zip(value)
            .map_or(0, |(key, value)| self.cost(key, value))
    }

    /// Returns what an item counts against the bound in bytes.
    fn cost(&self, key: &str, value: &V) -> u64 {
        (key.len() as u64).saturating_add((self.weigh)(value))
    }
}

impl<V: Clone> Dict<V> {
    /// Returns the value of a key, which counts as a use in LRU order; if it is absent, stores and
    /// returns `value`.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn set_default(&mut self, key: &str, value: V) -> Result<V, DictError> {
        if let Some(present) = self.get(key) {
            return Ok(present.clone());
        }
        self.set(key, value.clone())?;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn dict(order: Order, max_items: u32, keys: &str) -> Dict<Value> {
        let mut dict = Dict::new(order, max_items, Seed::new(1)).expect("a capacity");
        dict = dict.with_max_bytes(1_000, Value::weight);
        for key in keys.chars() {
            dict.set(&key.to_string(), Value::Integer(1))
                .expect("it fits");
        }
        dict
    }

    fn keys(dict: &Dict<Value>) -> String {
        dict.validate();
        dict.iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn new_without_room_is_refused() {
        let refused = Dict::<Value>::new(Order::Fifo, 0, Seed::new(1)).map(|_| ());
        assert_eq!(refused, Err(DictError::InvalidCapacity));
    }

    #[test]
    fn set_fifo_overwrite_moves_to_the_end_and_a_read_does_not() {
        let mut dict = dict(Order::Fifo, 3, "abc");
        dict.get("a");
        assert_eq!(dict.set("a", Value::Integer(2)), Ok(None));
        assert_eq!(keys(&dict), "bca");
        dict.get("b");
        assert_eq!(
            dict.set("d", Value::Integer(4)),
            Ok(Some(("b".into(), Value::Integer(1))))
        );
        assert_eq!(keys(&dict), "cad");
    }

    #[test]
    fn get_lru_changes_the_order_and_peek_and_contains_do_not() {
        let mut dict = dict(Order::Lru, 3, "abc");
        dict.get("a");
        assert_eq!(keys(&dict), "bca");
        dict.peek("b");
        assert!(dict.contains("b"));
        assert_eq!(keys(&dict), "bca");
        assert_eq!(
            dict.set_default("b", Value::Integer(9)),
            Ok(Value::Integer(1))
        );
        assert_eq!(keys(&dict), "cab");
    }

    #[test]
    fn mark_as_used_moves_in_either_order() {
        for order in [Order::Fifo, Order::Lru] {
            let mut dict = dict(order, 3, "abc");
            assert!(dict.mark_as_used("a"));
            assert!(!dict.mark_as_used("z"));
            assert_eq!(keys(&dict), "bca", "{order:?}");
        }
    }

    #[test]
    fn pop_item_takes_either_end() {
        let mut dict = dict(Order::Lru, 3, "abc");
        assert_eq!(dict.pop_item(true), Some(("c".into(), Value::Integer(1))));
        assert_eq!(dict.pop_item(false), Some(("a".into(), Value::Integer(1))));
        assert_eq!(dict.pop("b"), Some(Value::Integer(1)));
        assert_eq!(
            (dict.pop("b"), dict.pop_item(true), dict.is_empty()),
            (None, None, true)
        );
    }

    #[test]
    fn set_beyond_the_bytes_is_refused_and_changes_nothing() {
        let mut dict = dict(Order::Lru, 3, "ab");
        let limit = 1_000;
        let refused = dict.set("c", Value::Text("x".repeat(1_000)));
        assert_eq!(refused, Err(DictError::TooLarge { limit }));
        assert_eq!(keys(&dict), "ab");
        assert_eq!(dict.set("a", Value::Text("x".repeat(990))), Ok(None));
        assert_eq!(keys(&dict), "ba");
    }
}
