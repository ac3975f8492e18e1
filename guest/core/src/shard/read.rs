//! What the local tier answers: reads, looks, and the claim to renew an entry.

use std::time::Duration;

use super::{CacheId, Read, Shard};
use crate::fence::Ticket;
use crate::linked_slab::Slot;
use crate::tier::Tier;
use crate::time::{Clock, Now};

impl Shard {
    /// A key's value, if [`read`](Self::read) would answer it: a hit. `None`: nothing has happened, and
    /// `read` or [`ticket`](Self::ticket) says what to ask.
    // So many arguments would pass through the stack, which in wasm costs as much as all else here.
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

    /// What the local tier answers, or the ticket to ask L2 with.
    ///
    /// With `ttl_on_read`, an entry answers only while its life is fresh: seven eighths of that TTL
    /// to the whole of it. Else L2 is asked, with the new TTL, so that a hot key does not run out
    /// there, and not at every read.
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

    /// The value that may answer a read, marked stale, now that L2 has failed to: one whose life is not over
    /// for longer than `window`, or that is suspended. Changes have gone lost_for for `lost_for`, which
    /// counts against the window, too. An entry that was dropped, or that may not outlive what was told, is none.
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

    /// Claims to renew a live entry whose life ends within this time: the ticket with which whoever made the
    /// value makes the next one. Given once for an entry.
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

    /// Marks a live entry as used, under FIFO too: the last to leave under FIFO and LRU, one use more under
    /// S3-FIFO. `false` if there is none.
    pub fn touch(&mut self, cache: CacheId, hash: u64, key: &str, clock: Clock<'_>) -> bool {
        let now = Now::new(clock);
        let moved = self.with_live(cache, hash, key.as_bytes(), &now, Tier::touch);
        moved.is_some()
    }

    /// The live entry of a key, as no read: nothing is counted and nothing moves.
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

    /// What is left of the life of a live entry: `Some(None)` without end, `None` if there is no entry.
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

    /// The live entry of a key, if there is one: its slot if it answers, which is a hit then.
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

    /// Works on the entry that may answer for a key, if there is one.
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

    /// Whether the tier knows that L2 has nothing: then that is a hit.
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
