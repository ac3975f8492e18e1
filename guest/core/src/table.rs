//! Entries by key and in order: a hash index over a [`List`].

use hashbrown::HashTable;

use crate::list::{List, Slot};

/// Entries by key, in the order in which they leave.
///
/// The caller hands in each key's hash; equal keys have equal hashes. O(1) but for `clear` and `iter`.
#[derive(Debug)]
pub(crate) struct Table<V> {
    entries: List<Entry<V>>,
    /// The slot of every entry, and of nothing else.
    index: HashTable<Slot>,
}

#[derive(Debug)]
struct Entry<V> {
    hash: u64,
    key: Box<str>,
    value: V,
}

impl<V> Table<V> {
    pub(crate) const fn new() -> Self {
        Self {
            entries: List::new(),
            index: HashTable::new(),
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    pub(crate) fn find(&self, hash: u64, key: &[u8]) -> Option<Slot> {
        let same = |slot: &Slot| {
            let entry = self.entries.get(*slot);
            entry.is_some_and(|entry| entry.hash == hash && is_same(entry.key.as_bytes(), key))
        };
        self.index.find(hash, same).copied()
    }

    /// Puts a new entry at the end. The key must not be there; fewer than [`u32::MAX`] may be.
    pub(crate) fn insert(&mut self, hash: u64, key: &str, value: V) {
        let entry = Entry {
            hash,
            key: key.into(),
            value,
        };
        let slot = self.entries.push_back(entry);
        let hash_of = |slot: &Slot| self.entries.get(*slot).map_or(0, |entry| entry.hash);
        self.index.insert_unique(hash, slot, hash_of);
    }

    /// Takes an entry out: its key and its value.
    pub(crate) fn remove(&mut self, slot: Slot) -> Option<(Box<str>, V)> {
        let entry = self.entries.remove(slot)?;
        if let Ok(found) = self.index.find_entry(entry.hash, |other| *other == slot) {
            found.remove();
        }
        Some((entry.key, entry.value))
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&V> {
        self.entries.get(slot).map(|entry| &entry.value)
    }

    pub(crate) fn entry(&self, slot: Slot) -> Option<(&str, &V)> {
        let entry = self.entries.get(slot)?;
        Some((&entry.key, &entry.value))
    }

    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut V> {
        self.entries.get_mut(slot).map(|entry| &mut entry.value)
    }

    pub(crate) fn move_to_back(&mut self, slot: Slot) {
        self.entries.move_to_back(slot);
    }

    pub(crate) fn front(&self) -> Option<Slot> {
        self.entries.front()
    }

    pub(crate) fn back(&self) -> Option<Slot> {
        self.entries.back()
    }

    pub(crate) fn after(&self, slot: Slot) -> Option<Slot> {
        self.entries.after(slot)
    }

    /// Drops every entry and gives the memory back.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.index = HashTable::new();
    }

    /// Keys and values, the next to leave first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.entries.iter().map(|entry| (&*entry.key, &entry.value))
    }

    /// Panics unless the index and the list hold the same entries.
    #[cfg(any(test, feature = "model"))]
    pub(crate) fn validate(&self) {
        self.entries.validate();
        assert_eq!(
            self.index.len(),
            self.entries.len(),
            "the index and the list differ"
        );
        for entry in self.entries.iter() {
            assert!(
                self.find(entry.hash, entry.key.as_bytes()).is_some(),
                "{} is not indexed",
                entry.key
            );
        }
    }
}

/// Whether two keys are one, by words: in 32-bit wasm, slices are compared byte by byte.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let (Some(one_end), Some(other_end)) = (one.last_chunk::<8>(), other.last_chunk::<8>()) else {
        return one == other;
    };
    let is_same_word =
        |one: &[u8; 8], other: &[u8; 8]| u64::from_le_bytes(*one) == u64::from_le_bytes(*other);
    let mut words = one.as_chunks().0.iter().zip(other.as_chunks().0);
    is_same_word(one_end, other_end) && words.all(|(one, other)| is_same_word(one, other))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::is_same;

    proptest! {
        #[test]
        fn is_same_any_keys_is_their_equality(
            key in proptest::collection::vec(any::<u8>(), 0..40),
            other in proptest::collection::vec(any::<u8>(), 0..40),
            at in any::<prop::sample::Index>(),
        ) {
            prop_assert!(is_same(&key, &key));
            prop_assert_eq!(is_same(&key, &other), key == other);
            if !key.is_empty() {
                let mut changed = key.clone();
                let at = at.index(key.len());
                changed[at] ^= 1;
                prop_assert!(!is_same(&key, &changed));
                prop_assert!(!is_same(&key, &key[..at]));
            }
        }
    }
}
