//! The functions of the interface `driver`, but for `start` and those in [`fence`](super::fence): what each takes and answers, as
//! `wit/driver.wit` has it. What is passed belongs to the instance from there on.

use std::time::Duration;

use flipcache_core::{
    BackendReply, Bounds, CacheId, Eviction, FillOutcome, Moment, Read, Removals, Stats, Ticket,
    ValueType,
};
use wasmtime::{Result, bail};

use super::guest::Guest;
use super::memory::{Record, numbers_u32, numbers_u64};

impl Guest {
    pub(super) fn open(&mut self, cache: CacheId, name: &str, bounds: Bounds) -> Result<()> {
        let (at, len) = self.pass(name.as_bytes(), 1)?;
        let params = (
            cache.number(),
            at,
            len,
            bounds.max_entries,
            bounds.max_bytes,
            eviction(bounds.eviction),
            value_type(bounds.value_type),
            whole_millis(bounds.keep_expired),
        );
        self.exports.open.call(&mut self.store, params)
    }

    pub(super) fn read(
        &mut self,
        cache: CacheId,
        keys: &[(u64, &str)],
        ttl_on_read: Option<Duration>,
        tell: &mut dyn FnMut(Read<'_>),
    ) -> Result<()> {
        let [hashes, keys, ends] = self.pass_keys(keys)?;
        let params = (
            cache.number(),
            hashes.0,
            hashes.1,
            keys.0,
            keys.1,
            ends.0,
            ends.1,
            millis(ttl_on_read),
        );
        self.answering(
            |exports| &exports.read,
            params,
            40,
            |answers| {
                let (found, values) = (answers.list(0, 1)?, answers.list(8, 1)?);
                let ends = numbers_u32(answers.list(16, 4)?);
                let versions = numbers_u64(answers.list(24, 8)?);
                let asked = answers.u64(32);
                let mut start = 0;
                for ((found, end), version) in found.iter().zip(ends).zip(versions) {
                    let Some(value) = values.get(start..end as usize) else {
                        bail!("the shard answered values out of order");
                    };
                    start = end as usize;
                    tell(match found {
                        0 => Read::Hit(value),
                        1 => Read::ExtendTtl(ticket(version, asked)),
                        2 => Read::Absent,
                        _ => Read::Miss(ticket(version, asked)),
                    });
                }
                Ok(())
            },
        )
    }

    pub(super) fn ask(&mut self, cache: CacheId, hash: u64, key: &str) -> Result<Ticket> {
        let (key_at, key_len) = self.pass(key.as_bytes(), 1)?;
        let params = (cache.number(), hash, key_at, key_len);
        self.answering(
            |exports| &exports.ask,
            params,
            16,
            |it| Ok(ticket(it.u64(0), it.u64(8))),
        )
    }

    pub(super) fn settle(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        ticket: Ticket,
        answer: BackendReply<'_>,
    ) -> Result<FillOutcome> {
        let (key_at, key_len) = self.pass(key.as_bytes(), 1)?;
        let (case, first, len, ttl_ms) = self.pass_answer(answer)?;
        let params = (
            cache.number(),
            hash,
            key_at,
            key_len,
            ticket.version,
            ticket.asked.as_nanos(),
            case,
            first,
            len,
            ttl_ms,
        );
        Ok(match self.exports.settle.call(&mut self.store, params)? {
            0 => FillOutcome::Stored,
            1 => FillOutcome::NotStored,
            2 => FillOutcome::Undecodable,
            _ => bail!("the shard answered no outcome of a question"),
        })
    }

    pub(super) fn answered(
        &mut self,
        hash: u64,
        full_key: &str,
        answer: BackendReply<'_>,
    ) -> Result<()> {
        let (key_at, key_len) = self.pass(full_key.as_bytes(), 1)?;
        let (case, first, len, ttl_ms) = self.pass_answer(answer)?;
        let params = (hash, key_at, key_len, case, first, len, ttl_ms);
        self.exports.answered.call(&mut self.store, params)
    }

    /// Passes what L2 says: the number of its case, and what the cases flatten to.
    fn pass_answer(&mut self, answer: BackendReply<'_>) -> Result<(u32, u64, u32, u64)> {
        Ok(match answer {
            // The first number of a case is as wide as the widest.
            BackendReply::Absent { remember } => (0, whole_millis(remember), 0, 0),
            BackendReply::WrongType => (1, 0, 0, 0),
            BackendReply::Entry { value, ttl } => {
                let (at, len) = self.pass(value, 1)?;
                (2, at.into(), len, millis(ttl))
            }
        })
    }

    pub(super) fn touch(&mut self, cache: CacheId, hash: u64, key: &str) -> Result<bool> {
        let (at, len) = self.pass(key.as_bytes(), 1)?;
        let params = (cache.number(), hash, at, len);
        Ok(self.exports.touch.call(&mut self.store, params)? != 0)
    }

    pub(super) fn peek(&mut self, cache: CacheId, hash: u64, key: &str) -> Result<Option<Vec<u8>>> {
        let (at, len) = self.pass(key.as_bytes(), 1)?;
        let params = (cache.number(), hash, at, len);
        self.answering(|exports| &exports.peek, params, 12, value)
    }

    pub(super) fn stale(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        window: Duration,
        unheard: Duration,
    ) -> Result<Option<Vec<u8>>> {
        let (at, len) = self.pass(key.as_bytes(), 1)?;
        let [window, unheard] = [window, unheard].map(whole_millis);
        let params = (cache.number(), hash, at, len, window, unheard);
        self.answering(|exports| &exports.stale, params, 12, value)
    }

    pub(super) fn claim(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        within: Duration,
    ) -> Result<Option<Ticket>> {
        let (at, len) = self.pass(key.as_bytes(), 1)?;
        let params = (cache.number(), hash, at, len, whole_millis(within));
        self.answering(
            |exports| &exports.claim,
            params,
            24,
            |answer| Ok((answer.case() != 0).then(|| ticket(answer.u64(8), answer.u64(16)))),
        )
    }

    pub(super) fn remaining(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
    ) -> Result<Option<Option<Duration>>> {
        let (at, len) = self.pass(key.as_bytes(), 1)?;
        let params = (cache.number(), hash, at, len);
        self.answering(
            |exports| &exports.remaining,
            params,
            16,
            |answer| {
                let nanos = answer.u64(8);
                let left = (nanos > 0).then(|| Duration::from_nanos(nanos));
                Ok((answer.case() != 0).then_some(left))
            },
        )
    }

    pub(super) fn invalidate(&mut self, hash: u64, full_key: &str) -> Result<()> {
        let (at, len) = self.pass(full_key.as_bytes(), 1)?;
        let params = (hash, at, len);
        self.exports.invalidate.call(&mut self.store, params)
    }

    pub(super) fn invalidate_bucket(&mut self, name: &str) -> Result<()> {
        let params = self.pass(name.as_bytes(), 1)?;
        self.exports.invalidate_bucket.call(&mut self.store, params)
    }

    pub(super) fn invalidate_all(&mut self) -> Result<()> {
        self.ready();
        self.exports.invalidate_all.call(&mut self.store, ())
    }

    pub(super) fn suspend(&mut self) -> Result<()> {
        self.ready();
        self.exports.suspend.call(&mut self.store, ())
    }

    pub(super) fn resume(&mut self) -> Result<()> {
        self.ready();
        self.exports.resume.call(&mut self.store, ())
    }

    pub(super) fn failed(&mut self, cache: CacheId) -> Result<()> {
        self.ready();
        self.exports.failed.call(&mut self.store, cache.number())
    }

    pub(super) fn clear(&mut self, cache: CacheId) -> Result<()> {
        self.ready();
        self.exports.clear.call(&mut self.store, cache.number())
    }

    /// A page of keys, the first one or the next; whether there are more.
    pub(super) fn keys(&mut self, cache: CacheId, goes_on: bool) -> Result<(Vec<String>, bool)> {
        self.answering(
            |exports| &exports.keys,
            (cache.number(), u32::from(goes_on)),
            20,
            |answer| {
                let keys = std::str::from_utf8(answer.list(0, 1)?)?;
                let mut start = 0;
                let key = |end: u32| {
                    let key = keys.get(start..end as usize);
                    start = end as usize;
                    match key {
                        Some(key) => Ok(key.to_owned()),
                        None => bail!("the shard answered keys out of order"),
                    }
                };
                let keys: Result<_> = numbers_u32(answer.list(8, 4)?).map(key).collect();
                Ok((keys?, answer.flag(16)))
            },
        )
    }

    pub(super) fn stats(&mut self, cache: CacheId) -> Result<Stats> {
        self.answering(
            |exports| &exports.stats,
            cache.number(),
            128,
            |answer| {
                let counter = |number: usize| answer.u64(8 * number);
                Ok(Stats {
                    local_hits: counter(0),
                    backend_hits: counter(1),
                    misses: counter(2),
                    stale_hits: counter(3),
                    absent_hits: counter(4),
                    removals: Removals {
                        size: counter(5),
                        expired: counter(6),
                        explicit: counter(7),
                        replaced: counter(8),
                        invalidated: counter(9),
                        flushed: counter(10),
                    },
                    refused_fills: counter(11),
                    too_large: counter(12),
                    backend_errors: counter(13),
                    local_len: counter(14),
                    local_bytes: counter(15),
                })
            },
        )
    }
}

/// What an option of a list of bytes holds.
fn value(answer: Record<'_>) -> Result<Option<Vec<u8>>> {
    match answer.case() {
        0 => Ok(None),
        _ => Ok(Some(answer.list(4, 1)?.to_vec())),
    }
}

pub(super) fn ticket(version: u64, asked_ns: u64) -> Ticket {
    Ticket {
        version,
        asked: Moment::from_nanos(asked_ns),
    }
}

/// A TTL as the interface has it; one of less than a millisecond is one.
pub(super) fn millis(ttl: Option<Duration>) -> u64 {
    ttl.map_or(0, |ttl| {
        u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1)
    })
}

/// A time of which less than a millisecond is none.
fn whole_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn eviction(eviction: Eviction) -> u32 {
    match eviction {
        Eviction::Fifo => 0,
        Eviction::Lru => 1,
        Eviction::S3Fifo => 2,
    }
}

fn value_type(value_type: ValueType) -> u32 {
    match value_type {
        ValueType::Text => 0,
        ValueType::Integer => 1,
        ValueType::Float => 2,
        ValueType::Boolean => 3,
        ValueType::Json => 4,
        ValueType::Bytes => 5,
    }
}
