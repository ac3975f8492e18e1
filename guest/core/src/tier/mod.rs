//! The local tier of one cache: entries with deadlines, bounded in number and in bytes.

mod order;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::bounds::Bounds;
use crate::ghost::Ghosts;
use crate::list::{Queue, Slot};
use crate::options::Eviction;
use crate::s3fifo;
use crate::stats::{Cause, Stats};
use crate::table::Table;
use crate::time::{Deadline, Now};
use crate::value::ValueType;

/// What an entry costs beside its key and value, in bytes: counted against the budget of a shard,
/// so that many tiny entries cannot exhaust its memory. Measured, rounded up.
const ENTRY_OVERHEAD: u64 = 128;

/// One cache's share of a shard's memory.
#[derive(Debug)]
pub(crate) struct Tier {
    table: Table<Stored>,
    bounds: Bounds,
    /// Bytes of all keys and values in the table.
    bytes: u64,
    /// Bytes of those in the small queue.
    small_bytes: u64,
    /// Keys that the small queue has evicted. Never more than the main queue is to have entries.
    ghosts: Ghosts,
    /// Something was evicted since the tier was empty.
    is_warm: bool,
    /// The last bump of the whole cache.
    floor: u64,
    /// The bump up to which the entries have been dropped. If `floor` is above it, all in the table
    /// are dead, because whatever is put in is preceded by a sweep.
    swept: u64,
    /// What killed those that are dead, if it was a bump of the cache; `None`: one of everything.
    killed_by: Option<Cause>,
    pub(crate) counters: Stats,
    /// What was ever kept.
    #[cfg(any(test, feature = "model"))]
    kept: u64,
}

/// What stands under a key. A value; or the knowledge, until a deadline, that L2 has none; or, without
/// either, the place in the order of an entry that is being written, which answers nothing.
#[derive(Debug)]
struct Stored {
    wire: Option<Box<[u8]>>,
    deadline: Deadline,
}

impl Stored {
    fn is_absence(&self) -> bool {
        self.wire.is_none() && self.deadline != Deadline::NEVER
    }
}

impl Tier {
    pub(crate) fn new(bounds: Bounds, floor: u64) -> Self {
        Self {
            table: Table::new(),
            bounds,
            bytes: 0,
            small_bytes: 0,
            ghosts: Ghosts::new(),
            is_warm: false,
            floor,
            swept: floor,
            killed_by: None,
            counters: Stats::default(),
            #[cfg(any(test, feature = "model"))]
            kept: 0,
        }
    }

    /// Takes on new bounds. What they no longer hold stays until [`fit`](Self::fit), so that the weight
    /// is as it was.
    pub(crate) fn rebound(&mut self, bounds: Bounds) {
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

    pub(crate) fn floor(&self) -> u64 {
        self.floor
    }

    /// Whether it could ever hold an entry.
    pub(crate) fn is_off(&self) -> bool {
        self.bounds.max_entries == 0
    }

    /// Kills every entry. O(1): they are dropped at the next [`sweep`](Self::sweep).
    pub(crate) fn kill_all(&mut self, floor: u64, bump_of_all: u64, cause: Cause) {
        // Those that are dead already have their cause.
        if self.floor.max(bump_of_all) <= self.swept {
            self.killed_by = Some(cause);
        }
        self.floor = floor;
    }

    /// Drops the entries that a bump of the cache or of everything has killed. Precedes every other
    /// operation; O(1) unless there was such a bump, and then O(1) for each entry ever put in.
    #[inline]
    pub(crate) fn sweep(&mut self, bump_of_all: u64) {
        let floor = self.floor.max(bump_of_all);
        if floor > self.swept {
            let cause = self.killed_by.take().unwrap_or(Cause::Voided);
            self.clear(cause);
            self.swept = floor;
        }
    }

    /// Drops every entry.
    pub(crate) fn clear(&mut self, cause: Cause) {
        self.counters.drops.add(cause, self.table.len() as u64);
        self.table.clear();
        self.ghosts.clear();
        (self.bytes, self.small_bytes) = (0, 0);
        self.is_warm = false;
    }

    /// The value that may answer for a key. One whose life is over is dropped, unless it may be stale.
    #[inline]
    pub(crate) fn find_live(&mut self, hash: u64, key: &[u8], now: &Now<'_>) -> Option<Slot> {
        let slot = self.table.find(hash, key)?;
        let stored = self.table.get(slot)?;
        if stored.deadline.has_passed(now) {
            self.expire(slot, now);
            return None;
        }
        stored.wire.is_some().then_some(slot)
    }

    #[cold]
    fn expire(&mut self, slot: Slot, now: &Now<'_>) {
        let keep = self.bounds.keep_expired;
        let is_kept =
            |stored: &Stored| stored.wire.is_some() && stored.deadline.passed_for(now) < keep;
        if !self.table.get(slot).is_some_and(is_kept) {
            self.remove_slot(slot, Cause::Expired);
        }
    }

    /// Whether it is known that L2 has nothing for a key.
    pub(crate) fn knows_absent(&self, hash: u64, key: &[u8], now: &Now<'_>) -> bool {
        let stored = self
            .table
            .find(hash, key)
            .and_then(|slot| self.table.get(slot));
        stored.is_some_and(|stored| stored.is_absence() && !stored.deadline.has_passed(now))
    }

    /// The value of a key, live or with its life over for less than `window`.
    pub(crate) fn find_stale(
        &self,
        hash: u64,
        key: &[u8],
        window: Duration,
        now: &Now<'_>,
    ) -> Option<Slot> {
        let slot = self.table.find(hash, key)?;
        let stored = self.table.get(slot)?;
        let answers = stored.wire.is_some() && stored.deadline.passed_for(now) < window;
        answers.then_some(slot)
    }

    /// Notes a read that a stale entry answers.
    pub(crate) fn stale_hit(&mut self, slot: Slot) {
        self.used(slot);
        self.counters.stale_hits += 1;
    }

    /// Claims to renew an entry: once, if its life ends within this time.
    pub(crate) fn claim(&mut self, slot: Slot, within: Duration, now: &Now<'_>) -> bool {
        let stored = self.table.get_mut(slot);
        stored.is_some_and(|stored| stored.deadline.claim(within, now))
    }

    /// Notes a read that the entry answers.
    pub(crate) fn hit(&mut self, slot: Slot) {
        self.used(slot);
        self.counters.local_hits += 1;
    }

    pub(crate) fn wire(&self, slot: Slot) -> Option<&[u8]> {
        self.table.get(slot)?.wire.as_deref()
    }

    /// What is left of an entry's life; `None`: it does not expire.
    pub(crate) fn remaining(&self, slot: Slot, now: &Now<'_>) -> Option<Duration> {
        self.table.get(slot)?.deadline.remaining(now)
    }

    /// Drops a key's value but leaves its place in the order, for a write that has begun.
    pub(crate) fn hold_place(&mut self, hash: u64, key: &str) {
        let Some(slot) = self.table.find(hash, key.as_bytes()) else {
            return;
        };
        if let Some(stored) = self.table.get_mut(slot) {
            stored.deadline = Deadline::NEVER;
            let dropped = stored.wire.take();
            self.count_out(slot, dropped.map_or(0, |wire| wire.len() as u64));
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
        if self.is_off() || cost > self.bounds.max_bytes {
            self.remove(hash, key, Cause::Size);
            return false;
        }
        let stored = Stored {
            wire: wire.map(Into::into),
            deadline,
        };
        self.hold_place(hash, key);
        if let Some(slot) = self.table.find(hash, key.as_bytes()) {
            self.make_room(0, wire_len, Some(slot));
            self.used(slot);
            if let Some(old) = self.table.get_mut(slot) {
                *old = stored;
            }
            self.counters.drops.add(Cause::Replaced, 1);
            self.count_in(slot, wire_len);
        } else {
            let is_back = self.ghosts.forget(hash);
            self.make_room(1, cost, None);
            let slot = self.table.insert(self.entrance(is_back), hash, key, stored);
            self.count_in(slot, cost);
        }
        #[cfg(any(test, feature = "model"))]
        {
            self.kept += 1;
        }
        true
    }

    /// Drops a key's entry.
    pub(crate) fn remove(&mut self, hash: u64, key: &str, cause: Cause) {
        if let Some(slot) = self.table.find(hash, key.as_bytes()) {
            self.remove_slot(slot, cause);
        }
    }

    /// Drops what is known of a key if it is something else than this. Of one that is being written,
    /// nothing is.
    pub(crate) fn drop_other(&mut self, hash: u64, key: &str, wire: Option<&[u8]>) {
        let slot = self.table.find(hash, key.as_bytes());
        if let Some(slot) = slot
            && let Some(stored) = self.table.get(slot)
            && (stored.wire.is_some() || stored.is_absence())
            && stored.wire.as_deref() != wire
        {
            self.remove_slot(slot, Cause::Told);
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
    fn remove_slot(&mut self, slot: Slot, cause: Cause) -> bool {
        let Some(cost) = self.table.entry(slot).map(cost_of) else {
            return false;
        };
        self.count_out(slot, cost);
        self.table.remove(slot);
        self.ghosts.shorten(s3fifo::max_ghosts(self.table.len()));
        self.counters.drops.add(cause, 1);
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
        let tag = self.table.tag(slot);
        tag.is_some_and(|tag| tag.queue() == Queue::Small)
    }

    /// Panics unless the bounds and the count of bytes hold.
    #[cfg(any(test, feature = "model"))]
    pub(crate) fn validate(&self) {
        self.table.validate();
        self.ghosts.validate();
        let bytes_of = |queue| self.table.iter(queue).map(cost_of).sum();
        let [small, main]: [u64; 2] = [Queue::Small, Queue::Main].map(bytes_of);
        assert_eq!(
            (self.small_bytes, self.bytes),
            (small, small + main),
            "the count of bytes is off"
        );
        self.validate_order();
        assert_eq!(
            self.counters.drops.total() + self.table.len() as u64,
            self.kept,
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

/// Bytes of a key and its value.
fn cost_of((key, stored): (&str, &Stored)) -> u64 {
    let wire_len = stored.wire.as_ref().map_or(0, |wire| wire.len());
    (key.len() + wire_len) as u64
}
