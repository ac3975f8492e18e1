//! Entries by key and in eviction order: a hash index over a [`LinkedSlab`].

use std::cell::Cell;

use crate::entry_meta::EntryMeta;
use crate::index::Index;
use crate::linked_slab::{LinkedSlab, Queue, Slot};

/// Entries by key, in their eviction queues.
///
/// An entry is a key, an optional payload of bytes, and a value. The caller passes each key's hash;
/// equal keys must have equal hashes. All operations except `clear` are O(1).
#[derive(Debug)]
pub(crate) struct Table<V> {
    entries: LinkedSlab<Entry<V>>,
    /// The slots of exactly the entries above.
    index: Index,
}

/// The entry of a key.
#[derive(Debug)]
pub(crate) struct Entry<V> {
    /// A cell, so that a read through a shared reference can count a use.
    meta: Cell<EntryMeta>,
    /// The key followed by the payload, in one allocation, so that they are adjacent in memory.
    bytes: Box<[u8]>,
    pub(crate) value: V,
}

impl<V> Entry<V> {
    #[inline]
    fn key(&self) -> &[u8] {
        self.bytes
            .get(..self.meta.get().key_len())
            .unwrap_or_default()
    }

    /// Returns the key as text, which it was on insertion.
    pub(crate) fn key_text(&self) -> Option<&str> {
        str::from_utf8(self.key()).ok()
    }

    #[inline]
    pub(crate) fn payload(&self) -> Option<&[u8]> {
        let meta = self.meta.get();
        let payload = self.bytes.get(meta.key_len()..);
        payload.filter(|_| meta.has_payload())
    }

    /// Counts a use without moving the entry.
    #[inline]
    pub(crate) fn count_use(&self) {
        self.meta.set(self.meta.get().with_use());
    }
}

impl<V> Table<V> {
    /// The longest key, in bytes.
    pub(crate) const MAX_KEY_LEN: usize = EntryMeta::MAX_KEY_LEN;

    pub(crate) const fn new() -> Self {
        Self {
            entries: LinkedSlab::new(),
            index: Index::new(),
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len_of(Queue::Small) + self.len_of(Queue::Main)
    }

    pub(crate) const fn len_of(&self, queue: Queue) -> usize {
        self.entries.len(queue)
    }

    pub(crate) fn find(&self, hash: u64, key: &[u8]) -> Option<Slot> {
        Some(self.find_entry(hash, key)?.0)
    }

    /// Returns the slot and the entry of a key.
    #[inline]
    pub(crate) fn find_entry(&self, hash: u64, key: &[u8]) -> Option<(Slot, &Entry<V>)> {
        let mut found = None;
        let same = |slot: &Slot| {
            found = self.entries.get(*slot);
            found.is_some_and(|entry| entry.meta.get().is_of(hash) && is_same(entry.key(), key))
        };
        let slot = self.index.find(EntryMeta::index_hash(hash), same)?;
        Some((slot, found?))
    }

    /// Appends a new entry to a queue. The key must be absent and no longer than
    /// [`MAX_KEY_LEN`](Self::MAX_KEY_LEN). The table must have fewer than [`u32::MAX`] entries.
    pub(crate) fn insert(
        &mut self,
        queue: Queue,
        hash: u64,
        key: &str,
        payload: Option<&[u8]>,
        value: V,
    ) -> Slot {
        let meta = EntryMeta::new(hash, key.len(), queue);
        let entry = Entry {
            meta: Cell::new(meta.with_payload(payload.is_some())),
            bytes: [key.as_bytes(), payload.unwrap_or_default()]
                .concat()
                .into(),
            value,
        };
        let slot = self.entries.push_back(queue, entry);
        let hash_of = |slot: &Slot| {
            self.entries
                .get(*slot)
                .map_or(0, |entry| entry.meta.get().hash())
        };
        self.index
            .insert(EntryMeta::index_hash(hash), slot, hash_of);
        slot
    }

    /// Removes an entry and returns its value.
    pub(crate) fn remove(&mut self, slot: Slot) -> Option<V> {
        let meta = self.meta(slot)?;
        let entry = self.entries.remove(meta.queue(), slot)?;
        self.index.remove(meta.hash(), |other| *other == slot);
        Some(entry.value)
    }

    /// Replaces the payload of an entry, or removes it.
    pub(crate) fn set_payload(&mut self, slot: Slot, payload: Option<&[u8]>) {
        if let Some(entry) = self.entries.get_mut(slot) {
            let bytes = [entry.key(), payload.unwrap_or_default()].concat();
            entry.bytes = bytes.into();
            let meta = entry.meta.get_mut();
            *meta = meta.with_payload(payload.is_some());
        }
    }

    #[inline]
    pub(crate) fn payload(&self, slot: Slot) -> Option<&[u8]> {
        self.entries.get(slot)?.payload()
    }

    /// Returns the bytes of a key and its payload.
    pub(crate) fn len_at(&self, slot: Slot) -> usize {
        self.entries.get(slot).map_or(0, |entry| entry.bytes.len())
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&V> {
        self.entries.get(slot).map(|entry| &entry.value)
    }

    pub(crate) fn entry(&self, slot: Slot) -> Option<&Entry<V>> {
        self.entries.get(slot)
    }

    pub(crate) fn key(&self, slot: Slot) -> Option<&str> {
        self.entries.get(slot)?.key_text()
    }

    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut V> {
        self.entries.get_mut(slot).map(|entry| &mut entry.value)
    }

    pub(crate) fn meta(&self, slot: Slot) -> Option<EntryMeta> {
        self.entries.get(slot).map(|entry| entry.meta.get())
    }

    /// Moves an entry of the main queue to its back.
    #[inline]
    pub(crate) fn move_to_back(&mut self, slot: Slot) {
        self.entries.move_to_back(Queue::Main, slot, Queue::Main);
    }

    /// Moves an entry to the back of a queue, with this many uses.
    pub(crate) fn place(&mut self, slot: Slot, queue: Queue, uses: u8) {
        if let Some(entry) = self.entries.get_mut(slot) {
            let meta = entry.meta.get();
            entry.meta.set(meta.placed(queue, uses));
            self.entries.move_to_back(meta.queue(), slot, queue);
        }
    }

    pub(crate) const fn front(&self, queue: Queue) -> Option<Slot> {
        self.entries.front(queue)
    }

    pub(crate) const fn back(&self, queue: Queue) -> Option<Slot> {
        self.entries.back(queue)
    }

    /// Returns the slot after this one in its queue.
    pub(crate) fn after(&self, slot: Slot) -> Option<Slot> {
        self.entries.after(slot)
    }

    /// Returns the slots of a queue, from its front.
    pub(crate) fn slots(&self, queue: Queue) -> impl Iterator<Item = Slot> {
        self.entries.slots(queue)
    }

    /// Removes every entry and frees the memory.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.index = Index::new();
    }

    /// Panics unless the index and the slab hold the same entries, each in the queue of its
    /// metadata.
    #[cfg(any(test, feature = "model"))]
    pub(crate) fn validate(&self) {
        self.entries.validate();
        assert_eq!(
            self.index.len(),
            self.len(),
            "the index and the slab differ"
        );
        for queue in [Queue::Small, Queue::Main] {
            for entry in self.entries.iter(queue) {
                let (meta, key) = (entry.meta.get(), entry.key());
                assert_eq!(meta.queue(), queue, "{key:?} is in another queue");
                let found = self.find(meta.hash(), key);
                assert!(found.is_some(), "{key:?} is not indexed");
                let payload = entry.payload().unwrap_or_default();
                let bytes = key.len() + payload.len();
                assert_eq!(
                    bytes,
                    entry.bytes.len(),
                    "{key:?} has bytes that are neither key nor payload"
                );
            }
        }
    }
}

/// Compares keys by words: in 32-bit wasm, slices are compared byte by byte.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let ends = |key: &[u8]| Some((number(key.first_chunk()?), number(key.last_chunk()?)));
    let Some(ends_of_one) = ends(one) else {
        return one == other;
    };
    let mut words = one.as_chunks().0.iter().zip(other.as_chunks().0);
    // The first and last words cover a key of up to sixteen bytes.
    Some(ends_of_one) == ends(other)
        && (one.len() <= 16 || words.all(|(one, other)| number(one) == number(other)))
}

#[inline]
fn number(word: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::is_same;

    proptest! {
        #[test]
        fn is_same_any_keys_equals_slice_equality(
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
