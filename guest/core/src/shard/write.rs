//! The fence around a call to L2: writes, and reads that extend a TTL.

use std::time::Duration;

use super::{CacheId, Shard, Write};
use crate::fence::Ticket;
use crate::stats::RemovalCause;
use crate::tier::Tier;
use crate::time::{Clock, Deadline, Now};

impl Shard {
    /// Begins a write: from now on the entry is not served, and no earlier read may fill it.
    pub fn begin_write(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        clock: Clock<'_>,
    ) -> Ticket {
        self.prepare_write(cache, hash, key);
        self.ticket_of(cache, hash, &Now::new(clock))
    }

    /// Begins the writes of one call to L2, as [`begin_write`](Self::begin_write). `keys` have
    /// their hashes; returns one ticket each. These tickets do not invalidate each other, even if
    /// keys share stripes.
    pub fn begin_writes(
        &mut self,
        cache: CacheId,
        keys: &[(u64, &str)],
        clock: Clock<'_>,
    ) -> Vec<Ticket> {
        for (hash, key) in keys {
            self.prepare_write(cache, *hash, key);
        }
        self.tickets_of(cache, keys, clock)
    }

    /// Ends a write. Stores the value that L2 holds now, with its TTL, if it is of the cache's
    /// type, nothing else has bumped the key since, and L2 has replied to no read of it since. Such
    /// a reply may be newer than the write, and its reader must not see an older value next.
    /// `None`: deleted, failed, or unknown; nothing is stored.
    pub fn end_write(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        ticket: Ticket,
        written: Option<(&[u8], Option<Duration>)>,
    ) {
        let write = Write {
            hash,
            key,
            ticket,
            written,
        };
        self.end_writes(cache, &[write]);
    }

    /// Ends the writes of one call to L2, as [`end_write`](Self::end_write), in their order.
    pub fn end_writes(&mut self, cache: CacheId, writes: &[Write<'_>]) {
        // Check all before the first bump: other keys of the call may share its stripe.
        let is_last = |write: &Write<'_>| self.is_last(cache, write.hash, write.ticket);
        let current: Vec<bool> = writes.iter().map(is_last).collect();
        let value_type = self.caches.get(cache).map(Tier::value_type);
        let fits = |value| value_type.is_some_and(|value_type| value_type.accepts(value));
        for (write, current) in writes.iter().zip(current) {
            let Write {
                hash,
                key,
                ticket,
                written,
            } = *write;
            self.invalidate_in_others(cache, hash, key);
            self.fence.bump(hash);
            if let Some((value, ttl)) = written.filter(|(value, _)| current && fits(value)) {
                self.put(
                    cache,
                    hash,
                    key,
                    Some(value),
                    Deadline::after(ticket.asked, ttl),
                );
            } else {
                self.with_tier(cache, |tier| tier.remove(hash, key, RemovalCause::Explicit));
            }
        }
    }

    /// Begins a read that extends the TTL of these keys in L2. Call it just before the request is
    /// sent. `keys` have their hashes; returns one ticket each.
    ///
    /// To the fence, such a read is a write: another client's write that L2 executes just before it
    /// is not announced. So earlier requests may not fill the keys, and entries of other caches
    /// with the same L2 keys are removed. The entries of this cache stay and are served, as the
    /// value does not change.
    pub fn begin_extensions(
        &mut self,
        cache: CacheId,
        keys: &[(u64, &str)],
        clock: Clock<'_>,
    ) -> Vec<Ticket> {
        for (hash, key) in keys {
            self.invalidate_in_others(cache, *hash, key);
            self.fence.bump(*hash);
        }
        self.tickets_of(cache, keys, clock)
    }

    /// Ends such a read, whether it succeeded or not. Returns the tickets to [settle](Self::settle)
    /// its replies with, before the shard does anything else. A ticket is void if something else
    /// has bumped the key since, or L2 has replied to another request for it.
    pub fn end_extensions(
        &mut self,
        cache: CacheId,
        keys: &[(u64, &str)],
        tickets: &[Ticket],
    ) -> Vec<Ticket> {
        // Check all before the first bump: other keys of the call may share its stripe.
        let begun = keys.iter().zip(tickets);
        let current = begun.map(|((hash, _), ticket)| self.is_last(cache, *hash, *ticket));
        let current: Vec<bool> = current.collect();
        for (hash, key) in keys {
            self.invalidate_in_others(cache, *hash, key);
            self.fence.bump(*hash);
        }
        let ended = keys.iter().zip(tickets).zip(current);
        let ended = ended.map(|(((hash, _), ticket), is_current)| {
            let version = self.version(cache, *hash);
            let next = Ticket { version, ..*ticket };
            if is_current { next } else { Ticket::VOID }
        });
        ended.collect()
    }

    /// Returns whether nothing has happened to a key since a call that writes it began.
    fn is_last(&self, cache: CacheId, hash: u64, ticket: Ticket) -> bool {
        self.is_current(cache, hash, ticket) && !self.fence.was_observed_since(hash, ticket.version)
    }

    fn tickets_of(&self, cache: CacheId, keys: &[(u64, &str)], clock: Clock<'_>) -> Vec<Ticket> {
        let now = Now::new(clock);
        let ticket = |(hash, _): &(u64, &str)| self.ticket_of(cache, *hash, &now);
        keys.iter().map(ticket).collect()
    }

    fn prepare_write(&mut self, cache: CacheId, hash: u64, key: &str) {
        self.invalidate_in_others(cache, hash, key);
        self.fence.bump(hash);
        self.with_tier(cache, |tier| tier.clear_value_keep_slot(hash, key));
    }
}
