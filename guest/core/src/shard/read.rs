//! Reads of the local tier, and the claim to refresh an entry ahead of its expiry.

use std::time::Duration;

use super::{CacheId, Read, Shard};
use crate::fence::Ticket;
use crate::linked_slab::Slot;
use crate::tier::Tier;
use crate::time::{Clock, Now};

impl Shard {
    /// Returns a key's value if [`read`](Self::read) would return a hit, and counts the hit. `None`
    /// changes nothing: call `read` or [`ticket`](Self::ticket) next.
    // Not inlined, its arguments pass through the stack, which in wasm costs as much as the rest.
    #[inline(always)]
    pub fn find(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &[u8],
        ttl_on_read: Option<Duration>,
        clock: Clock<'_>,
    ) -> Option<&[u8]> {
        if self.suspended {
            return None;
        }
        let (now, all) = (Now::new(clock), self.fence.all());
        let tier = self.caches.get_mut(cache)?;
        if !tier.is_swept(all) {
            return None;
        }
        tier.hit(hash, key, ttl_on_read, &now)
    }

    /// Reads the local tier: returns a hit, a cached absence, or the ticket for a read of L2.
    ///
    /// With `ttl_on_read`, an entry is a hit only if its remaining TTL is between seven eighths of
    /// that TTL and the whole of it. Otherwise L2 must be read with the new TTL. So a hot key does
    /// not expire in L2, and not every read costs a request.
    pub fn read(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        ttl_on_read: Option<Duration>,
        clock: Clock<'_>,
    ) -> Read<'_> {
        let now = Now::new(clock);
        let found = self.hit(cache, hash, key.as_bytes(), ttl_on_read, &now);
        if found.is_none() && self.is_absent(cache, hash, key, &now) {
            return Read::Absent;
        }
        if let Some(Some(slot)) = found
            && let Some(wire) = self.caches.get(cache).and_then(|tier| tier.wire(slot))
        {
            return Read::Hit(wire);
        }
        let ticket = self.ticket_of(cache, hash, &now);
        match found {
            Some(_) => Read::ExtendTtl(ticket),
            None => Read::Miss(ticket),
        }
    }

    /// Returns a value to serve stale after L2 has failed: an entry that expired less than `window`
    /// ago, or one of a suspended shard.
    ///
    /// `lost_for` is how long invalidations have been lost; it counts against the window too.
    /// Removed and invalidated entries are never returned.
    pub fn stale(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        window: Duration,
        lost_for: Duration,
        clock: Clock<'_>,
    ) -> Option<&[u8]> {
        if lost_for >= window {
            return None;
        }
        let now = Now::new(clock);
        let slot = self.with_tier(cache, |tier| {
            let slot = tier.find_stale(hash, key.as_bytes(), window, &now)?;
            tier.stale_hit(slot);
            Some(slot)
        })??;
        self.caches.get(cache)?.wire(slot)
    }

    /// Claims the refresh of a live entry that expires within this time. Returns the ticket with
    /// which the loader of the value may store the next one. Given once for each entry.
    pub fn refresh_claim(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        within: Duration,
        clock: Clock<'_>,
    ) -> Option<Ticket> {
        let now = Now::new(clock);
        let claimed = self.with_live(cache, hash, key.as_bytes(), &now, |tier, slot| {
            tier.refresh_claim(slot, within, &now)
        });
        claimed?.then(|| self.ticket_of(cache, hash, &now))
    }

    /// Counts an access to a live entry, under FIFO too. Under FIFO and LRU it becomes the last to
    /// be evicted; under S3-FIFO its use count grows by one. Returns `false` if there is no live
    /// entry.
    pub fn touch(&mut self, cache: CacheId, hash: u64, key: &str, clock: Clock<'_>) -> bool {
        let now = Now::new(clock);
        let moved = self.with_live(cache, hash, key.as_bytes(), &now, Tier::touch);
        moved.is_some()
    }

    /// Returns the live entry of a key without counting an access and without changing the eviction
    /// order.
    pub fn peek(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        clock: Clock<'_>,
    ) -> Option<&[u8]> {
        let now = Now::new(clock);
        let slot = self.with_live(cache, hash, key.as_bytes(), &now, |_, slot| slot)?;
        self.caches.get(cache)?.wire(slot)
    }

    /// Returns the remaining TTL of a live entry: `Some(None)` if it does not expire, `None` if
    /// there is no entry.
    pub fn remaining(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        clock: Clock<'_>,
    ) -> Option<Option<Duration>> {
        let now = Now::new(clock);
        self.with_live(cache, hash, key.as_bytes(), &now, |tier, slot| {
            tier.remaining(slot, &now)
        })
    }

    /// Returns `None` without a live entry; otherwise its slot if it is a hit, which is counted.
    fn hit(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &[u8],
        ttl_on_read: Option<Duration>,
        now: &Now<'_>,
    ) -> Option<Option<Slot>> {
        self.with_live(cache, hash, key, now, |tier, slot| {
            let hit = tier.hit(hash, key, ttl_on_read, now);
            hit.is_some().then_some(slot)
        })
    }

    /// Runs `work` on the live entry of a key, if there is one.
    pub(super) fn with_live<R>(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &[u8],
        now: &Now<'_>,
        work: impl FnOnce(&mut Tier, Slot) -> R,
    ) -> Option<R> {
        if self.suspended {
            return None;
        }
        self.with_tier(cache, |tier| {
            let slot = tier.find_live(hash, key, now)?;
            Some(work(tier, slot))
        })?
    }

    /// Returns whether the absence of the key is cached, and counts it as a hit of an absence.
    fn is_absent(&mut self, cache: CacheId, hash: u64, key: &str, now: &Now<'_>) -> bool {
        if self.suspended {
            return false;
        }
        let absent = self.with_tier(cache, |tier| {
            let is_absent = tier.knows_absent(hash, key.as_bytes(), now);
            tier.counters.misses += u64::from(is_absent);
            tier.counters.absent_hits += u64::from(is_absent);
            is_absent
        });
        absent == Some(true)
    }
}
