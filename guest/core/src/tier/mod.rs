//! The local tier of one cache: entries with deadlines, bounded in number and in bytes.

mod lookup;
mod order;
#[cfg(test)]
mod tests;

pub(crate) use order::Listing;

use crate::bounds::Bounds;
use crate::ghost::Ghosts;
use crate::linked_slab::{Queue, Slot};
use crate::options::Eviction;
use crate::s3fifo;
use crate::stats::{RemovalCause, Stats};
use crate::table::Table;
use crate::time::Deadline;
use crate::value::ValueType;

/// What an entry costs beside its key and value, in bytes: counted against the budget of a shard,
/// so that many tiny entries cannot exhaust its memory. In 32 bits of addresses 42 to 61, rounded up: a node of 32, 5 to
/// 12 in the index, and what the allocator adds.
const ENTRY_OVERHEAD: u64 = 80;

/// One cache's share of a shard's memory.
#[derive(Debug)]
pub(crate) struct Tier {
    /// Under a key stands a value, in wire form, until a deadline; or no value until a deadline: the knowledge that L2
    /// has none; or no value for ever: the place in the order of an entry that is being written, which answers nothing.
    table: Table<Deadline>,
    bounds: Bounds,
    /// Bytes of all keys and values in the table.
    bytes: u64,
    /// Bytes of those in the small queue.
    small_bytes: u64,
    /// Keys that the small queue has evicted. Never more than the main queue is to have entries.
    ghosts: Ghosts,
    /// Something was evicted since the tier was empty.
    has_evicted: bool,
    /// The last bump of the whole cache.
    min_version: u64,
    /// The bump up to which the entries have been dropped. If `min_version` is above it, all in the table
    /// are dead, because whatever is put in is preceded by a sweep.
    swept: u64,
    /// What killed those that are dead, if it was a bump of the cache; `None`: one of everything.
    pending_cause: Option<RemovalCause>,
    pub(crate) counters: Stats,
    /// What was ever stored.
    #[cfg(any(test, feature = "model"))]
    stored: u64,
}

impl Tier {
    pub(crate) fn new(bounds: Bounds, min_version: u64) -> Self {
        Self {
            table: Table::new(),
            bounds,
            bytes: 0,
            small_bytes: 0,
            ghosts: Ghosts::new(),
            has_evicted: false,
            min_version,
            swept: min_version,
            pending_cause: None,
            counters: Stats::default(),
            #[cfg(any(test, feature = "model"))]
            stored: 0,
        }
    }

    /// Takes on new bounds. What they no longer hold stays until [`fit`](Self::evict_to_fit), so that the weight
    /// is as it was.
    pub(crate) fn set_bounds(&mut self, bounds: Bounds) {
        if self.bounds.eviction == Eviction::S3Fifo && bounds.eviction != Eviction::S3Fifo {
            self.make_one_queue();
        }
        let keep_expired = self.bounds.keep_expired.max(bounds.keep_expired);
        self.bounds = Bounds {
            keep_expired,
            ..bounds
        };
    }

    pub(crate) fn value_type(&self) -> ValueType {
        self.bounds.value_type
    }

    pub(crate) fn min_version(&self) -> u64 {
        self.min_version
    }

    /// Whether it could ever hold an entry.
    pub(crate) fn is_disabled(&self) -> bool {
        self.bounds.max_entries == 0
    }

    /// Removals every entry; what is asked before this min_version is not stored.
    pub(crate) fn clear_below(&mut self, min_version: u64) {
        self.clear(RemovalCause::Explicit);
        (self.min_version, self.swept) = (min_version, min_version);
    }

    /// Kills every entry. O(1): they are dropped at the next [`sweep`](Self::sweep).
    pub(crate) fn invalidate_all(
        &mut self,
        min_version: u64,
        bump_of_all: u64,
        cause: RemovalCause,
    ) {
        // Those that are dead already have their cause.
        if self.min_version.max(bump_of_all) <= self.swept {
            self.pending_cause = Some(cause);
        }
        self.min_version = min_version;
    }

    /// Removals the entries that a bump of the cache or of everything has killed. Precedes every other
    /// operation, unless there was no such bump; O(1) then, and else O(1) for each entry ever put in.
    #[inline]
    pub(crate) fn sweep(&mut self, bump_of_all: u64) {
        if !self.is_swept(bump_of_all) {
            let cause = self.pending_cause.take().unwrap_or(RemovalCause::Flushed);
            self.clear(cause);
            self.swept = self.min_version.max(bump_of_all);
        }
    }

    /// Whether there was no such bump since the last sweep.
    #[inline]
    pub(crate) fn is_swept(&self, bump_of_all: u64) -> bool {
        self.min_version.max(bump_of_all) <= self.swept
    }

    /// Removals every entry.
    pub(crate) fn clear(&mut self, cause: RemovalCause) {
        self.counters.removals.add(cause, self.table.len() as u64);
        self.table.clear();
        self.ghosts.clear();
        (self.bytes, self.small_bytes) = (0, 0);
        self.has_evicted = false;
    }

    #[inline]
    pub(crate) fn wire(&self, slot: Slot) -> Option<&[u8]> {
        self.table.payload(slot)
    }

    #[inline]
    fn deadline(&self, slot: Slot) -> Deadline {
        self.table.get(slot).copied().unwrap_or(Deadline::NEVER)
    }

    fn is_absence(&self, slot: Slot) -> bool {
        self.wire(slot).is_none() && self.deadline(slot) != Deadline::NEVER
    }

    /// Removals a key's value but leaves its place in the order, for a write that has begun.
    pub(crate) fn clear_value_keep_slot(&mut self, hash: u64, key: &str) {
        let Some(slot) = self.table.find(hash, key.as_bytes()) else {
            return;
        };
        if let Some(wire) = self.wire(slot) {
            self.count_out(slot, wire.len() as u64);
            self.table.set_payload(slot, None);
        }
        if let Some(deadline) = self.table.get_mut(slot) {
            *deadline = Deadline::NEVER;
        }
    }

    /// Keeps a value, or the knowledge that there is none until a deadline that comes; `false`: it is too
    /// large, and nothing is there for the key now.
    ///
    /// An overwrite is a use: it keeps its place where a read does. Room is made before, so that
    /// the bounds hold at every moment.
    pub(crate) fn put(
        &mut self,
        hash: u64,
        key: &str,
        wire: Option<&[u8]>,
        deadline: Deadline,
    ) -> bool {
        let wire_len = wire.map_or(0, <[u8]>::len) as u64;
        let cost = key.len() as u64 + wire_len;
        if self.is_disabled() || cost > self.bounds.max_bytes {
            self.counters.too_large += u64::from(!self.is_disabled());
            self.remove(hash, key, RemovalCause::Size);
            return false;
        }
        self.clear_value_keep_slot(hash, key);
        if let Some(slot) = self.table.find(hash, key.as_bytes()) {
            self.make_room(0, wire_len, Some(slot));
            self.record_use(slot);
            self.table.set_payload(slot, wire);
            if let Some(old) = self.table.get_mut(slot) {
                *old = deadline;
            }
            self.counters.removals.add(RemovalCause::Replaced, 1);
            self.count_in(slot, wire_len);
        } else {
            let was_ghost = self.ghosts.forget(hash);
            self.make_room(1, cost, None);
            let queue = self.target_queue(was_ghost);
            let slot = self.table.insert(queue, hash, key, wire, deadline);
            self.count_in(slot, cost);
        }
        #[cfg(any(test, feature = "model"))]
        {
            self.stored += 1;
        }
        true
    }

    /// Removals a key's entry.
    pub(crate) fn remove(&mut self, hash: u64, key: &str, cause: RemovalCause) {
        if let Some(slot) = self.table.find(hash, key.as_bytes()) {
            self.remove_slot(slot, cause);
        }
    }

    /// Removals what is known of a key if it is something else than this. Of one that is being written,
    /// nothing is.
    pub(crate) fn remove_if_different(&mut self, hash: u64, key: &str, wire: Option<&[u8]>) {
        let slot = self.table.find(hash, key.as_bytes());
        if let Some(slot) = slot
            && (self.wire(slot).is_some() || self.is_absence(slot))
            && self.wire(slot) != wire
        {
            self.remove_slot(slot, RemovalCause::Invalidated);
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            local_len: self.table.len() as u64,
            local_bytes: self.bytes,
            ..self.counters
        }
    }

    /// What the tier costs of a shard's budget, in bytes.
    pub(crate) fn weight(&self) -> u64 {
        self.bytes + ENTRY_OVERHEAD * self.table.len() as u64 + self.ghosts.weight()
    }

    /// What a new entry would add to [`weight`](Self::weight), in bytes.
    pub(crate) fn weight_of(key: &str, wire: &[u8]) -> u64 {
        (key.len() + wire.len()) as u64 + ENTRY_OVERHEAD
    }

    /// `false`: there was nothing.
    fn remove_slot(&mut self, slot: Slot, cause: RemovalCause) -> bool {
        self.count_out(slot, self.table.len_at(slot) as u64);
        if self.table.remove(slot).is_none() {
            return false;
        }
        self.ghosts.shorten(s3fifo::max_ghosts(self.table.len()));
        self.counters.removals.add(cause, 1);
        true
    }

    fn count_in(&mut self, slot: Slot, bytes: u64) {
        self.bytes += bytes;
        if self.is_small(slot) {
            self.small_bytes += bytes;
        }
    }

    fn count_out(&mut self, slot: Slot, bytes: u64) {
        self.bytes -= bytes;
        if self.is_small(slot) {
            self.small_bytes -= bytes;
        }
    }

    fn is_small(&self, slot: Slot) -> bool {
        let meta = self.table.meta(slot);
        meta.is_some_and(|meta| meta.queue() == Queue::Small)
    }

    /// Panics unless the bounds and the count of bytes hold.
    #[cfg(any(test, feature = "model"))]
    pub(crate) fn validate(&self) {
        self.table.validate();
        self.ghosts.validate();
        let [small, main] = [Queue::Small, Queue::Main].map(|queue| {
            let slots = self.table.slots(queue);
            slots
                .map(|slot| self.table.len_at(slot) as u64)
                .sum::<u64>()
        });
        assert_eq!(
            (self.small_bytes, self.bytes),
            (small, small + main),
            "the count of bytes is off"
        );
        self.validate_order();
        assert_eq!(
            self.counters.removals.total() + self.table.len() as u64,
            self.stored,
            "an entry has left without a cause, or with two"
        );
        assert!(
            self.table.len() <= self.bounds.max_entries as usize,
            "more entries than the bound"
        );
        assert!(
            self.bytes <= self.bounds.max_bytes,
            "more bytes than the bound"
        );
    }
}
