//! The eviction order of a tier: what a use does, which queue a new entry enters, and which entry
//! is evicted.
//!
//! FIFO and LRU have all entries in the main queue, and differ in whether a use moves an entry.
//! S3-FIFO has two queues and counts uses.

use std::collections::VecDeque;

use super::lookup::live;
use super::{ENTRY_OVERHEAD, Tier};
use crate::entry_meta::EntryMeta;
use crate::linked_slab::{Queue, Slot};
use crate::options::Eviction;
use crate::s3fifo;
use crate::stats::RemovalCause;
use crate::table::Entry;
use crate::time::{Deadline, Now};

/// The exceeded limit, in whose unit the queues are compared.
#[derive(Clone, Copy)]
enum Limit {
    Entries,
    Bytes,
    /// The shard's budget.
    Weight,
}

/// Maximum number of entries visited for a page of keys, so that a call is short.
const PAGE_ENTRIES: usize = 4_096;

/// A page ends with the key that reaches this many bytes.
const PAGE_BYTES: usize = 1 << 20;

/// The position of a listing of keys in eviction order. Valid as long as the tier does not change.
#[derive(Debug)]
pub(crate) struct Listing {
    /// The next slot in the small queue and in the main one, and how many are left.
    next: [Option<Slot>; 2],
    left: [usize; 2],
    /// Entries that would have returned to the back of the main queue, with the uses they would
    /// have then.
    returned: VecDeque<(Slot, u8)>,
}

impl Listing {
    fn next_returned(&mut self) -> Option<(Slot, Option<u8>)> {
        let (slot, uses) = self.returned.pop_front()?;
        self.left[1] = self.left[1].saturating_sub(1);
        Some((slot, Some(uses)))
    }
}

impl Tier {
    /// Records a use of an entry.
    #[inline]
    pub(super) fn record_use(&mut self, slot: Slot) {
        if self.moves_on_use() {
            self.table.move_to_back(slot);
        } else if let Some(entry) = self.table.entry(slot) {
            self.record_use_in_place(entry);
        }
    }

    /// Returns whether a use makes an entry the last to be evicted. If not, it is [recorded in
    /// place](Self::record_use_in_place).
    #[inline]
    pub(super) fn moves_on_use(&self) -> bool {
        self.bounds.eviction == Eviction::Lru
    }

    /// Records a use that moves nothing. Under S3-FIFO this is one saturating addition.
    #[inline]
    pub(super) fn record_use_in_place(&self, entry: &Entry<Deadline>) {
        if self.bounds.eviction == Eviction::S3Fifo {
            entry.count_use();
        }
    }

    /// Records a use that changes the order under FIFO too.
    pub(crate) fn touch(&mut self, slot: Slot) {
        match self.bounds.eviction {
            Eviction::Fifo | Eviction::Lru => self.table.move_to_back(slot),
            Eviction::S3Fifo => self.record_use(slot),
        }
    }

    /// Returns the queue that a new entry enters.
    ///
    /// Until something has been evicted, the main queue is filled as well. Otherwise it would stay
    /// empty under a loop over more keys than the tier holds, none of which is read again in time.
    pub(super) fn target_queue(&self, was_ghost: bool) -> Queue {
        let small_len = self.table.len_of(Queue::Small) as u64;
        let is_full = small_len >= s3fifo::small_target(self.bounds.max_entries.into())
            || self.small_bytes >= s3fifo::small_target(self.bounds.max_bytes);
        if self.bounds.eviction != Eviction::S3Fifo || was_ghost || (is_full && !self.has_evicted) {
            Queue::Main
        } else {
            Queue::Small
        }
    }

    /// Evicts entries beyond the bounds, and removes ghosts if the eviction policy has none.
    pub(crate) fn evict_to_fit(&mut self) {
        if self.bounds.eviction != Eviction::S3Fifo {
            self.ghosts.clear();
        }
        self.make_room(0, 0, None);
    }

    /// Evicts until this many more entries and bytes fit, sparing one slot.
    pub(super) fn make_room(&mut self, entries: usize, bytes: u64, spared: Option<Slot>) {
        loop {
            let limit = if self.table.len() + entries > self.bounds.max_entries as usize {
                Limit::Entries
            } else if self.bytes + bytes > self.bounds.max_bytes {
                Limit::Bytes
            } else {
                return;
            };
            if !self.evict(limit, spared) {
                return;
            }
        }
    }

    /// Evicts an entry for the budget of the shard; `false` if there is none.
    pub(crate) fn evict_first(&mut self) -> bool {
        self.evict(Limit::Weight, None)
    }

    /// Starts a listing of the keys.
    pub(crate) fn listing(&self) -> Listing {
        Listing {
            next: [Queue::Small, Queue::Main].map(|queue| self.table.front(queue)),
            left: [Queue::Small, Queue::Main].map(|queue| self.table.len_of(queue)),
            returned: VecDeque::new(),
        }
    }

    /// Passes a page of live keys to `visit`, in the order in which they would be evicted one by
    /// one for new entries, without further insertions or uses. Returns `false` after the last
    /// page.
    pub(crate) fn list(
        &self,
        listing: &mut Listing,
        now: &Now<'_>,
        visit: &mut dyn FnMut(&str),
    ) -> bool {
        let mut bytes = 0;
        for _ in 0..PAGE_ENTRIES {
            let Some(slot) = self.next_listed(listing) else {
                return false;
            };
            let entry = self.table.entry(slot);
            let live = entry.filter(|entry| live(entry, now).is_some());
            if let Some(key) = live.and_then(Entry::key_text) {
                visit(key);
                bytes += key.len();
            }
            if bytes >= PAGE_BYTES {
                break;
            }
        }
        true
    }

    /// Moves all entries to the main queue, in eviction order and without use counts.
    pub(super) fn make_one_queue(&mut self) {
        for slot in self.eviction_order() {
            self.table.place(slot, Queue::Main, 0);
        }
        self.small_bytes = 0;
    }

    /// Evicts an entry; `false` if there is none but the spared one.
    fn evict(&mut self, limit: Limit, spared: Option<Slot>) -> bool {
        self.has_evicted = true;
        // Each round but the last moves an entry out of the small queue or consumes a use in the
        // main queue.
        while let Some((slot, meta)) = self.next_to_leave(limit, spared) {
            if let Some((queue, uses)) = s3fifo::second_chance(meta) {
                self.place(slot, queue, uses);
                continue;
            }
            if meta.queue() == Queue::Small {
                self.ghosts.remember(meta.hash());
            }
            return self.remove_slot(slot, RemovalCause::Size);
        }
        false
    }

    fn next_to_leave(&self, limit: Limit, spared: Option<Slot>) -> Option<(Slot, EntryMeta)> {
        let len = self.table.len_of(Queue::Small) as u64;
        let weight_of = |len, bytes| bytes + ENTRY_OVERHEAD * len;
        let all = self.table.len() as u64;
        let (small, all) = match limit {
            Limit::Entries => (len, all),
            Limit::Bytes => (self.small_bytes, self.bytes),
            Limit::Weight => (weight_of(len, self.small_bytes), weight_of(all, self.bytes)),
        };
        let first = |queue| match self.table.front(queue) {
            Some(first) if Some(first) == spared => self.table.after(first),
            first => first,
        };
        let slot = match s3fifo::next_queue(small, all) {
            Queue::Small => first(Queue::Small).or_else(|| first(Queue::Main)),
            Queue::Main => first(Queue::Main).or_else(|| first(Queue::Small)),
        }?;
        Some((slot, self.table.meta(slot)?))
    }

    fn place(&mut self, slot: Slot, queue: Queue, uses: u8) {
        let cost = self.table.len_at(slot) as u64;
        self.count_out(slot, cost);
        self.table.place(slot, queue, uses);
        self.count_in(slot, cost);
    }

    /// Returns all slots in the order in which they would be evicted for want of entries.
    fn eviction_order(&self) -> Vec<Slot> {
        let mut listing = self.listing();
        std::iter::from_fn(|| self.next_listed(&mut listing)).collect()
    }

    /// Returns the next slot in that order. Amortized O(1): the main queue is traversed once for
    /// each use.
    fn next_listed(&self, listing: &mut Listing) -> Option<Slot> {
        loop {
            let [small, main] = listing.left;
            let (slot, uses) = match s3fifo::next_queue(small as u64, (small + main) as u64) {
                Queue::Small => self.next_in(listing, Queue::Small),
                Queue::Main => {
                    let next = self.next_in(listing, Queue::Main);
                    next.or_else(|| listing.next_returned())
                        .or_else(|| self.next_in(listing, Queue::Small))
                }
            }?;
            let meta = self.table.meta(slot)?;
            let meta = uses.map_or(meta, |uses| meta.placed(Queue::Main, uses));
            let Some((_, uses)) = s3fifo::second_chance(meta) else {
                return Some(slot);
            };
            listing.left[1] += 1;
            listing.returned.push_back((slot, uses));
        }
    }

    /// Returns the next slot of a queue in its current order; its uses are those of its metadata.
    fn next_in(&self, listing: &mut Listing, queue: Queue) -> Option<(Slot, Option<u8>)> {
        let index = match queue {
            Queue::Small => 0,
            Queue::Main => 1,
        };
        let slot = listing.next[index]?;
        listing.next[index] = self.table.after(slot);
        listing.left[index] = listing.left[index].saturating_sub(1);
        Some((slot, None))
    }

    #[cfg(any(test, feature = "model"))]
    pub(super) fn validate_order(&self) {
        assert!(
            self.ghosts.len() <= s3fifo::max_ghosts(self.table.len()),
            "more ghosts than the target size of the main queue"
        );
        if self.bounds.eviction != Eviction::S3Fifo {
            let is_plain = |slot| self.table.meta(slot).is_some_and(|meta| meta.uses() == 0);
            assert!(
                self.table.len_of(Queue::Small) == 0 && self.table.slots(Queue::Main).all(is_plain),
                "an entry has a queue or uses that this eviction policy lacks"
            );
            assert_eq!(self.ghosts.len(), 0, "a ghost under a policy that has none");
        }
        assert_eq!(self.eviction_order().len(), self.table.len());
    }
}
