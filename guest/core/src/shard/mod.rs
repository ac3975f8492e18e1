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

/// Bytes of names that do not count against a shard's budget; the memory of an instance has room
/// for them beside it.
const FREE_NAMES: u64 = 1 << 20;

/// The local tiers of the caches of one instance, under one fence and one budget.
///
/// In all methods, `hash` is the hash of the complete key by one [`Seed`](crate::Seed), and `cache`
/// is a number passed to [`open`](Self::open). If that cache is not open here, a read is a miss,
/// and a write stores nothing. Such a write does not invalidate the key in other caches that have
/// it.
#[derive(Debug)]
pub struct Shard {
    fence: Fence,
    caches: Registry,
    /// Maximum weight of all tiers together, in bytes.
    max_bytes: u64,
    /// Current weight of all tiers, in bytes.
    weight: u64,
    /// Invalidations are not received: reads miss and nothing is stored.
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
    /// Creates an empty shard. `incarnation` is a number never used for this shard before; only its
    /// low 24 bits count. `max_bytes` bounds the weight of all tiers together, overhead included.
    pub fn new(incarnation: u32, max_bytes: u64) -> Self {
        Self {
            fence: Fence::new(incarnation),
            caches: Registry::default(),
            max_bytes,
            weight: 0,
            suspended: false,
        }
    }

    /// Opens a cache that its [`Catalog`](crate::Catalog) has opened, or sets new bounds if it is
    /// open here already. Entries stay, except those that exceed the new bounds or were of another
    /// value type.
    ///
    /// If the number was open under another name, that cache ends: its entries and counters are
    /// dropped, and its tickets become void. A name costs about 1 KiB of the budget; all names
    /// together take at most three quarters of it.
    pub fn open(&mut self, cache: CacheId, name: &str, bounds: Bounds) {
        self.weight -= self.caches.remove_other_name(cache, name);
        let min_version = self.fence.next();
        let all = self.fence.all();
        self.caches.open(cache, name, bounds, min_version, all);
        self.with_tier(cache, Tier::evict_to_fit);
        self.make_room(cache, 0);
    }

    /// Returns a ticket for a read of L2, whatever the local tier holds. An expired or invalidated
    /// entry of the key is removed. Does not count as an access.
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

    /// Stores L2's reply to a read. For a read that extends a TTL, pass the ticket from
    /// [`end_extensions`](Self::end_extensions).
    ///
    /// The reply is stored only if nothing has bumped the key since the ticket was taken. Otherwise
    /// it is unknown whether the reply or the local entry is newer. If they differ, the entry is
    /// removed, so that no reader sees a newer value first and an older one later. For the same
    /// reason, differing entries of the same L2 key in other caches are removed.
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

    /// Records a reply of L2 for a key that a cache of another shard has read. Differing entries of
    /// the key in caches of this shard are removed, as in [`settle`](Self::settle). Costs one
    /// look-up and one more for each cache that has the key.
    pub fn observe(&mut self, hash: u64, full_key: &str, reply: BackendReply<'_>) {
        self.fence.observe(hash);
        for (cache, key) in self.caches.caches_for_key(full_key) {
            self.with_tier(cache, |tier| {
                tier.remove_if_different(hash, key, reply.value());
            });
        }
    }

    /// Counts a read or write that failed at L2.
    pub fn failed(&mut self, cache: CacheId) {
        self.with_tier(cache, |tier| tier.counters.backend_errors += 1);
    }

    /// Removes the entry of `full_key` from every cache that has this key, because another client
    /// may have changed it. Costs one look-up and one more for each such cache.
    pub fn invalidate(&mut self, hash: u64, full_key: &str) {
        self.fence.bump(hash);
        for (cache, key) in self.caches.caches_for_key(full_key) {
            self.remove_invalidated(cache, hash, key);
        }
    }

    /// Invalidates every entry and every read in flight. O(1).
    pub fn invalidate_all(&mut self) {
        self.fence.bump_all();
    }

    /// Invalidates every entry that may be stored under `name:`, and every read in flight to one:
    /// in the cache itself, in caches whose names nest in it, and in those it nests in. Call it
    /// before and after clearing L2. O(open caches).
    pub fn invalidate_bucket(&mut self, name: &str) {
        let min_version = self.fence.next();
        self.caches
            .invalidate_bucket(name, min_version, self.fence.all());
    }

    /// Suspends the shard while invalidations are not received. Entries are served only by
    /// [`stale`](Self::stale), and nothing is stored. O(1).
    pub fn suspend(&mut self) {
        self.suspended = true;
    }

    /// Resumes the shard once invalidations are received again. Older entries may have missed some,
    /// so all are invalidated. O(1).
    pub fn resume(&mut self) {
        self.suspended = false;
        self.fence.bump_all();
    }

    /// Removes all entries of one cache's tier and invalidates reads in flight to it. L2 is not
    /// changed.
    pub fn clear_local(&mut self, cache: CacheId) {
        let min_version = self.fence.next();
        self.with_tier(cache, |tier| tier.clear_below(min_version));
    }

    /// Returns the live keys of one cache in eviction order. O(n).
    pub fn local_keys(&mut self, cache: CacheId, clock: Clock<'_>) -> Vec<String> {
        let mut keys = Vec::new();
        let mut listing = self.list_keys(cache);
        while self.next_keys(&mut listing, clock, &mut |key| keys.push(key.to_owned())) {}
        keys
    }

    /// Starts a paged listing of one cache's keys.
    pub fn list_keys(&mut self, cache: CacheId) -> KeyListing {
        let listing = self.with_tier(cache, |tier| tier.listing());
        KeyListing { cache, listing }
    }

    /// Passes the next page of a listing to `visit`: live keys in eviction order, at most about 1
    /// MiB. Returns `false` after the last page. The listing is complete if the tier does not
    /// change between pages.
    pub fn next_keys(
        &mut self,
        KeyListing { cache, listing }: &mut KeyListing,
        clock: Clock<'_>,
        visit: &mut dyn FnMut(&str),
    ) -> bool {
        let now = Now::new(clock);
        let Some(listing) = listing.as_mut().filter(|_| !self.suspended) else {
            return false;
        };
        self.with_tier(*cache, |tier| tier.list(listing, &now, visit)) == Some(true)
    }

    /// Returns the counters of one cache. O(1).
    pub fn stats(&mut self, cache: CacheId) -> Stats {
        self.with_tier(cache, |tier| tier.stats())
            .unwrap_or_default()
    }

    /// Runs `work` on a tier after removing invalidated entries, and keeps the sum of the weights.
    /// Every access that may change a tier goes through here.
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

    /// Removes the key from the other caches that have it. One key of L2 may belong to several
    /// caches, and a write by one is a change for the others.
    fn invalidate_in_others(&mut self, cache: CacheId, hash: u64, key: &str) {
        for (other, key) in self.caches.other_caches_for_key(cache, key) {
            self.remove_invalidated(other, hash, &key);
        }
    }

    /// Removes the key from the other caches that have it, where it differs from the reply. One key
    /// of L2 may belong to several caches, and a reply to one shows the others a newer value.
    fn remove_if_different_in_others(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        reply: BackendReply<'_>,
    ) {
        for (other, key) in self.caches.other_caches_for_key(cache, key) {
            self.with_tier(other, |tier| {
                tier.remove_if_different(hash, &key, reply.value());
            });
        }
    }

    fn remove_invalidated(&mut self, cache: CacheId, hash: u64, key: &str) {
        self.with_tier(cache, |tier| {
            tier.remove(hash, key, RemovalCause::Invalidated);
        });
    }

    /// Stores a value or an absence within all bounds. Whether or not it is stored, no older entry
    /// remains.
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

    /// Evicts until `weight` more fits: from the cache itself, and when that is empty, from the
    /// heaviest. Returns `false` if it cannot fit.
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
            // The search visits every cache, so up to half of the heaviest is evicted at once.
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

    /// Returns the budget of all tiers without the names, in bytes. The first names are free, and
    /// names never take more than three quarters: a [`Catalog`](crate::Catalog) bounds their
    /// number.
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
            "the sum of the weights is wrong"
        );
        assert!(self.weight <= self.room(), "heavier than the budget");
    }
}
