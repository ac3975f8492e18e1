//! The core in the process's own memory.

use std::time::Duration;

use flipcache_core::{
    self as core, BackendReply, Bounds, CacheId, FillOutcome, Read, Stats, Ticket, Write,
};

use super::{Shard, next_incarnation};
use crate::clock::Clock;

/// A shard that runs in this process, without an instance around it.
pub(crate) struct InProcess {
    core: core::Shard,
    clock: Clock,
}

impl InProcess {
    /// Creates an empty shard. `max_bytes` bounds all its tiers together.
    pub(crate) fn new(clock: Clock, max_bytes: u64) -> Self {
        Self {
            core: core::Shard::new(next_incarnation(), max_bytes),
            clock,
        }
    }
}

impl Shard for InProcess {
    fn open(&mut self, cache: CacheId, name: &str, bounds: Bounds) {
        self.core.open(cache, name, bounds);
    }

    fn find(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        ttl_on_read: Option<Duration>,
    ) -> Option<&[u8]> {
        let Self { core, clock } = self;
        core.find(cache, hash, key.as_bytes(), ttl_on_read, &|| clock.now())
    }

    fn find_many(
        &mut self,
        cache: CacheId,
        keys: &[(u64, &str)],
        indices: &[usize],
        ttl_on_read: Option<Duration>,
        visit: &mut dyn FnMut(usize, Option<&[u8]>),
    ) {
        for at in indices {
            let (hash, key) = keys[*at];
            visit(*at, self.find(cache, hash, key, ttl_on_read));
        }
    }

    fn read(
        &mut self,
        cache: CacheId,
        keys: &[(u64, &str)],
        ttl_on_read: Option<Duration>,
        visit: &mut dyn FnMut(Read<'_>),
    ) {
        let Self { core, clock } = self;
        for (hash, key) in keys {
            visit(core.read(cache, *hash, key, ttl_on_read, &|| clock.now()));
        }
    }

    fn ticket(&mut self, cache: CacheId, hash: u64, key: &str) -> Ticket {
        self.core.ticket(cache, hash, key, &|| self.clock.now())
    }

    fn settle(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        ticket: Ticket,
        answer: BackendReply<'_>,
    ) -> FillOutcome {
        self.core.settle(cache, hash, key, ticket, answer)
    }

    fn observe(&mut self, hash: u64, full_key: &str, answer: BackendReply<'_>) {
        self.core.observe(hash, full_key, answer);
    }

    fn begin_writes(&mut self, cache: CacheId, keys: &[(u64, &str)]) -> Vec<Ticket> {
        self.core.begin_writes(cache, keys, &|| self.clock.now())
    }

    fn end_writes(&mut self, cache: CacheId, writes: &[Write<'_>]) {
        self.core.end_writes(cache, writes);
    }

    fn begin_extensions(&mut self, cache: CacheId, keys: &[(u64, &str)]) -> Vec<Ticket> {
        self.core
            .begin_extensions(cache, keys, &|| self.clock.now())
    }

    fn end_extensions(
        &mut self,
        cache: CacheId,
        keys: &[(u64, &str)],
        tickets: &[Ticket],
    ) -> Vec<Ticket> {
        self.core.end_extensions(cache, keys, tickets)
    }

    fn stale(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        window: Duration,
        lost_for: Duration,
    ) -> Option<&[u8]> {
        let Self { core, clock } = self;
        core.stale(cache, hash, key, window, lost_for, &|| clock.now())
    }

    fn refresh_claim(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        within: Duration,
    ) -> Option<Ticket> {
        let Self { core, clock } = self;
        core.refresh_claim(cache, hash, key, within, &|| clock.now())
    }

    fn touch(&mut self, cache: CacheId, hash: u64, key: &str) -> bool {
        self.core.touch(cache, hash, key, &|| self.clock.now())
    }

    fn peek(&mut self, cache: CacheId, hash: u64, key: &str) -> Option<&[u8]> {
        let Self { core, clock } = self;
        core.peek(cache, hash, key, &|| clock.now())
    }

    fn remaining(&mut self, cache: CacheId, hash: u64, key: &str) -> Option<Option<Duration>> {
        self.core.remaining(cache, hash, key, &|| self.clock.now())
    }

    fn invalidate(&mut self, hash: u64, full_key: &str) {
        self.core.invalidate(hash, full_key);
    }

    fn invalidate_bucket(&mut self, name: &str) {
        self.core.invalidate_bucket(name);
    }

    fn invalidate_all(&mut self) {
        self.core.invalidate_all();
    }

    fn suspend(&mut self) {
        self.core.suspend();
    }

    fn resume(&mut self) {
        self.core.resume();
    }

    fn failed(&mut self, cache: CacheId) {
        self.core.failed(cache);
    }

    fn clear_local(&mut self, cache: CacheId) {
        self.core.clear_local(cache);
    }

    fn local_keys(&mut self, cache: CacheId) -> Vec<String> {
        self.core.local_keys(cache, &|| self.clock.now())
    }

    fn stats(&mut self, cache: CacheId) -> Stats {
        self.core.stats(cache)
    }
}
