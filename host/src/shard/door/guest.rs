//! One instance of the main core module: the interfaces `driver` and `window`, by the canonical ABI.
//!
//! A method is a function of `wit/driver.wit`. It fails where the instance has trapped or broken the
//! contract, and then the instance is good for nothing. Strings and lists that are passed are copied
//! into the instance's memory, which owns them from there on.

use std::time::Duration;

use flipcache_core::{
    Answer, Bounds, CacheId, Eviction, Moment, Read, Settled, Stats, Ticket, ValueType, Write,
};
use wasmtime::{Memory, Result, Store, StoreLimitsBuilder, WasmParams, bail};

use super::engine::{Data, Prepared};
use super::exports::{Answering, Exports};
use super::memory::{Record, numbers_u32, numbers_u64};
use crate::clock::Clock;

/// So much memory may growing tables and fragments take beyond a shard's budget, which is also
/// allowed half as much again.
const HEADROOM: u64 = 16 << 20;

/// All that 32 bits can address.
const MAX_MEMORY: u64 = 1 << 32;

/// A call is stopped at the second tick after its start: the first may come at once.
const TICKS: u64 = 2;

/// The first size of the window, in bytes: most keys fit.
const WINDOW: usize = 256;

pub(super) struct Guest {
    store: Store<Data>,
    memory: Memory,
    exports: Exports,
    window: Window,
}

/// Where the guest takes keys from without owning them.
struct Window {
    start: usize,
    size: usize,
}

/// Where a value stands in the memory, until the next call.
#[derive(Clone, Copy)]
pub(super) struct Place {
    start: usize,
    len: usize,
}

impl Guest {
    /// A fresh instance with an empty shard.
    pub(super) fn start(
        prepared: &Prepared,
        clock: Clock,
        incarnation: u32,
        max_bytes: u64,
    ) -> Result<Self> {
        let memory = max_bytes.saturating_add(max_bytes / 2);
        let memory = memory.saturating_add(HEADROOM).min(MAX_MEMORY);
        let limits = StoreLimitsBuilder::new()
            .memory_size(usize::try_from(memory).unwrap_or(usize::MAX))
            .build();
        let mut store = Store::new(prepared.engine(), Data { limits, clock });
        store.limiter(|data| &mut data.limits);
        store.set_epoch_deadline(TICKS);
        let instance = prepared.instantiate(&mut store)?;
        let exports = Exports::of(&instance, &mut store)?;
        let Some(memory) = instance.get_memory(&mut store, "memory") else {
            bail!("the component file exports no memory");
        };
        exports.start.call(&mut store, (incarnation, max_bytes))?;
        let mut guest = Self {
            store,
            memory,
            exports,
            window: Window { start: 0, size: 0 },
        };
        guest.reserve(WINDOW)?;
        Ok(guest)
    }

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
        );
        self.exports.open.call(&mut self.store, params)
    }

    /// Where the value of a hit is, if it is one. Allocates nothing.
    pub(super) fn find(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        ttl_on_read: Option<Duration>,
    ) -> Result<Option<Place>> {
        self.store.set_epoch_deadline(TICKS);
        if key.len() > self.window.size {
            self.reserve(key.len())?;
        }
        let Window { start, .. } = self.window;
        let memory = self.memory.data_mut(&mut self.store);
        let Some(window) = memory.get_mut(start..start + key.len()) else {
            bail!("the window is outside the shard's memory");
        };
        window.copy_from_slice(key.as_bytes());
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the window's size has 32 bits"
        )]
        let params = (cache.number(), hash, key.len() as u32, millis(ttl_on_read));
        let found = self.exports.find.call(&mut self.store, params)?;
        let place = Place {
            start: usize::try_from(found >> 32)?,
            len: usize::try_from(found & u64::from(u32::MAX))?,
        };
        Ok((found != 0).then_some(place))
    }

    /// What stands at a place.
    pub(super) fn value(&self, place: Place) -> Option<&[u8]> {
        let memory = self.memory.data(&self.store);
        memory.get(place.start..place.start.checked_add(place.len)?)
    }

    pub(super) fn read(
        &mut self,
        cache: CacheId,
        keys: &[(u64, &str)],
        ttl_on_read: Option<Duration>,
        tell: &mut dyn FnMut(Read<'_>),
    ) -> Result<()> {
        let (hashes, keys) = self.pass_keys(keys)?;
        let ttl = millis(ttl_on_read);
        let params = (
            cache.number(),
            hashes.0,
            hashes.1,
            keys.0.0,
            keys.0.1,
            keys.1.0,
            keys.1.1,
            ttl,
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
                        1 => Read::Renew(ticket(version, asked)),
                        _ => Read::Miss(ticket(version, asked)),
                    });
                }
                Ok(())
            },
        )
    }

    pub(super) fn ask(&mut self, cache: CacheId, hash: u64) -> Result<Ticket> {
        let params = (cache.number(), hash);
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
        answer: Answer<'_>,
    ) -> Result<Settled> {
        let (case, value, ttl) = match answer {
            Answer::Absent => (0, &[][..], None),
            Answer::WrongType => (1, &[][..], None),
            Answer::Entry { value, ttl } => (2, value, ttl),
        };
        let (key_at, key_len) = self.pass(key.as_bytes(), 1)?;
        let (at, len) = self.pass(value, 1)?;
        let params = (
            cache.number(),
            hash,
            key_at,
            key_len,
            ticket.version,
            ticket.asked.as_nanos(),
            case,
            at,
            len,
            millis(ttl),
        );
        Ok(match self.exports.settle.call(&mut self.store, params)? {
            0 => Settled::Kept,
            1 => Settled::PassedOn,
            2 => Settled::Undecodable,
            _ => bail!("the shard answered no outcome of a question"),
        })
    }

    pub(super) fn begin_writes(
        &mut self,
        cache: CacheId,
        keys: &[(u64, &str)],
    ) -> Result<Vec<Ticket>> {
        let (hashes, passed) = self.pass_keys(keys)?;
        let params = (
            cache.number(),
            hashes.0,
            hashes.1,
            passed.0.0,
            passed.0.1,
            passed.1.0,
            passed.1.1,
        );
        let tickets: Vec<_> = self.answering(
            |exports| &exports.begin_writes,
            params,
            16,
            |answer| {
                let asked = answer.u64(8);
                let versions = numbers_u64(answer.list(0, 8)?);
                Ok(versions.map(|version| ticket(version, asked)).collect())
            },
        )?;
        if tickets.len() != keys.len() {
            bail!("the shard answered another number of tickets");
        }
        Ok(tickets)
    }

    /// The writes of one call, whose tickets are of one moment.
    pub(super) fn end_writes(&mut self, cache: CacheId, writes: &[Write<'_>]) -> Result<()> {
        let asked = writes
            .first()
            .map_or(0, |write| write.ticket.asked.as_nanos());
        let (mut records, mut keys, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for write in writes {
            let (value, ttl) = write.written.unwrap_or_default();
            keys.extend_from_slice(write.key.as_bytes());
            values.extend_from_slice(value);
            // The fields of the record `write` as the canonical ABI lays them out.
            records.extend(write.hash.to_le_bytes());
            records.extend(write.ticket.version.to_le_bytes());
            records.extend(millis(ttl).to_le_bytes());
            records.extend(u32::try_from(keys.len())?.to_le_bytes());
            records.extend(u32::try_from(values.len())?.to_le_bytes());
            records.extend(u64::from(write.written.is_some()).to_le_bytes());
        }
        let (records_at, _) = self.pass(&records, 8)?;
        let (keys_at, keys_len) = self.pass(&keys, 1)?;
        let (values_at, values_len) = self.pass(&values, 1)?;
        let params = (
            cache.number(),
            asked,
            records_at,
            u32::try_from(writes.len())?,
            keys_at,
            keys_len,
            values_at,
            values_len,
        );
        self.exports.end_writes.call(&mut self.store, params)
    }

    pub(super) fn touch(&mut self, cache: CacheId, hash: u64, key: &str) -> Result<bool> {
        let (at, len) = self.pass(key.as_bytes(), 1)?;
        let params = (cache.number(), hash, at, len);
        Ok(self.exports.touch.call(&mut self.store, params)? != 0)
    }

    pub(super) fn peek(&mut self, cache: CacheId, hash: u64, key: &str) -> Result<Option<Vec<u8>>> {
        let (at, len) = self.pass(key.as_bytes(), 1)?;
        let params = (cache.number(), hash, at, len);
        self.answering(
            |exports| &exports.peek,
            params,
            12,
            |answer| match answer.case() {
                0 => Ok(None),
                _ => Ok(Some(answer.list(4, 1)?.to_vec())),
            },
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

    pub(super) fn failed(&mut self, cache: CacheId) -> Result<()> {
        self.store.set_epoch_deadline(TICKS);
        self.exports.failed.call(&mut self.store, cache.number())
    }

    pub(super) fn clear(&mut self, cache: CacheId) -> Result<()> {
        self.store.set_epoch_deadline(TICKS);
        self.exports.clear.call(&mut self.store, cache.number())
    }

    pub(super) fn keys(&mut self, cache: CacheId) -> Result<Vec<String>> {
        self.answering(
            |exports| &exports.keys,
            cache.number(),
            16,
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
                numbers_u32(answer.list(8, 4)?).map(key).collect()
            },
        )
    }

    pub(super) fn stats(&mut self, cache: CacheId) -> Result<Stats> {
        self.answering(
            |exports| &exports.stats,
            cache.number(),
            88,
            |answer| {
                let counter = |number: usize| answer.u64(8 * number);
                Ok(Stats {
                    local_hits: counter(0),
                    backend_hits: counter(1),
                    misses: counter(2),
                    stale_hits: counter(3),
                    evictions: counter(4),
                    expirations: counter(5),
                    invalidations: counter(6),
                    refused_fills: counter(7),
                    backend_errors: counter(8),
                    local_len: counter(9),
                    local_bytes: counter(10),
                })
            },
        )
    }

    /// Makes the window at least so large.
    fn reserve(&mut self, size: usize) -> Result<()> {
        self.store.set_epoch_deadline(TICKS);
        let address = self
            .exports
            .reserve
            .call(&mut self.store, u32::try_from(size)?)?;
        self.window = Window {
            start: address as usize,
            size,
        };
        Ok(())
    }

    /// Calls a function whose answer stands in memory, and gives the answer back.
    fn answering<P: WasmParams, R>(
        &mut self,
        function: impl FnOnce(&Exports) -> &Answering<P>,
        params: P,
        size: usize,
        lift: impl FnOnce(Record<'_>) -> Result<R>,
    ) -> Result<R> {
        self.store.set_epoch_deadline(TICKS);
        let function = function(&self.exports);
        let address = function.call.call(&mut self.store, params)?;
        let memory = self.memory.data(&self.store);
        let answer = lift(Record::new(memory, address, size)?)?;
        if let Some(release) = &function.release {
            release.call(&mut self.store, address)?;
        }
        Ok(answer)
    }

    /// Hashes and keys as three lists.
    fn pass_keys(&mut self, keys: &[(u64, &str)]) -> Result<(Passed, (Passed, Passed))> {
        let (mut hashes, mut text, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        for (hash, key) in keys {
            hashes.extend(hash.to_le_bytes());
            text.extend_from_slice(key.as_bytes());
            ends.extend(u32::try_from(text.len())?.to_le_bytes());
        }
        let count = u32::try_from(keys.len())?;
        let (hashes, _) = self.pass(&hashes, 8)?;
        let text = self.pass(&text, 1)?;
        let (ends, _) = self.pass(&ends, 4)?;
        Ok(((hashes, count), (text, (ends, count))))
    }

    /// Copies bytes into memory that the next call takes over: where they are, and how many.
    fn pass(&mut self, bytes: &[u8], align: u32) -> Result<Passed> {
        self.store.set_epoch_deadline(TICKS);
        let size = u32::try_from(bytes.len())?;
        let at = self
            .exports
            .realloc
            .call(&mut self.store, (0, 0, align, size))?;
        self.memory
            .write(&mut self.store, at as usize, bytes)
            .map_err(|_| wasmtime::Error::msg("the shard has no such address"))?;
        Ok((at, size))
    }
}

/// A list in the guest's memory: its address, and how many items it has.
type Passed = (u32, u32);

fn ticket(version: u64, asked_ns: u64) -> Ticket {
    Ticket {
        version,
        asked: Moment::from_nanos(asked_ns),
    }
}

/// A TTL as the interface has it; one of less than a millisecond is one.
fn millis(ttl: Option<Duration>) -> u64 {
    ttl.map_or(0, |ttl| {
        u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1)
    })
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
