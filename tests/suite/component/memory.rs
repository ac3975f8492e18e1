//! The linear memory that entries occupy in an instance, including fragmentation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flipcache::backend::memory::MemoryBackend;
use flipcache::link::{self, KvCtx, KvCtxView, KvView};
use wasmtime::component::{Component, Linker, ResourceAny, ResourceTable};
use wasmtime::{Engine, ResourceLimiter, Store};
use wasmtime_wasi::clocks::HostMonotonicClock;

use crate::exports::{Caches, Eviction, Expiry, KeyType, Options, Value, ValueType};

const HOUR_MS: u64 = 60 * 60 * 1_000;

/// The cache in an instance whose memory is watched, by a clock that moves only on demand.
struct World {
    store: Store<Data>,
    caches: Caches,
    cache: ResourceAny,
    millis: Arc<AtomicU64>,
}

struct Data {
    kv: KvCtx,
    table: ResourceTable,
    memory: Memory,
}

/// How many bytes the instance's memory has.
struct Memory(usize);

impl ResourceLimiter for Memory {
    fn memory_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.0 = desired;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

struct Clock(Arc<AtomicU64>);

impl HostMonotonicClock for Clock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst) * 1_000_000 + 1
    }
}

impl KvView for Data {
    fn kv(&mut self) -> KvCtxView<'_> {
        KvCtxView {
            ctx: &mut self.kv,
            table: &mut self.table,
        }
    }
}

impl World {
    fn open(eviction: Eviction, local_max: u32, local_max_bytes: Option<u64>) -> Self {
        let engine = Engine::default();
        let mut linker = Linker::new(&engine);
        link::add_to_linker::<Data>(&mut linker).expect("the linker must be empty");
        let component = Component::new(&engine, flipcache::COMPONENT).expect("it must compile");
        let millis = Arc::new(AtomicU64::new(0));
        let kv = KvCtx::builder(Arc::new(MemoryBackend::new()));
        let kv = kv.monotonic_clock(Clock(Arc::clone(&millis))).build();
        let data = Data {
            kv: kv.expect("a runtime must start"),
            table: ResourceTable::new(),
            memory: Memory(0),
        };
        let mut store = Store::new(&engine, data);
        store.limiter(|data| &mut data.memory);
        let caches = Caches::instantiate(&mut store, &component, &linker);
        let caches = caches.expect("it must instantiate");
        let options = Options {
            local_max,
            local_max_bytes,
            eviction,
            ttl_ms: None,
            refresh_ttl_on_get: false,
            key_type: KeyType::Text,
            value_type: ValueType::Text,
            default: None,
            store_default: false,
        };
        let flip_cache = caches.flipcache_cache_cache().flip_cache();
        let opened = flip_cache.call_open(&mut store, "n", &options);
        let cache = opened.expect("it must not trap").expect("it must open");
        Self {
            store,
            caches,
            cache,
            millis,
        }
    }

    fn set_many(&mut self, entries: &[(String, Value)], expiry: Expiry) {
        let flip_cache = self.caches.flipcache_cache_cache().flip_cache();
        let written = flip_cache.call_set_many(&mut self.store, self.cache, entries, expiry);
        let written = written.expect("it must not trap");
        written.unwrap_or_else(|error| panic!("the entries must be written: {error:?}"));
    }

    fn bytes(&self) -> usize {
        self.store.data().memory.0
    }

    fn local_len(&mut self) -> u64 {
        let flip_cache = self.caches.flipcache_cache_cache().flip_cache();
        let stats = flip_cache.call_stats(&mut self.store, self.cache);
        stats.expect("it must not trap").local_len
    }
}

/// A deterministic pseudo-random sequence.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Ten characters each.
fn entries(numbers: std::ops::Range<usize>) -> Vec<(String, Value)> {
    let entry = |number| {
        (
            format!("{number:010}"),
            Value::Text(format!("{number:010}")),
        )
    };
    numbers.map(entry).collect()
}

#[test]
fn set_many_small_entries_takes_ninety_bytes_each_at_most() {
    const ENTRIES: usize = 100_000;
    for eviction in [Eviction::Fifo, Eviction::S3Fifo] {
        let mut world = World::open(eviction, 100_000, None);
        world.set_many(&entries(0..1), Expiry::Inherit);
        let before = world.bytes();
        let growth = |world: &World| (world.bytes() - before) / ENTRIES;
        for start in (0..ENTRIES).step_by(100) {
            world.set_many(&entries(start..start + 100), Expiry::Inherit);
        }
        let filled = growth(&world);
        assert!(filled <= 90, "{filled} bytes an entry under {eviction:?}");
        // As many again: the full cache, with ghosts under S3-FIFO.
        for start in (ENTRIES..2 * ENTRIES).step_by(100) {
            world.set_many(&entries(start..start + 100), Expiry::Inherit);
        }
        assert_eq!(world.local_len(), ENTRIES as u64);
        let full = growth(&world);
        assert!(full <= 95, "{full} bytes an entry of a full {eviction:?}");
    }
}

/// A year by the clock, with seasons of small values and of large ones, some that live for hours
/// and some for ever.
#[test]
fn set_for_a_year_uses_no_more_memory_in_the_second_half_than_in_the_first() {
    const DAYS: u64 = 365;
    const MAX_BYTES: u64 = 2 << 20;
    for eviction in [Eviction::Fifo, Eviction::S3Fifo] {
        let mut world = World::open(eviction, 20_000, Some(MAX_BYTES));
        let mut chance = Chance(1);
        let mut in_the_first_half = 0;
        for day in 0..DAYS {
            for hour in 0..24 {
                let largest = [30, 3_000, 300][(day / 20 % 3) as usize];
                let entry = |chance: &mut Chance| {
                    let len = chance.below(largest);
                    let value = "x".repeat(usize::try_from(len).expect("a short text"));
                    (chance.below(200_000).to_string(), Value::Text(value))
                };
                let written: Vec<_> = (0..16).map(|_| entry(&mut chance)).collect();
                let expiry = match hour % 3 {
                    0 => Expiry::Never,
                    _ => Expiry::AfterMs((1 + chance.below(72)) * HOUR_MS),
                };
                world.set_many(&written, expiry);
                world.millis.fetch_add(HOUR_MS, Ordering::SeqCst);
            }
            if day == DAYS / 2 {
                in_the_first_half = world.bytes();
            }
        }
        let bytes = world.bytes();
        assert!(
            bytes <= in_the_first_half + in_the_first_half / 8,
            "{in_the_first_half} bytes after half a year, and {bytes} after the year under {eviction:?}"
        );
        // What a host grants: half as much again as the tier may weigh, beside what an instance has
        // anyway.
        let weight = MAX_BYTES + 20_000 * 80;
        assert!(
            (bytes as u64) < weight + weight / 2,
            "{bytes} bytes for a tier of {weight} under {eviction:?}"
        );
    }
}
