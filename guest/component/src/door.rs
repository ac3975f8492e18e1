//! The exports `driver` and `window`: the core, for a host that sends the requests to L2 itself.
//!
//! The host must pass well-formed arguments, by contract. Otherwise this instance traps, which
//! costs the host a local tier.

use std::time::Duration;

use flipcache_core::{self as core, BackendReply, CacheId, Moment, Read, Shard};

use crate::Component;
use crate::bindings::exports::flipcache::cache::driver::{
    Answers, Bounds, Counters, Found, Guest, Reply, Settled, Ticket, Write,
};
use crate::bindings::exports::flipcache::cache::window;
use crate::state::{clock, start, with_listing, with_shard, with_window};

/// The size of a key's record in the window, in bytes.
const RECORD: usize = 16;

impl window::Guest for Component {
    fn reserve(size: u32) -> u32 {
        with_window(|window, _| {
            window.resize(size as usize, 0);
            address(window)
        })
    }

    fn find(cache: u32, hash: u64, key_len: u32, ttl_on_read_ms: u64) -> u64 {
        let (cache, ttl) = (CacheId::from_number(cache), ttl(ttl_on_read_ms));
        with_window(|window, shard| {
            let key = &window[..key_len as usize];
            place(shard.find(cache, hash, key, ttl, &clock))
        })
    }

    fn find_many(cache: u32, count: u32, ttl_on_read_ms: u64) {
        let (cache, ttl) = (CacheId::from_number(cache), ttl(ttl_on_read_ms));
        with_window(|window, shard| {
            let (records, mut keys) = window.split_at_mut(RECORD * count as usize);
            for record in records.as_chunks_mut::<RECORD>().0 {
                let [hash, len] = numbers(record);
                let len = usize::try_from(len).unwrap_or(usize::MAX);
                let (key, rest) = keys.split_at_mut(len);
                keys = rest;
                let found = place(shard.find(cache, hash, key, ttl, &clock));
                record[..8].copy_from_slice(&found.to_le_bytes());
            }
        });
    }
}

impl Guest for Component {
    fn start(incarnation: u32, max_bytes: u64) {
        start(incarnation, max_bytes);
    }

    fn open(cache: u32, name: String, bounds: Bounds) {
        with_shard(|shard| shard.open(CacheId::from_number(cache), &name, bounds.into()));
    }

    fn read(
        cache: u32,
        hashes: Vec<u64>,
        keys: String,
        ends: Vec<u32>,
        ttl_on_read_ms: u64,
    ) -> Answers {
        let (cache, ttl) = (CacheId::from_number(cache), ttl(ttl_on_read_ms));
        // Read the clock once, and only if it is needed.
        let now = std::cell::OnceCell::new();
        let clock = || *now.get_or_init(clock);
        let mut answers = Answers {
            found: Vec::with_capacity(hashes.len()),
            values: Vec::new(),
            ends: Vec::with_capacity(hashes.len()),
            versions: Vec::with_capacity(hashes.len()),
            asked_ns: 0,
        };
        with_shard(|shard| {
            for (hash, key) in hashes.iter().zip(divided(&keys, &ends)) {
                let (found, ticket) = match shard.read(cache, *hash, key, ttl, &clock) {
                    Read::Hit(wire) => {
                        answers.values.extend_from_slice(wire);
                        (Found::Hit, None)
                    }
                    Read::ExtendTtl(ticket) => (Found::Renew, Some(ticket)),
                    Read::Absent => (Found::Absent, None),
                    Read::Miss(ticket) => (Found::Miss, Some(ticket)),
                };
                answers.found.push(found);
                answers.ends.push(len(&answers.values));
                answers.versions.push(ticket.map_or(0, |it| it.version));
                answers.asked_ns = ticket.map_or(answers.asked_ns, |it| it.asked.as_nanos());
            }
        });
        answers
    }

    fn ask(cache: u32, hash: u64, key: String) -> Ticket {
        let cache = CacheId::from_number(cache);
        with_shard(|shard| shard.ticket(cache, hash, &key, &clock)).into()
    }

    fn settle(cache: u32, hash: u64, key: String, ticket: Ticket, reply: Reply) -> Settled {
        let (cache, answer) = (CacheId::from_number(cache), answer(&reply));
        let settled = with_shard(|shard| shard.settle(cache, hash, &key, ticket.into(), answer));
        match settled {
            core::FillOutcome::Stored => Settled::Kept,
            core::FillOutcome::NotStored => Settled::PassedOn,
            core::FillOutcome::Undecodable => Settled::Undecodable,
        }
    }

    fn answered(hash: u64, full_key: String, reply: Reply) {
        with_shard(|shard| shard.observe(hash, &full_key, answer(&reply)));
    }

    fn begin_writes(cache: u32, hashes: Vec<u64>, keys: String, ends: Vec<u32>) -> (Vec<u64>, u64) {
        let keys: Vec<_> = hashes.into_iter().zip(divided(&keys, &ends)).collect();
        let cache = CacheId::from_number(cache);
        begun(&with_shard(|shard| {
            shard.begin_writes(cache, &keys, &clock)
        }))
    }

    fn end_writes(cache: u32, asked_ns: u64, writes: Vec<Write>, keys: String, values: Vec<u8>) {
        let (mut key_start, mut value_start) = (0, 0);
        let writes = writes.iter().map(|write| {
            let (key_end, value_end) = (write.key_end as usize, write.value_end as usize);
            let value = &values[value_start..value_end];
            let written = core::Write {
                hash: write.hash,
                key: &keys[key_start..key_end],
                ticket: core::Ticket {
                    version: write.version,
                    asked: Moment::from_nanos(asked_ns),
                },
                written: write.is_written.then(|| (value, ttl(write.ttl_ms))),
            };
            (key_start, value_start) = (key_end, value_end);
            written
        });
        let writes: Vec<_> = writes.collect();
        with_shard(|shard| shard.end_writes(CacheId::from_number(cache), &writes));
    }

    fn begin_extensions(
        cache: u32,
        hashes: Vec<u64>,
        keys: String,
        ends: Vec<u32>,
    ) -> (Vec<u64>, u64) {
        let keys: Vec<_> = hashes.into_iter().zip(divided(&keys, &ends)).collect();
        let cache = CacheId::from_number(cache);
        begun(&with_shard(|shard| {
            shard.begin_extensions(cache, &keys, &clock)
        }))
    }

    fn end_extensions(
        cache: u32,
        hashes: Vec<u64>,
        versions: Vec<u64>,
        keys: String,
        ends: Vec<u32>,
    ) -> Vec<u64> {
        let keys: Vec<_> = hashes.into_iter().zip(divided(&keys, &ends)).collect();
        let ticket = |version| core::Ticket {
            version,
            ..core::Ticket::VOID
        };
        let tickets: Vec<_> = versions.into_iter().map(ticket).collect();
        let cache = CacheId::from_number(cache);
        let ended = with_shard(|shard| shard.end_extensions(cache, &keys, &tickets));
        ended.into_iter().map(|ticket| ticket.version).collect()
    }

    fn stale(
        cache: u32,
        hash: u64,
        key: String,
        window_ms: u64,
        unheard_ms: u64,
    ) -> Option<Vec<u8>> {
        let cache = CacheId::from_number(cache);
        let [window, unheard] = [window_ms, unheard_ms].map(Duration::from_millis);
        with_shard(|shard| {
            let wire = shard.stale(cache, hash, &key, window, unheard, &clock);
            wire.map(<[u8]>::to_vec)
        })
    }

    fn claim(cache: u32, hash: u64, key: String, within_ms: u64) -> Option<Ticket> {
        let (cache, within) = (
            CacheId::from_number(cache),
            Duration::from_millis(within_ms),
        );
        let ticket = with_shard(|shard| shard.refresh_claim(cache, hash, &key, within, &clock));
        ticket.map(Into::into)
    }

    fn touch(cache: u32, hash: u64, key: String) -> bool {
        with_shard(|shard| shard.touch(CacheId::from_number(cache), hash, &key, &clock))
    }

    fn peek(cache: u32, hash: u64, key: String) -> Option<Vec<u8>> {
        with_shard(|shard| {
            let wire = shard.peek(CacheId::from_number(cache), hash, &key, &clock);
            wire.map(<[u8]>::to_vec)
        })
    }

    fn remaining(cache: u32, hash: u64, key: String) -> Option<u64> {
        let cache = CacheId::from_number(cache);
        let left = with_shard(|shard| shard.remaining(cache, hash, &key, &clock))?;
        Some(left.map_or(0, |left| {
            // A live entry has at least a nanosecond of its TTL left.
            u64::try_from(left.as_nanos()).unwrap_or(u64::MAX).max(1)
        }))
    }

    fn invalidate(hash: u64, full_key: String) {
        with_shard(|shard| shard.invalidate(hash, &full_key));
    }

    fn invalidate_bucket(name: String) {
        with_shard(|shard| shard.invalidate_bucket(&name));
    }

    fn invalidate_all() {
        with_shard(Shard::invalidate_all);
    }

    fn suspend() {
        with_shard(Shard::suspend);
    }

    fn resume() {
        with_shard(Shard::resume);
    }

    fn failed(cache: u32) {
        with_shard(|shard| shard.failed(CacheId::from_number(cache)));
    }

    fn clear(cache: u32) {
        with_shard(|shard| shard.clear_local(CacheId::from_number(cache)));
    }

    fn keys(cache: u32, goes_on: bool) -> (String, Vec<u32>, bool) {
        let (mut text, mut ends) = (String::new(), Vec::new());
        let goes_on = with_listing(|shard, listing| {
            if !goes_on {
                *listing = Some(shard.list_keys(CacheId::from_number(cache)));
            }
            let goes_on = listing.as_mut().is_some_and(|listing| {
                shard.next_keys(listing, &clock, &mut |key| {
                    text.push_str(key);
                    ends.push(len(text.as_bytes()));
                })
            });
            if !goes_on {
                *listing = None;
            }
            goes_on
        });
        (text, ends, goes_on)
    }

    fn stats(cache: u32) -> Counters {
        with_shard(|shard| shard.stats(CacheId::from_number(cache))).into()
    }
}

/// Returns the versions of the tickets of one call, and their common moment.
fn begun(tickets: &[core::Ticket]) -> (Vec<u64>, u64) {
    let asked = tickets.first().map_or(0, |ticket| ticket.asked.as_nanos());
    (tickets.iter().map(|ticket| ticket.version).collect(), asked)
}

/// Converts a reply of L2 for the core.
fn answer(reply: &Reply) -> BackendReply<'_> {
    match reply {
        Reply::Absent(remember_ms) => BackendReply::Absent {
            remember: Duration::from_millis(*remember_ms),
        },
        Reply::WrongType => BackendReply::WrongType,
        Reply::Entry((value, ttl_ms)) => BackendReply::Entry {
            value,
            ttl: ttl(*ttl_ms),
        },
    }
}

/// Returns the address and the length of a value, or 0.
fn place(found: Option<&[u8]>) -> u64 {
    found.map_or(0, |wire| u64::from(address(wire)) << 32 | wire.len() as u64)
}

/// Returns the two numbers of a record.
fn numbers(record: &[u8; RECORD]) -> [u64; 2] {
    let (numbers, _) = record.as_chunks::<8>();
    [
        u64::from_le_bytes(numbers[0]),
        u64::from_le_bytes(numbers[1]),
    ]
}

/// Splits concatenated keys at their ends.
fn divided<'a>(keys: &'a str, ends: &[u32]) -> impl Iterator<Item = &'a str> {
    let mut start = 0;
    ends.iter().map(move |end| {
        let key = &keys[start..*end as usize];
        start = *end as usize;
        key
    })
}

fn ttl(millis: u64) -> Option<Duration> {
    (millis > 0).then(|| Duration::from_millis(millis))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "addresses have 32 bits where this runs"
)]
fn address(bytes: &[u8]) -> u32 {
    bytes.as_ptr().addr() as u32
}

/// Returns a length; addresses of an instance have 32 bits.
fn len(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
