//! Ghosts: hashes of recently evicted keys, without keys and values, in FIFO order.

use std::num::NonZeroU32;

use crate::entry_meta::EntryMeta;
use crate::index::Index;
use crate::linked_slab::{LinkedSlab, Queue, Slot};

/// The cost of a ghost against a shard's budget, in bytes: 12 for its node and 5 to 12 in the
/// index, rounded up.
const WEIGHT: u64 = 32;

/// A queue of hashes, of which 32 bits are kept. With a million ghosts, one new key in four
/// thousand is taken for one of them, and only enters the main queue too early. Every operation is
/// O(1), except `clear`, and `shorten`, which is O(1) for each ghost removed.
#[derive(Debug)]
pub(crate) struct Ghosts {
    queue: LinkedSlab<NonZeroU32>,
    /// The slot of every ghost, by its hash.
    index: Index,
}

impl Ghosts {
    pub(crate) const fn new() -> Self {
        Self {
            queue: LinkedSlab::new(),
            index: Index::new(),
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.queue.len(Queue::Main)
    }

    /// Returns the cost of all ghosts against a shard's budget, in bytes.
    pub(crate) const fn weight(&self) -> u64 {
        self.len() as u64 * WEIGHT
    }

    /// Appends a hash as the newest ghost.
    pub(crate) fn remember(&mut self, hash: u64) {
        self.forget(hash);
        let ghost = ghost_of(hash);
        let slot = self.queue.push_back(Queue::Main, ghost);
        let spread = |slot: &Slot| self.queue.get(*slot).map_or(0, |ghost| spread(*ghost));
        self.index.insert(spread(&slot), slot, spread);
    }

    /// Removes a hash; returns whether it was a ghost.
    pub(crate) fn forget(&mut self, hash: u64) -> bool {
        let ghost = ghost_of(hash);
        let same = |slot: &Slot| self.queue.get(*slot) == Some(&ghost);
        let slot = self.index.remove(spread(ghost), same);
        slot.is_some_and(|slot| self.queue.remove(Queue::Main, slot).is_some())
    }

    /// Removes the oldest ghosts until at most `len` are left.
    pub(crate) fn shorten(&mut self, len: usize) {
        while self.len() > len
            && let Some(oldest) = self.queue.front(Queue::Main)
            && let Some(ghost) = self.queue.remove(Queue::Main, oldest)
        {
            self.index.remove(spread(ghost), |slot| *slot == oldest);
        }
    }

    /// Removes all ghosts and frees the memory.
    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }

    /// Panics unless the index and the queue hold the same ghosts.
    #[cfg(any(test, feature = "model"))]
    pub(crate) fn validate(&self) {
        self.queue.validate();
        assert_eq!(
            self.index.len(),
            self.len(),
            "the index and the queue differ"
        );
        for ghost in self.queue.iter(Queue::Main) {
            let same = |slot: &Slot| self.queue.get(*slot) == Some(ghost);
            let found = self.index.find(spread(*ghost), same);
            assert!(found.is_some(), "a ghost is not indexed");
        }
    }
}

/// Returns the ghost of a hash: its low bits, which the metadata of an entry keeps too.
fn ghost_of(hash: u64) -> NonZeroU32 {
    let low = u32::try_from(hash & u64::from(u32::MAX)).ok();
    low.and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN)
}

/// Returns the hash of a ghost for an index, which uses its low bits and its highest.
fn spread(ghost: NonZeroU32) -> u64 {
    EntryMeta::index_hash(ghost.get().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ghosts(hashes: impl IntoIterator<Item = u64>) -> Ghosts {
        let mut ghosts = Ghosts::new();
        hashes.into_iter().for_each(|hash| ghosts.remember(hash));
        ghosts.validate();
        ghosts
    }

    #[test]
    fn shorten_forgets_the_oldest_first() {
        let mut ghosts = ghosts([1, 2, 3]);
        ghosts.shorten(2);
        ghosts.validate();
        // 2 3
        assert_eq!(
            [1, 2, 3].map(|hash| ghosts.forget(hash)),
            [false, true, true]
        );
        assert_eq!(ghosts.len(), 0);
    }

    #[test]
    fn remember_again_makes_it_the_newest() {
        let mut ghosts = ghosts([1, 2, 1]);
        // 2 1
        assert_eq!(ghosts.len(), 2);
        ghosts.shorten(1);
        ghosts.validate();
        assert_eq!([1, 2].map(|hash| ghosts.forget(hash)), [true, false]);
    }

    #[test]
    fn forget_zero_hash_finds_it() {
        let mut ghosts = ghosts([0]);
        assert!(ghosts.forget(0));
        assert_eq!(ghosts.len(), 0);
        ghosts.validate();
    }

    #[test]
    fn clear_forgets_all() {
        let mut ghosts = ghosts(0..100);
        ghosts.clear();
        ghosts.validate();
        assert_eq!((ghosts.len(), ghosts.weight()), (0, 0));
        assert!(!ghosts.forget(7));
    }
}
