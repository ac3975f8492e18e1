//! The state machine over the local tiers of several caches.

mod read;
mod registry;
mod types;
mod write;

#[cfg(any(test, feature = "model"))]
pub mod model;
#[cfg(test)]
mod order_model;
#[cfg(test)]
mod tests;

pub use types::{BackendReply, FillOutcome, Read, Write};

use crate::bounds::Bounds;
use crate::catalog::CacheId;
use crate::fence::{Fence, Ticket};
use crate::stats::{RemovalCause, Stats};
use crate::tier::{Listing, Tier};
use crate::time::{Clock, Deadline, Now};
use registry::Registry;

/// Bytes of names that do not count against a shard's budget: its memory has room for them beside it.
const FREE_NAMES: u64 = 1 << 20;

/// The local tiers of the caches that one instance serves, under one fence and one budget.
///
/// `hash` is everywhere the hash of the complete key, by one [`Seed`](crate::Seed); `cache` is a
/// number that was [`open`](Self::open)ed. With one that was not, a read is a miss, and a write keeps
/// nothing and drops nothing from other caches, whose key it may be.
#[derive(Debug)]
pub struct Shard {
    fence: Fence,
    caches: Registry,
    /// What the tiers together may weigh, in bytes.
    max_bytes: u64,
    /// What they weigh now.
    weight: u64,
    /// Nobody tells of changes: nothing is answered from here, and nothing kept.
    suspended: bool,
}

/// The position of a listing of a cache's keys.
#[derive(Debug)]
pub struct KeyListing {
    cache: CacheId,
    /// `None`: the cache is not open.
    listing: Option<Listing>,
}

impl Shard {
    /// An empty shard. `incarnation` is a number never used before for it; its low 24 bits count.
    /// `max_bytes` bounds its tiers together, their bookkeeping included.
    pub fn new(incarnation: u32, max_bytes: u64) -> Self {
        Self {
            fence: Fence::new(incarnation),
            caches: Registry::default(),
            max_bytes,
            weight: 0,
            suspended: false,
        }
    }

    /// Takes in a cache that its [`Catalog`](crate::Catalog) has opened, once more perhaps: the bounds
    /// are then new. Entries stay, but for those that the bounds do not hold or whose type is another.
    ///
    /// A number that is opened under another name is another cache: the entries, the counters and the tickets of the
    /// one before end. A name costs the budget about a kibibyte; names cost no more than three quarters of it.
    pub fn open(&mut self, cache: CacheId, name: &str, bounds: Bounds) {
        self.weight -= self.caches.remove_other_name(cache, name);
        let min_version = self.fence.next();
        let all = self.fence.all();
        self.caches.open(cache, name, bounds, min_version, all);
        self.with_tier(cache, Tier::evict_to_fit);
        self.make_room(cache, 0);
    }

    /// A ticket to ask L2 with now, whatever the local tier holds; what is over or dead of the key is dropped there.
    /// Counts as no read.
    pub fn ticket(&mut self, cache: CacheId, hash: u64, key: &str, clock: Clock<'_>) -> Ticket {
        let now = Now::new(clock);
        self.with_live(cache, hash, key.as_bytes(), &now, |_, _| ());
        self.ticket_of(cache, hash, &now)
    }

    fn ticket_of(&self, cache: CacheId, hash: u64, now: &Now<'_>) -> Ticket {
        Ticket {
            version: self.version(cache, hash),
            asked: now.get(),
        }
    }

    /// Takes in L2's answer to a read; to one that extends a TTL, with a ticket of
    /// [`end_extensions`](Self::end_extensions). It is kept only if nothing has bumped the key since its
    /// ticket was given. One that is not kept, and differs from what is here, makes that go as well: which of
    /// the two is older is not known, and whoever has seen the one must not be answered an older one. For the
    /// same reason, what other caches hold of the same key of L2 goes, if it differs.
    pub fn settle(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        ticket: Ticket,
        reply: BackendReply<'_>,
    ) -> FillOutcome {
        self.fence.observe(hash);
        self.remove_if_different_in_others(cache, hash, key, reply);
        let current = self.is_current(cache, hash, ticket);
        let settled = self.with_tier(cache, |tier| match reply {
            BackendReply::Absent { remember } => {
                tier.counters.misses += 1;
                if !current {
                    tier.remove_if_different(hash, key, None);
                    return Err(FillOutcome::NotStored);
                }
                let remember = Some(remember).filter(|ttl| !ttl.is_zero());
                if remember.is_none() {
                    tier.remove(hash, key, RemovalCause::Invalidated);
                }
                let fill = remember.map(|ttl| (None, Deadline::after(ticket.asked, Some(ttl))));
                fill.ok_or(FillOutcome::NotStored)
            }
            BackendReply::WrongType => {
                if current {
                    tier.remove(hash, key, RemovalCause::Invalidated);
                } else {
                    tier.remove_if_different(hash, key, None);
                }
                Err(FillOutcome::NotStored)
            }
            BackendReply::Entry { value, .. } if !tier.value_type().accepts(value) => {
                tier.remove(hash, key, RemovalCause::Invalidated);
                Err(FillOutcome::Undecodable)
            }
            BackendReply::Entry { value, ttl } => {
                tier.counters.backend_hits += 1;
                tier.counters.refused_fills += u64::from(!current && !tier.is_disabled());
                if !current {
                    tier.remove_if_different(hash, key, Some(value));
                }
                let fill = (Some(value), Deadline::after(ticket.asked, ttl));
                current.then_some(fill).ok_or(FillOutcome::NotStored)
            }
        });
        match settled {
            Some(Ok((held, deadline))) => self.put(cache, hash, key, held, deadline),
            Some(Err(settled)) => settled,
            None => FillOutcome::NotStored,
        }
    }

    /// L2 has answered a question about a key that was asked for a cache of another shard: what caches of
    /// this one hold of the key goes, if it differs, as in [`settle`](Self::settle). Costs a look-up for each of
    /// these, and one.
    pub fn observe(&mut self, hash: u64, full_key: &str, reply: BackendReply<'_>) {
        self.fence.observe(hash);
        for (cache, key) in self.caches.caches_for_key(full_key) {
            self.with_tier(cache, |tier| {
                tier.remove_if_different(hash, key, reply.value())
            });
        }
    }

    /// Notes that L2 failed a question or a write.
    pub fn failed(&mut self, cache: CacheId) {
        self.with_tier(cache, |tier| tier.counters.backend_errors += 1);
    }

    /// Somebody else may have changed what stands at `full_key`: drops it from every cache whose key
    /// it is. Costs a look-up for each of these, and one.
    pub fn invalidate(&mut self, hash: u64, full_key: &str) {
        self.fence.bump(hash);
        for (cache, key) in self.caches.caches_for_key(full_key) {
            self.remove_invalidated(cache, hash, key);
        }
    }

    /// Kills every entry, and every answer under way. O(1).
    pub fn invalidate_all(&mut self) {
        self.fence.bump_all();
    }

    /// Kills every entry that may stand under `name:`, and every answer under way to one: those of the
    /// cache, of caches whose names nest in it, and of those it nests in. Called before and after L2
    /// is cleared. O(open caches).
    pub fn invalidate_bucket(&mut self, name: &str) {
        let min_version = self.fence.next();
        self.caches
            .invalidate_bucket(name, min_version, self.fence.all());
    }

    /// Nobody tells of changes any more: entries answer nothing but as [`stale`](Self::stale) ones, and nothing
    /// is kept. O(1).
    pub fn suspend(&mut self) {
        self.suspended = true;
    }

    /// Changes are told again; what was here before may have missed some, and is dead. O(1).
    pub fn resume(&mut self) {
        self.suspended = false;
        self.fence.bump_all();
    }

    /// Removals the entries of one cache's tier, and every answer under way to it; L2 is as it was.
    pub fn clear_local(&mut self, cache: CacheId) {
        let min_version = self.fence.next();
        self.with_tier(cache, |tier| tier.clear_below(min_version));
    }

    /// The keys of one cache that would answer now, the next to leave first. O(n).
    pub fn local_keys(&mut self, cache: CacheId, clock: Clock<'_>) -> Vec<String> {
        let mut keys = Vec::new();
        let mut listing = self.list_keys(cache);
        while self.next_keys(&mut listing, clock, &mut |key| keys.push(key.to_owned())) {}
        keys
    }

    /// Begins to list the keys of one cache in pages.
    pub fn list_keys(&mut self, cache: CacheId) -> KeyListing {
        let listing = self.with_tier(cache, |tier| tier.listing());
        KeyListing { cache, listing }
    }

    /// Tells the next page of a listing: keys that would answer now, the next to leave first, about a mebibyte at most.
    /// `false`: these were the last. All keys are told if the tier does not change between the pages.
    pub fn next_keys(
        &mut self,
        KeyListing { cache, listing }: &mut KeyListing,
        clock: Clock<'_>,
        tell: &mut dyn FnMut(&str),
    ) -> bool {
        let now = Now::new(clock);
        let Some(listing) = listing.as_mut().filter(|_| !self.suspended) else {
            return false;
        };
        self.with_tier(*cache, |tier| tier.list(listing, &now, tell)) == Some(true)
    }

    /// What one cache has done. O(1).
    pub fn stats(&mut self, cache: CacheId) -> Stats {
        self.with_tier(cache, |tier| tier.stats())
            .unwrap_or_default()
    }

    /// Works on a tier without the dead, and keeps the sum of the weights: every access to a tier
    /// that may change it is made here.
    #[inline]
    fn with_tier<R>(&mut self, cache: CacheId, work: impl FnOnce(&mut Tier) -> R) -> Option<R> {
        let tier = self.caches.get_mut(cache)?;
        let before = tier.weight();
        tier.sweep(self.fence.all());
        let result = work(tier);
        self.weight = self.weight - before + tier.weight();
        Some(result)
    }

    fn version(&self, cache: CacheId, hash: u64) -> u64 {
        let min_version = self.caches.get(cache).map_or(0, Tier::min_version);
        self.fence.version(hash, min_version)
    }

    fn is_current(&self, cache: CacheId, hash: u64, ticket: Ticket) -> bool {
        !self.suspended && !ticket.is_void() && self.version(cache, hash) == ticket.version
    }

    /// One key of L2 may be a key of several caches: an own write is news to the others.
    fn invalidate_in_others(&mut self, cache: CacheId, hash: u64, key: &str) {
        for (other, key) in self.caches.other_caches_for_key(cache, key) {
            self.remove_invalidated(other, hash, &key);
        }
    }

    /// One key of L2 may be a key of several caches: what L2 answers one of them is news to the others.
    fn remove_if_different_in_others(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        reply: BackendReply<'_>,
    ) {
        for (other, key) in self.caches.other_caches_for_key(cache, key) {
            self.with_tier(other, |tier| {
                tier.remove_if_different(hash, &key, reply.value())
            });
        }
    }

    fn remove_invalidated(&mut self, cache: CacheId, hash: u64, key: &str) {
        self.with_tier(cache, |tier| {
            tier.remove(hash, key, RemovalCause::Invalidated)
        });
    }

    /// Keeps a value, or an absence, within all bounds. Whatever it answers, nothing older is there afterwards.
    fn put(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        held: Option<&[u8]>,
        deadline: Deadline,
    ) -> FillOutcome {
        let fits = self.make_room(cache, Tier::weight_of(key, held.unwrap_or_default()));
        let kept = self.with_tier(cache, |tier| {
            if fits {
                tier.put(hash, key, held, deadline)
            } else {
                tier.counters.too_large += u64::from(!tier.is_disabled());
                tier.remove(hash, key, RemovalCause::Size);
                false
            }
        });
        if kept == Some(true) {
            FillOutcome::Stored
        } else {
            FillOutcome::NotStored
        }
    }

    /// Evicts until so much more weight fits: from the cache itself, and when it has nothing left,
    /// from the heaviest. `false`: it cannot fit.
    fn make_room(&mut self, cache: CacheId, weight: u64) -> bool {
        let room = self.room();
        if weight > room {
            return false;
        }
        while self.weight + weight > room {
            if self.with_tier(cache, Tier::evict_first) == Some(true) {
                continue;
            }
            let Some(heaviest) = self.caches.heaviest() else {
                return false;
            };
            // Looking for it costs a look at every cache: what leaves at once is up to half of it.
            let half = self.caches.get(heaviest).map_or(0, Tier::weight) / 2;
            let max_bytes = room - weight;
            while self.weight > max_bytes
                && self
                    .caches
                    .get(heaviest)
                    .is_some_and(|tier| tier.weight() > half)
                && self.with_tier(heaviest, Tier::evict_first) == Some(true)
            {}
        }
        true
    }

    /// The budget of all tiers together beside the names of the caches, in bytes. The first names cost nothing, and names leave
    /// a quarter of the budget in any case: a [`Catalog`](crate::Catalog) bounds them.
    fn room(&self) -> u64 {
        let names = self.caches.names_weight().saturating_sub(FREE_NAMES);
        self.max_bytes - names.min(self.max_bytes / 4 * 3)
    }

    /// Panics unless every bound and every count holds.
    #[cfg(any(test, feature = "model"))]
    fn validate(&self) {
        self.caches.validate();
        assert_eq!(
            self.weight,
            self.caches.weight(),
            "the sum of the weights is off"
        );
        assert!(self.weight <= self.room(), "heavier than the budget");
    }
}
