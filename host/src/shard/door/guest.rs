//! One instance of the main core module: how it starts, how a hit is found, and how strings, lists and
//! answers pass by the canonical ABI.
//!
//! A method fails where the instance has trapped or broken the contract, and then the instance is good
//! for nothing.

use std::time::Duration;

use flipcache_core::CacheId;
use wasmtime::{Memory, Result, Store, StoreLimitsBuilder, UpdateDeadline, WasmParams, bail};

use super::engine::{Data, Prepared};
use super::exports::{Answering, Exports};
use super::functions::millis;
use super::memory::{Record, numbers_u64};
use super::watch::{Watch, thread_time};
use crate::clock::Clock;

/// So much memory may growing tables and fragments take beyond a shard's budget, which is also
/// allowed half as much again.
const HEADROOM: u64 = 16 << 20;

/// All that 32 bits can address.
const MAX_MEMORY: u64 = 1 << 32;

/// The time for which an instance may compute until it is ready for calls. It does not depend on the deadline of
/// calls: starting is the same work on any machine, and without it there is no shard.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// The first size of the window, in bytes: most keys fit.
const WINDOW: usize = 256;

/// A key's record in the window for `find-many`, in bytes.
const RECORD: usize = 16;

pub(super) struct Guest {
    pub(super) store: Store<Data>,
    pub(super) exports: Exports,
    memory: Memory,
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

impl Place {
    /// What `find` answers, if it is a hit.
    #[expect(clippy::cast_possible_truncation, reason = "both halves have 32 bits")]
    fn of(found: u64) -> Option<Self> {
        let (start, len) = ((found >> 32) as usize, found as u32 as usize);
        (found != 0).then_some(Self { start, len })
    }

    fn bytes(self, memory: &[u8]) -> Option<&[u8]> {
        memory.get(self.start..self.start.checked_add(self.len)?)
    }
}

impl Guest {
    /// A fresh instance with an empty shard. What is called until [`started`](Self::started) has the time for
    /// starting.
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
        let watch = Watch::new(START_DEADLINE);
        let data = Data {
            limits,
            clock,
            watch,
        };
        let mut store = Store::new(prepared.engine(), data);
        store.limiter(|data| &mut data.limits);
        store.epoch_deadline_callback(|mut store| {
            if store.data_mut().watch.is_over(thread_time()) {
                Ok(UpdateDeadline::Interrupt)
            } else {
                Ok(UpdateDeadline::Continue(1))
            }
        });
        store.set_epoch_deadline(1);
        let instance = prepared.instantiate(&mut store)?;
        let exports = Exports::of(&instance, &mut store)?;
        let Some(memory) = instance.get_memory(&mut store, "memory") else {
            bail!("the component file exports no memory");
        };
        exports.start.call(&mut store, (incarnation, max_bytes))?;
        let mut guest = Self {
            store,
            exports,
            memory,
            window: Window { start: 0, size: 0 },
        };
        guest.reserve(WINDOW)?;
        Ok(guest)
    }

    /// Ends the time for starting: each call has its own from now on.
    pub(super) fn started(&mut self, call_deadline: Duration) {
        self.store.data_mut().watch = Watch::new(call_deadline);
    }

    /// Where the value of a hit is, if it is one. Allocates nothing.
    pub(super) fn find(
        &mut self,
        cache: CacheId,
        hash: u64,
        key: &str,
        ttl_on_read: Option<Duration>,
    ) -> Result<Option<Place>> {
        self.ready();
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
        Ok(Place::of(found))
    }

    /// As [`find`](Self::find) for the keys at `indices`: tells the value of each, if it is a hit, in
    /// order.
    pub(super) fn find_many(
        &mut self,
        cache: CacheId,
        keys: &[(u64, &str)],
        indices: &[usize],
        ttl_on_read: Option<Duration>,
        tell: &mut dyn FnMut(usize, Option<&[u8]>),
    ) -> Result<()> {
        self.ready();
        let records = indices.len() * RECORD;
        let lengths = indices.iter().map(|at| keys[*at].1.len());
        let size = records + lengths.sum::<usize>();
        if size > self.window.size {
            self.reserve(size)?;
        }
        let start = self.window.start;
        let memory = self.memory.data_mut(&mut self.store);
        let Some(window) = memory.get_mut(start..start + size) else {
            bail!("the window is outside the shard's memory");
        };
        let (records, mut rest) = window.split_at_mut(records);
        for (record, at) in records.as_chunks_mut::<RECORD>().0.iter_mut().zip(indices) {
            let (hash, key) = keys[*at];
            let (place, after) = rest.split_at_mut(key.len());
            place.copy_from_slice(key.as_bytes());
            rest = after;
            record[..8].copy_from_slice(&hash.to_le_bytes());
            record[8..].copy_from_slice(&(key.len() as u64).to_le_bytes());
        }
        let count = u32::try_from(indices.len())?;
        let params = (cache.number(), count, millis(ttl_on_read));
        self.exports.find_many.call(&mut self.store, params)?;
        let memory = self.memory.data(&self.store);
        let records = memory.get(start..start + indices.len() * RECORD);
        let found = numbers_u64(records.unwrap_or_default()).step_by(2);
        for (at, found) in indices.iter().zip(found) {
            let value = Place::of(found).map(|place| place.bytes(memory));
            match value {
                Some(None) => bail!("the shard answered an address outside its memory"),
                value => tell(*at, value.flatten()),
            }
        }
        Ok(())
    }

    /// What stands at a place.
    pub(super) fn value(&self, place: Place) -> Option<&[u8]> {
        place.bytes(self.memory.data(&self.store))
    }

    /// Gives the next call its time.
    pub(super) fn ready(&mut self) {
        self.store.data_mut().watch.begin();
        self.store.set_epoch_deadline(1);
    }

    /// Makes the window at least so large.
    fn reserve(&mut self, size: usize) -> Result<()> {
        self.ready();
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
    pub(super) fn answering<P: WasmParams, R>(
        &mut self,
        function: impl FnOnce(&Exports) -> &Answering<P>,
        params: P,
        size: usize,
        lift: impl FnOnce(Record<'_>) -> Result<R>,
    ) -> Result<R> {
        self.ready();
        let function = function(&self.exports);
        let address = function.call.call(&mut self.store, params)?;
        let memory = self.memory.data(&self.store);
        let answer = lift(Record::new(memory, address, size)?)?;
        if let Some(release) = &function.release {
            release.call(&mut self.store, address)?;
        }
        Ok(answer)
    }

    /// Hashes, keys end to end, and where each ends.
    pub(super) fn pass_keys(&mut self, keys: &[(u64, &str)]) -> Result<[Passed; 3]> {
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
        Ok([(hashes, count), text, (ends, count)])
    }

    /// Copies bytes into memory that the next call takes over: where they are, and how many.
    pub(super) fn pass(&mut self, bytes: &[u8], align: u32) -> Result<Passed> {
        self.ready();
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
pub(super) type Passed = (u32, u32);
