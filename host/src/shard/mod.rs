//! The local tiers of one shard, with two implementations.
//!
//! # Layout
//!
//! - `in_process`: the core in this process.
//! - `door`: the core in an instance of the component, called through the interfaces `driver` and
//!   `window`.
//!
//! Both return the same results; a differential test compares them.

#[cfg(feature = "wasmtime")]
pub(crate) mod door;
mod in_process;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use flipcache_core::{BackendReply, Bounds, CacheId, FillOutcome, Read, Stats, Ticket, Write};

pub(crate) use in_process::InProcess;

/// The local tiers of one shard: the operations of [`flipcache_core::Shard`], with a clock of its
/// own.
///
/// No operation fails. A shard that has lost its entries returns misses and stores nothing.
pub(crate) trait Shard: Send {
    /// See [`open`](flipcache_core::Shard::open).
    fn open(&mut self, cache: CacheId, name: &str, bounds: Bounds);

    /// See [`find`](flipcache_core::Shard::find).
    fn find(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        ttl_on_read: Option<Duration>,
    ) -> Option<&[u8]>;

    /// As [`find`](Self::find) for the keys at `indices`, each with its hash. Calls `visit` with
    /// each index and its value, in order.
    fn find_many(
        &mut self,
        cache: CacheId,
        keys: &[(u64, &str)],
        indices: &[usize],
        ttl_on_read: Option<Duration>,
        visit: &mut dyn FnMut(usize, Option<&[u8]>),
    );

    /// See [`read`](flipcache_core::Shard::read), for keys with their hashes. Calls `visit` with
    /// each result, in order.
    fn read(
        &mut self,
        cache: CacheId,
        keys: &[(u64, &str)],
        ttl_on_read: Option<Duration>,
        visit: &mut dyn FnMut(Read<'_>),
    );

    /// See [`ticket`](flipcache_core::Shard::ticket).
    fn ticket(&mut self, cache: CacheId, hash: u64, key: &str) -> Ticket;

    /// See [`settle`](flipcache_core::Shard::settle).
    fn settle(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        ticket: Ticket,
        answer: BackendReply<'_>,
    ) -> FillOutcome;

    /// See [`answered`](flipcache_core::Shard::answered).
    fn observe(&mut self, hash: u64, full_key: &str, answer: BackendReply<'_>);

    /// See [`begin_writes`](flipcache_core::Shard::begin_writes).
    fn begin_writes(&mut self, cache: CacheId, keys: &[(u64, &str)]) -> Vec<Ticket>;

    /// See [`end_writes`](flipcache_core::Shard::end_writes).
    fn end_writes(&mut self, cache: CacheId, writes: &[Write<'_>]);

    /// See [`begin_extensions`](flipcache_core::Shard::begin_extensions).
    fn begin_extensions(&mut self, cache: CacheId, keys: &[(u64, &str)]) -> Vec<Ticket>;

    /// See [`end_extensions`](flipcache_core::Shard::end_extensions).
    fn end_extensions(
        &mut self,
        cache: CacheId,
        keys: &[(u64, &str)],
        tickets: &[Ticket],
    ) -> Vec<Ticket>;

    /// See [`stale`](flipcache_core::Shard::stale).
    fn stale(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        window: Duration,
        lost_for: Duration,
    ) -> Option<&[u8]>;

    /// See [`refresh_claim`](flipcache_core::Shard::refresh_claim).
    fn refresh_claim(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        within: Duration,
    ) -> Option<Ticket>;

    /// See [`touch`](flipcache_core::Shard::touch).
    fn touch(&mut self, cache: CacheId, hash: u64, key: &str) -> bool;

    /// See [`peek`](flipcache_core::Shard::peek).
    fn peek(&mut self, cache: CacheId, hash: u64, key: &str) -> Option<&[u8]>;

    /// See [`remaining`](flipcache_core::Shard::remaining).
    fn remaining(&mut self, cache: CacheId, hash: u64, key: &str) -> Option<Option<Duration>>;

    /// See [`invalidate`](flipcache_core::Shard::invalidate).
    fn invalidate(&mut self, hash: u64, full_key: &str);

    /// See [`invalidate_bucket`](flipcache_core::Shard::invalidate_bucket).
    fn invalidate_bucket(&mut self, name: &str);

    /// See [`invalidate_all`](flipcache_core::Shard::invalidate_all).
    fn invalidate_all(&mut self);

    /// See [`suspend`](flipcache_core::Shard::suspend).
    fn suspend(&mut self);

    /// See [`resume`](flipcache_core::Shard::resume).
    fn resume(&mut self);

    /// See [`failed`](flipcache_core::Shard::failed).
    fn failed(&mut self, cache: CacheId);

    /// See [`clear_local`](flipcache_core::Shard::clear_local).
    fn clear_local(&mut self, cache: CacheId);

    /// See [`local_keys`](flipcache_core::Shard::local_keys).
    fn local_keys(&mut self, cache: CacheId) -> Vec<String>;

    /// See [`stats`](flipcache_core::Shard::stats).
    fn stats(&mut self, cache: CacheId) -> Stats;
}

/// Returns a number that no shard of this process has had, so that tickets of one are never valid
/// in another.
fn next_incarnation() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
