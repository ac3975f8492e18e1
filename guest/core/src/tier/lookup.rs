//! Look-ups in a tier: hits, stale entries, cached absences, and remaining TTLs.

use std::time::Duration;

use super::Tier;
use crate::linked_slab::Slot;
use crate::options::is_fresh;
use crate::stats::RemovalCause;
use crate::table::{Entry, Table};
use crate::time::{Deadline, Now};

impl Tier {
    /// Returns the value for a read and counts the hit. Removes nothing and does not touch the
    /// weight, and looks the entry up again only if the hit moves it, so that a hit costs no more
    /// than this.
    #[inline]
    pub(crate) fn hit(
        &mut self,
        hash: u64,
        key: &[u8],
        ttl_on_read: Option<Duration>,
        now: &Now<'_>,
    ) -> Option<&[u8]> {
        if self.moves_on_use() {
            let (slot, ..) = servable(&self.table, hash, key, ttl_on_read, now)?;
            self.record_use(slot);
            self.counters.local_hits += 1;
            return self.wire(slot);
        }
        let (_, entry, wire) = servable(&self.table, hash, key, ttl_on_read, now)?;
        self.record_use_in_place(entry);
        self.counters.local_hits += 1;
        Some(wire)
    }

    /// Returns the slot of a live value. An expired one is removed, unless it may still be served
    /// stale.
    pub(crate) fn find_live(&mut self, hash: u64, key: &[u8], now: &Now<'_>) -> Option<Slot> {
        let (slot, entry) = self.table.find_entry(hash, key)?;
        if live(entry, now).is_some() {
            return Some(slot);
        }
        if entry.value.has_passed(now) {
            self.expire(slot, now);
        }
        None
    }

    fn expire(&mut self, slot: Slot, now: &Now<'_>) {
        let is_kept = self.wire(slot).is_some()
            && self.deadline(slot).passed_for(now) < self.bounds.keep_expired;
        if !is_kept {
            self.remove_slot(slot, RemovalCause::Expired);
        }
    }

    /// Returns whether the absence of the key in L2 is cached.
    pub(crate) fn knows_absent(&self, hash: u64, key: &[u8], now: &Now<'_>) -> bool {
        let slot = self.table.find(hash, key);
        slot.is_some_and(|slot| self.is_absence(slot) && !self.deadline(slot).has_passed(now))
    }

    /// Returns the slot of a value that is live or expired less than `window` ago.
    pub(crate) fn find_stale(
        &self,
        hash: u64,
        key: &[u8],
        window: Duration,
        now: &Now<'_>,
    ) -> Option<Slot> {
        let slot = self.table.find(hash, key)?;
        let is_servable = self.wire(slot).is_some() && self.deadline(slot).passed_for(now) < window;
        is_servable.then_some(slot)
    }

    /// Counts a read served by a stale entry.
    pub(crate) fn stale_hit(&mut self, slot: Slot) {
        self.record_use(slot);
        self.counters.stale_hits += 1;
    }

    /// Claims the refresh of an entry: once, if it expires within this time.
    pub(crate) fn refresh_claim(&mut self, slot: Slot, within: Duration, now: &Now<'_>) -> bool {
        let deadline = self.table.get_mut(slot);
        deadline.is_some_and(|deadline| deadline.refresh_claim(within, now))
    }

    /// Returns the remaining TTL of an entry; `None`: it does not expire.
    pub(crate) fn remaining(&self, slot: Slot, now: &Now<'_>) -> Option<Duration> {
        self.deadline(slot).remaining(now)
    }
}

/// Returns the entry that serves a read, and its value: a live one, and with `ttl_on_read` one
/// whose TTL is fresh.
#[inline]
fn servable<'a>(
    table: &'a Table<Deadline>,
    hash: u64,
    key: &[u8],
    ttl_on_read: Option<Duration>,
    now: &Now<'_>,
) -> Option<(Slot, &'a Entry<Deadline>, &'a [u8])> {
    let (slot, entry) = table.find_entry(hash, key)?;
    let wire = live(entry, now)?;
    let is_fresh = |ttl| is_fresh(entry.value.remaining(now), ttl);
    ttl_on_read
        .is_none_or(is_fresh)
        .then_some((slot, entry, wire))
}

/// Returns the value of an entry, if it has one that has not expired.
#[inline]
pub(super) fn live<'a>(entry: &'a Entry<Deadline>, now: &Now<'_>) -> Option<&'a [u8]> {
    entry.payload().filter(|_| !entry.value.has_passed(now))
}
