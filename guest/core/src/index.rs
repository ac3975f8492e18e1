//! Slots by the hashes of their entries.

use hashbrown::HashTable;

use crate::linked_slab::Slot;

/// A hash table of slots that stores neither keys nor hashes: the caller identifies the slot and
/// returns the hash of each. Every operation is O(1).
#[derive(Debug)]
pub(crate) struct Index(HashTable<Slot>);

impl Index {
    pub(crate) const fn new() -> Self {
        Self(HashTable::new())
    }

    #[cfg(any(test, feature = "model"))]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    #[inline]
    pub(crate) fn find(&self, hash: u64, is_meant: impl FnMut(&Slot) -> bool) -> Option<Slot> {
        self.0.find(hash, is_meant).copied()
    }

    /// Inserts a slot that is absent.
    pub(crate) fn insert(&mut self, hash: u64, slot: Slot, hash_of: impl Fn(&Slot) -> u64) {
        if self.is_worn() {
            let slots: Vec<Slot> = self.0.drain().collect();
            for slot in slots {
                self.0.insert_unique(hash_of(&slot), slot, &hash_of);
            }
        }
        self.0.insert_unique(hash, slot, hash_of);
    }

    /// Removes a slot; `None` if it was absent.
    pub(crate) fn remove(
        &mut self,
        hash: u64,
        is_meant: impl FnMut(&Slot) -> bool,
    ) -> Option<Slot> {
        let found = self.0.find_entry(hash, is_meant).ok()?;
        Some(found.remove().0)
    }

    /// Returns whether tombstones fill all free room and are an eighth of the whole or more.
    /// hashbrown would then double the table, and would do so again until more than half is unused.
    fn is_worn(&self) -> bool {
        let room = self.0.num_buckets() / 8 * 7;
        self.0.len() == self.0.capacity() && self.0.len() <= room - room / 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linked_slab::{LinkedSlab, Queue};

    /// Works as a full cache does: each insertion follows a removal.
    #[test]
    fn insert_and_remove_for_long_takes_no_more_room() {
        let hash_of = |key: u64| key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let (mut list, mut index) = (LinkedSlab::new(), Index::new());
        let mut full = 0;
        for key in 0..20_000_u64 {
            let slot = list.push_back(Queue::Main, key);
            let hash_at = |slot: &Slot| list.get(*slot).map_or(0, |key| hash_of(*key));
            index.insert(hash_of(key), slot, hash_at);
            if key == 390 {
                full = index.0.allocation_size();
            }
            if key >= 390 {
                let first = list.front(Queue::Main).expect("a first");
                let left = list.remove(Queue::Main, first).expect("an item");
                let removed = index.remove(hash_of(left), |slot| *slot == first);
                assert_eq!(removed, Some(first));
            }
        }
        assert_eq!((index.len(), index.0.allocation_size()), (390, full));
        for slot in list.slots(Queue::Main) {
            let key = *list.get(slot).expect("an item");
            assert_eq!(index.find(hash_of(key), |other| *other == slot), Some(slot));
        }
    }
}
