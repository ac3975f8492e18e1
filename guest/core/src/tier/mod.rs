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

/// The cost of an entry beside its key and value, in bytes. It counts against the budget of a
/// shard, so that many tiny entries cannot exhaust its memory. With 32-bit addresses it is 42 to 61
/// bytes, rounded up: a node of 32, 5 to 12 in the index, and the allocator's overhead.
const ENTRY_OVERHEAD: u64 = 80;

/// The local tier of one cache.
#[derive(Debug)]
pub(crate) struct Tier {
    /// An entry is one of three: a value in wire form until a deadline; no value until a deadline,
    /// which is a cached absence; or no value and no deadline, which keeps the queue position of an
    /// entry that is being written and is not served.
    table: Table<Deadline>,
    bounds: Bounds,
    /// Bytes of all keys and values in the table.
    bytes: u64,
    /// Bytes of those in the small queue.
    small_bytes: u64,
    /// Keys evicted from the small queue. Never more than the target size of the main queue.
    ghosts: Ghosts,
    /// Whether anything was evicted since the tier was empty.
    has_evicted: bool,
    /// The last bump of the whole cache.
    min_version: u64,
    /// The bump up to which invalidated entries were removed. If `min_version` is above it, every
    /// entry in the table is invalid, because each insertion follows a sweep.
    swept: u64,
    /// The cause of the pending invalidation, if it was a bump of the cache; `None`: one of the
    /// whole shard.
    pending_cause: Option<RemovalCause>,
    pub(crate) counters: Stats,
    /// All entries that were ever stored.
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

    /// Sets new bounds. Entries beyond them stay until [`evict_to_fit`](Self::evict_to_fit), so
    /// that the weight does not change yet.
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

    /// Returns whether the tier can never hold an entry.
    pub(crate) fn is_disabled(&self) -> bool {
        self.bounds.max_entries == 0
    }

    /// Removes every entry; replies to requests from before this version are not stored.
    pub(crate) fn clear_below(&mut self, min_version: u64) {
        self.clear(RemovalCause::Explicit);
        (self.min_version, self.swept) = (min_version, min_version);
    }

    /// Invalidates every entry. O(1): they are removed by the next [`sweep`](Self::sweep).
    pub(crate) fn invalidate_all(
        &mut self,
        min_version: u64,
        bump_of_all: u64,
        cause: RemovalCause,
    ) {
        // Entries that are invalid already keep their first cause.
        if self.min_version.max(bump_of_all) <= self.swept {
            self.pending_cause = Some(cause);
        }
        self.min_version = min_version;
    }

    /// Removes the entries that a bump of the cache or the shard has invalidated. Precedes every
    /// other operation, unless there was no such bump. O(1) without one; otherwise amortized O(1)
    /// an entry.
    #[inline]
    pub(crate) fn sweep(&mut self, bump_of_all: u64) {
        if !self.is_swept(bump_of_all) {
            let cause = self.pending_cause.take().unwrap_or(RemovalCause::Flushed);
            self.clear(cause);
            self.swept = self.min_version.max(bump_of_all);
        }
    }

    /// Returns whether there was no such bump since the last sweep.
    #[inline]
    pub(crate) fn is_swept(&self, bump_of_all: u64) -> bool {
        self.min_version.max(bump_of_all) <= self.swept
    }

    /// Removes every entry.
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

    /// Removes a key's value but keeps its position in the queue, for a write that has begun.
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

    /// Stores a value, or an absence that expires. Returns `false` if it is too large; then no
    /// entry of the key remains.
    ///
    /// An overwrite counts as a use, and keeps the position where a read does. Room is made first,
    /// so that the bounds always hold.
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

    /// Removes a key's entry.
    pub(crate) fn remove(&mut self, hash: u64, key: &str, cause: RemovalCause) {
        if let Some(slot) = self.table.find(hash, key.as_bytes()) {
            self.remove_slot(slot, cause);
        }
    }

    /// Removes a key's value or cached absence if it differs from `wire`. An entry that is being
    /// written has neither.
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

    /// Returns the weight of the tier against a shard's budget, in bytes.
    pub(crate) fn weight(&self) -> u64 {
        self.bytes + ENTRY_OVERHEAD * self.table.len() as u64 + self.ghosts.weight()
    }

    /// Returns what a new entry would add to [`weight`](Self::weight), in bytes.
    pub(crate) fn weight_of(key: &str, wire: &[u8]) -> u64 {
        (key.len() + wire.len()) as u64 + ENTRY_OVERHEAD
    }

    /// Removes an entry; `false` if there was none.
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

    /// Panics unless the bounds hold and the count of bytes is right.
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
            "the count of bytes is wrong"
        );
        self.validate_order();
        assert_eq!(
            self.counters.removals.total() + self.table.len() as u64,
            self.stored,
            "an entry was removed without a cause, or with two"
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
