//! A shard inside the component: one instance of its main core module, replaced when it fails.
//!
//! The host enters the core module and not the component, by integers and lists of the canonical ABI,
//! because that is where the boundary is cheapest: a hit is one call, with the key in a window that
//! both sides know, and allocates nothing.
//!
//! # Layout
//!
//! - `engine`: the module, compiled and linked; the tick that bounds calls.
//! - `guest`: an instance; `exports`: what it has; `functions`, `fence`: what each takes and answers; `memory`:
//!   replies in its memory; `watch`: when a call is ended; `parts`: how many keys and values one call passes.

mod engine;
mod exports;
mod fence;
mod functions;
mod guest;
mod memory;
mod parts;
mod watch;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use flipcache_core::{BackendReply, Bounds, CacheId, FillOutcome, Read, Stats, Ticket, Write};
use wasmtime::Result;

use super::{Shard, next_incarnation};
use crate::clock::Clock;
pub(crate) use engine::Prepared;
use guest::Guest;
use parts::{KEYS_AT_ONCE, keys_at_once};

/// A shard in the component.
///
/// A call that traps, or computes for too long, costs this shard what it holds: its instance is replaced, with
/// an incarnation never used before, and the call is made once more.
pub(crate) struct Door {
    prepared: Arc<Prepared>,
    clock: Clock,
    max_bytes: u64,
    /// `None`: the last one failed.
    running: Option<Guest>,
    /// What a successor has to open.
    opened: BTreeMap<CacheId, Opened>,
    /// Whether a successor begins suspended.
    is_suspended: bool,
    /// The last answer that was not in the guest's memory.
    peeked: Vec<u8>,
}

struct Opened {
    name: String,
    bounds: Bounds,
    /// Values that were not passed into the instance, read and written ones.
    not_passed: Stats,
}

impl Door {
    /// An empty shard. `max_bytes` bounds its tiers together.
    ///
    /// # Errors
    ///
    /// If there is no memory for an instance, or the file has no door.
    pub(crate) fn new(prepared: Arc<Prepared>, clock: Clock, max_bytes: u64) -> Result<Self> {
        let mut door = Self {
            prepared,
            clock,
            max_bytes,
            running: None,
            opened: BTreeMap::new(),
            is_suspended: false,
            peeked: Vec::new(),
        };
        door.guest()?;
        Ok(door)
    }

    /// Makes a call, and once more in a successor if it fails. `None`: that failed too.
    fn call<R>(&mut self, mut call: impl FnMut(&mut Guest) -> Result<R>) -> Option<R> {
        for _ in 0..2 {
            match self.guest().and_then(&mut call) {
                Ok(answer) => return Some(answer),
                Err(error) => self.lose(&error),
            }
        }
        None
    }

    fn lose(&mut self, error: &wasmtime::Error) {
        tracing::error!(?error, "a shard failed and begins anew, empty");
        self.running = None;
    }

    /// Whether a value is passed into the instance, beside all that may be there: a copy of it on its
    /// way, and the one that is kept.
    fn takes(&self, value: &[u8]) -> bool {
        value.len() as u64 <= self.max_bytes / 4
    }

    /// The answer, or what drops the same in its place: for a value that is not passed.
    fn passable<'a>(&self, answer: BackendReply<'a>) -> BackendReply<'a> {
        match answer {
            BackendReply::Entry { value, .. } if !self.takes(value) => BackendReply::WrongType,
            answer => answer,
        }
    }

    fn guest(&mut self) -> Result<&mut Guest> {
        if self.running.is_none() {
            let clock = self.clock.clone();
            let mut guest =
                Guest::start(&self.prepared, clock, next_incarnation(), self.max_bytes)?;
            for (cache, opened) in &self.opened {
                guest.open(*cache, &opened.name, opened.bounds)?;
            }
            if self.is_suspended {
                guest.suspend()?;
            }
            guest.started(self.prepared.call_deadline());
            self.running = Some(guest);
        }
        match &mut self.running {
            Some(guest) => Ok(guest),
            None => wasmtime::bail!("the shard has no instance"),
        }
    }
}

impl Shard for Door {
    fn open(&mut self, cache: CacheId, name: &str, bounds: Bounds) {
        let before = self.opened.get(&cache);
        let before = before.filter(|before| before.name == name);
        let opened = Opened {
            name: name.to_owned(),
            bounds,
            not_passed: before.map_or_else(Stats::default, |before| before.not_passed),
        };
        self.opened.insert(cache, opened);
        self.call(|guest| guest.open(cache, name, bounds));
    }

    fn find(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        ttl_on_read: Option<Duration>,
    ) -> Option<&[u8]> {
        // If there is no instance, or it fails here, `read` makes another.
        match self.running.as_mut()?.find(cache, hash, key, ttl_on_read) {
            Ok(place) => self.running.as_ref()?.value(place?),
            Err(error) => {
                self.lose(&error);
                None
            }
        }
    }

    fn find_many(
        &mut self,
        cache: CacheId,
        keys: &[(u64, &str)],
        indices: &[usize],
        ttl_on_read: Option<Duration>,
        tell: &mut dyn FnMut(usize, Option<&[u8]>),
    ) {
        let mut rest = indices;
        while !rest.is_empty() {
            let lengths = rest.iter().map(|at| keys[*at].1.len());
            let (first, others) = rest.split_at(keys_at_once(lengths, KEYS_AT_ONCE));
            let mut told = 0;
            if let Some(guest) = &mut self.running {
                let found = guest.find_many(cache, keys, first, ttl_on_read, &mut |at, found| {
                    told += 1;
                    tell(at, found);
                });
                if let Err(error) = found {
                    self.lose(&error);
                }
            }
            for at in &first[told..] {
                tell(*at, None);
            }
            rest = others;
        }
    }

    fn read(
        &mut self,
        cache: CacheId,
        keys: &[(u64, &str)],
        ttl_on_read: Option<Duration>,
        tell: &mut dyn FnMut(Read<'_>),
    ) {
        let mut rest = keys;
        while !rest.is_empty() {
            let lengths = rest.iter().map(|(_, key)| key.len());
            let (keys, others) = rest.split_at(keys_at_once(lengths, KEYS_AT_ONCE));
            let mut told = 0;
            let answered = self.call(|guest| {
                let mut already = told;
                guest.read(cache, keys, ttl_on_read, &mut |read| {
                    // Whatever an instance has told before it failed stands.
                    if already > 0 {
                        already -= 1;
                    } else if told < keys.len() {
                        told += 1;
                        tell(read);
                    }
                })
            });
            debug_assert!(answered.is_none() || told == keys.len());
            for _ in told..keys.len() {
                tell(Read::Miss(Ticket::VOID));
            }
            rest = others;
        }
    }

    fn ticket(&mut self, cache: CacheId, hash: u64, key: &str) -> Ticket {
        self.call(|guest| guest.ask(cache, hash, key))
            .unwrap_or(Ticket::VOID)
    }

    fn settle(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        ticket: Ticket,
        answer: BackendReply<'_>,
    ) -> FillOutcome {
        if let BackendReply::Entry { value, .. } = answer
            && !self.takes(value)
            && let Some(opened) = self.opened.get_mut(&cache)
        {
            if !opened.bounds.value_type.accepts(value) {
                return FillOutcome::Undecodable;
            }
            opened.not_passed.backend_hits += 1;
            opened.not_passed.too_large += u64::from(opened.bounds.max_entries > 0);
        }
        let answer = self.passable(answer);
        let settled = self.call(|guest| guest.settle(cache, hash, key, ticket, answer));
        settled.unwrap_or(FillOutcome::NotStored)
    }

    fn observe(&mut self, hash: u64, full_key: &str, answer: BackendReply<'_>) {
        let answer = self.passable(answer);
        self.call(|guest| guest.answered(hash, full_key, answer));
    }

    fn begin_writes(&mut self, cache: CacheId, keys: &[(u64, &str)]) -> Vec<Ticket> {
        self.begin_in_parts(cache, keys, |guest, keys| guest.begin_writes(cache, keys))
    }

    fn end_writes(&mut self, cache: CacheId, writes: &[Write<'_>]) {
        let mut writes = writes.to_vec();
        for write in &mut writes {
            if write.written.is_some_and(|(value, _)| !self.takes(value)) {
                write.written = None;
                if let Some(opened) = self.opened.get_mut(&cache) {
                    opened.not_passed.too_large += u64::from(opened.bounds.max_entries > 0);
                }
            }
        }
        let mut rest = &writes[..];
        while !rest.is_empty() {
            let (first, others) = rest.split_at(self.takes_at_once(rest));
            self.call(|guest| guest.end_writes(cache, first));
            rest = others;
        }
    }

    fn begin_extensions(&mut self, cache: CacheId, keys: &[(u64, &str)]) -> Vec<Ticket> {
        self.begin_in_parts(cache, keys, |guest, keys| {
            guest.begin_extensions(cache, keys)
        })
    }

    fn end_extensions(
        &mut self,
        cache: CacheId,
        keys: &[(u64, &str)],
        tickets: &[Ticket],
    ) -> Vec<Ticket> {
        self.end_extensions_in_parts(cache, keys, tickets)
    }

    fn stale(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        window: Duration,
        unheard: Duration,
    ) -> Option<&[u8]> {
        let stale = self.call(|guest| guest.stale(cache, hash, key, window, unheard));
        self.peeked = stale??;
        Some(&self.peeked)
    }

    fn refresh_claim(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        within: Duration,
    ) -> Option<Ticket> {
        self.call(|guest| guest.claim(cache, hash, key, within))?
    }

    fn touch(&mut self, cache: CacheId, hash: u64, key: &str) -> bool {
        let touched = self.call(|guest| guest.touch(cache, hash, key));
        touched.unwrap_or(false)
    }

    fn peek(&mut self, cache: CacheId, hash: u64, key: &str) -> Option<&[u8]> {
        self.peeked = self.call(|guest| guest.peek(cache, hash, key))??;
        Some(&self.peeked)
    }

    fn remaining(&mut self, cache: CacheId, hash: u64, key: &str) -> Option<Option<Duration>> {
        self.call(|guest| guest.remaining(cache, hash, key))?
    }

    fn invalidate(&mut self, hash: u64, full_key: &str) {
        self.call(|guest| guest.invalidate(hash, full_key));
    }

    fn invalidate_bucket(&mut self, name: &str) {
        self.call(|guest| guest.invalidate_bucket(name));
    }

    fn invalidate_all(&mut self) {
        self.call(Guest::invalidate_all);
    }

    fn suspend(&mut self) {
        self.is_suspended = true;
        self.call(Guest::suspend);
    }

    fn resume(&mut self) {
        self.is_suspended = false;
        self.call(Guest::resume);
    }

    fn failed(&mut self, cache: CacheId) {
        self.call(|guest| guest.failed(cache));
    }

    fn clear_local(&mut self, cache: CacheId) {
        self.call(|guest| guest.clear(cache));
    }

    fn local_keys(&mut self, cache: CacheId) -> Vec<String> {
        let (mut keys, mut goes_on) = (Vec::new(), false);
        while let Some((page, is_followed)) = self.call(|guest| guest.keys(cache, goes_on)) {
            keys.extend(page);
            goes_on = is_followed;
            if !goes_on {
                break;
            }
        }
        keys
    }

    fn stats(&mut self, cache: CacheId) -> Stats {
        let stats = self.call(|guest| guest.stats(cache)).unwrap_or_default();
        let not_passed = self.opened.get(&cache).map(|opened| opened.not_passed);
        [stats, not_passed.unwrap_or_default()].into_iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::COMPONENT;

    /// So many starts that some of them are met by a tick.
    const STARTS: usize = 500;

    #[test]
    fn start_has_a_time_of_its_own_where_calls_have_none() {
        let prepared = Prepared::new(COMPONENT, Duration::ZERO, None).expect("it must compile");
        for start in 0..STARTS {
            let door = Door::new(prepared.clone(), Clock::system(), 1 << 20);
            assert!(door.is_ok(), "start {start}: {:?}", door.err());
        }
    }
}
