//! Bounded in-memory dictionaries for all tasks and threads of a program: Python's `FIFODict`,
//! `LRUDict` and their thread-safe and asynchronous variants, as one type.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flipcache_core::{Dict as Core, DictError, Order, Seed};

use crate::Error;

/// A bounded dictionary. Items are ordered; if it is full, the first is evicted.
///
/// Clones are the same dictionary. Each method is atomic to other threads and takes about as long
/// as a map operation, so asynchronous code may call it too. Methods that take or return many items
/// are linear in their number.
///
/// # Examples
///
/// ```
/// use flipcache::{Dict, Order};
///
/// let dict = Dict::open(Order::Lru, 3)?;
/// dict.update([("a", 1), ("b", 2), ("c", 3)]);
/// dict.get("a");
/// assert_eq!(dict.set("d", 4), Some(("b".to_owned(), 2)));
/// assert_eq!(dict.keys(), ["c", "a", "d"]);
/// # Ok::<(), flipcache::Error>(())
/// ```
pub struct Dict<V> {
    items: Arc<Mutex<Core<V>>>,
}

impl<V: Clone> Dict<V> {
    /// Opens an empty dictionary for at most `max_items` items.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCapacity`] if `max_items` is 0.
    pub fn open(order: Order, max_items: u32) -> Result<Self, Error> {
        let seed = Seed::new(RandomState::new().hash_one(()));
        let items = Core::new(order, max_items, seed).map_err(|_| Error::InvalidCapacity)?;
        Ok(Self {
            items: Arc::new(Mutex::new(items)),
        })
    }

    /// Returns the value of a key. Counts as an access in LRU order.
    pub fn get(&self, key: &str) -> Option<V> {
        self.lock().get(key).cloned()
    }

    /// Returns the value of a key. Does not count as an access.
    pub fn peek(&self, key: &str) -> Option<V> {
        self.lock().peek(key).cloned()
    }

    /// Puts an item last, in either order. Returns the item that was evicted for it.
    pub fn set(&self, key: &str, value: V) -> Option<(String, V)> {
        fits(self.lock().set(key, value)).flatten()
    }

    /// Returns the present value, which counts as an access in LRU order; otherwise stores and
    /// returns `value`.
    pub fn set_default(&self, key: &str, value: V) -> V {
        let default = value.clone();
        fits(self.lock().set_default(key, value)).unwrap_or(default)
    }

    /// Sets items one after the other, atomically to other threads.
    pub fn update<K: Into<String>>(&self, items: impl IntoIterator<Item = (K, V)>) {
        let items: Vec<_> = items
            .into_iter()
            .map(|(key, value)| (key.into(), value))
            .collect();
        fits(self.lock().update(items));
    }

    /// Returns whether the key is present. Does not count as an access.
    pub fn contains(&self, key: &str) -> bool {
        self.lock().contains(key)
    }

    /// Makes an item the last to be evicted, in either order. Returns `false` if it is absent.
    pub fn mark_as_used(&self, key: &str) -> bool {
        self.lock().mark_as_used(key)
    }

    /// Removes an item and returns its value.
    pub fn pop(&self, key: &str) -> Option<V> {
        self.lock().pop(key)
    }

    /// Removes and returns the newest item, or the oldest.
    pub fn pop_item(&self, newest: bool) -> Option<(String, V)> {
        self.lock().pop_item(newest)
    }

    /// Removes every item.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Returns how many items it holds.
    pub fn len(&self) -> usize {
        self.lock().len() as usize
    }

    /// Returns whether it holds no item.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Returns how many items it can hold.
    pub fn max_items(&self) -> u32 {
        self.lock().max_items()
    }

    /// Returns a snapshot of the keys, the next to be evicted first.
    pub fn keys(&self) -> Vec<String> {
        self.lock().iter().map(|(key, _)| key.to_owned()).collect()
    }

    /// Returns a snapshot of the values, the next to be evicted first.
    pub fn values(&self) -> Vec<V> {
        self.lock().iter().map(|(_, value)| value.clone()).collect()
    }

    /// Returns a snapshot of the items, the next to be evicted first.
    pub fn items(&self) -> Vec<(String, V)> {
        let items = self.lock();
        let items = items
            .iter()
            .map(|(key, value)| (key.to_owned(), value.clone()));
        items.collect()
    }

    fn lock(&self) -> MutexGuard<'_, Core<V>> {
        // A panic in a value's own `clone` leaves the dictionary intact.
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Clone for Dict<V> {
    fn clone(&self) -> Self {
        Self {
            items: Arc::clone(&self.items),
        }
    }
}

impl<V> fmt::Debug for Dict<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dict").finish_non_exhaustive()
    }
}

/// Unwraps the core's result: without a bound in bytes, no item is too large.
fn fits<T>(result: Result<T, DictError>) -> Option<T> {
    result.ok()
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// Q25, Q27: capacity is checked at opening, and does not change afterwards.
    #[test]
    fn open_without_room_is_refused() {
        let refused = Dict::<i32>::open(Order::Fifo, 0).map(|_| ());
        assert!(
            matches!(refused, Err(Error::InvalidCapacity)),
            "{refused:?}"
        );
    }

    /// Q29.
    #[test]
    fn every_method_by_many_threads_keeps_the_bound() {
        for order in [Order::Fifo, Order::Lru] {
            let dict = Dict::open(order, 3).expect("it has room");
            thread::scope(|scope| {
                for thread in 0..8 {
                    let dict = dict.clone();
                    scope.spawn(move || {
                        for round in 0..500 {
                            let key = ((thread + round) % 5).to_string();
                            dict.set(&key, round);
                            dict.get(&key);
                            dict.set_default(&key, round);
                            dict.update([(key.clone(), round), ("other".to_owned(), round)]);
                            dict.mark_as_used(&key);
                            assert!(dict.items().len() <= 3);
                            dict.pop(&key);
                            dict.pop_item(true);
                        }
                    });
                }
            });
            assert!(dict.len() <= 3 && dict.keys().len() == dict.len());
        }
    }

    #[test]
    fn every_method_behaves_as_in_python() {
        let dict = Dict::open(Order::Fifo, 3).expect("it has room");
        dict.update([("a", 1), ("b", 2), ("c", 3)]);
        assert_eq!(dict.set("a", 10), None, "an overwrite moves to the end");
        assert_eq!(dict.get("b"), Some(2));
        assert_eq!(dict.keys(), ["b", "c", "a"]);
        assert_eq!(dict.set_default("b", 9), 2);
        assert_eq!(dict.set_default("d", 4), 4);
        assert_eq!(
            dict.items(),
            [("c".into(), 3), ("a".into(), 10), ("d".into(), 4)]
        );
        assert!(dict.mark_as_used("c") && !dict.mark_as_used("b"));
        assert_eq!(dict.values(), [10, 4, 3]);
        assert_eq!((dict.peek("a"), dict.contains("b")), (Some(10), false));
        assert_eq!(dict.pop_item(false), Some(("a".into(), 10)));
        assert_eq!(dict.pop_item(true), Some(("c".into(), 3)));
        assert_eq!(
            (dict.pop("d"), dict.pop("d"), dict.pop_item(true)),
            (Some(4), None, None)
        );
        dict.set("e", 5);
        dict.clear();
        assert!(dict.is_empty() && dict.max_items() == 3);
    }
}
