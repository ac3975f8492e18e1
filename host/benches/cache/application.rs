//! A hit by an application, in a loop inside wasm: given the cache by its host's linker, or
//! composed with it; and the same application's reads from `wasi:keyvalue` as wasmtime provides it
//! in memory.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Criterion;
use flipcache::Client;
use flipcache::app::{self, CacheCtx, CacheCtxView, CacheView, Grant, Tenant};
use flipcache::backend::memory::MemoryBackend;
use flipcache::link::{self, KvCtx, KvCtxView, KvView};
use wasmtime::component::{Component, Instance, Linker, ResourceTable, TypedFunc};
use wasmtime::{Config, Engine, Store};
use wasmtime_wasi_keyvalue::{WasiKeyValue, WasiKeyValueCtx, WasiKeyValueCtxBuilder};

use crate::stage::Stage;

/// Each case beside what it is compared with.
pub(crate) fn bench(criterion: &mut Criterion, stage: &Stage) {
    let app = fs::read(flipcache_tests::BENCH_APP).expect("the application must be built");
    let composed = flipcache_tests::plugged(&app, flipcache::COMPONENT);
    let mut group = criterion.benchmark_group("application");
    for (kind, app) in [
        (Kind::Synchronous, &app),
        (Kind::Asynchronous, &app),
        (Kind::Composed, &composed),
    ] {
        let mut running = Running::start(kind, app, stage);
        for (name, read) in [("keyvalue", Read::Bucket), ("cache", Read::Cache)] {
            group.bench_function(format!("{name}-{}", kind.name()), |bencher| {
                bencher.iter_custom(|iters| running.read(read, iters));
            });
        }
    }
    group.finish();
}

/// How an application gets the cache.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// From the linker of a synchronous store.
    Synchronous,
    /// From the linker of an asynchronous store.
    Asynchronous,
    /// As a part of itself, in a synchronous store.
    Composed,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Synchronous => "sync",
            Self::Asynchronous => "async",
            Self::Composed => "composed",
        }
    }
}

/// What the application reads from.
#[derive(Clone, Copy)]
enum Read {
    Cache,
    Bucket,
}

/// What a store holds.
struct Data {
    cache: CacheCtx,
    kv: KvCtx,
    keyvalue: WasiKeyValueCtx,
    table: ResourceTable,
}

impl CacheView for Data {
    fn cache(&mut self) -> CacheCtxView<'_> {
        CacheCtxView {
            ctx: &mut self.cache,
            table: &mut self.table,
        }
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

type ReadFunc = TypedFunc<(u64,), (Result<u64, String>,)>;

/// An instance of the application that has been filled.
struct Running {
    kind: Kind,
    store: Store<Data>,
    read_cache: ReadFunc,
    read_bucket: ReadFunc,
    value_len: u64,
}

impl Running {
    fn start(kind: Kind, app: &[u8], stage: &Stage) -> Self {
        let mut config = Config::new();
        config.concurrency_support(false);
        let engine = Engine::new(&config).expect("the engine must start");
        let component = Component::new(&engine, app).expect("the application must compile");
        let linker = linker(kind, &engine);
        let mut store = Store::new(&engine, data());
        let instance = pollster::block_on(async {
            match kind {
                Kind::Asynchronous => linker.instantiate_async(&mut store, &component).await,
                Kind::Synchronous | Kind::Composed => linker.instantiate(&mut store, &component),
            }
        });
        let instance = instance.expect("the application must be instantiated");
        fill(kind, &mut store, &instance, stage);
        let mut read = |name| {
            let function = instance.get_typed_func(&mut store, name);
            function.expect("the application exports it")
        };
        Self {
            kind,
            read_cache: read("read-cache"),
            read_bucket: read("read-bucket"),
            store,
            value_len: stage.values[0].len() as u64,
        }
    }

    fn read(&mut self, read: Read, times: u64) -> Duration {
        let function = match read {
            Read::Cache => &self.read_cache,
            Read::Bucket => &self.read_bucket,
        };
        let start = Instant::now();
        let (read,) = match self.kind {
            Kind::Asynchronous => {
                pollster::block_on(function.call_async(&mut self.store, (times,)))
            }
            Kind::Synchronous | Kind::Composed => function.call(&mut self.store, (times,)),
        }
        .expect("the application must not trap");
        let taken = start.elapsed();
        assert_eq!(read, Ok(times * self.value_len), "all must be hits");
        taken
    }
}

fn linker(kind: Kind, engine: &Engine) -> Linker<Data> {
    let mut linker = Linker::new(engine);
    let added = match kind {
        Kind::Synchronous => app::add_to_linker(&mut linker),
        Kind::Asynchronous => app::add_to_linker_async(&mut linker),
        Kind::Composed => link::add_to_linker(&mut linker),
    };
    added.expect("the linker is empty");
    let added = wasmtime_wasi_keyvalue::add_to_linker(&mut linker, |data: &mut Data| {
        WasiKeyValue::new(&data.keyvalue, &mut data.table)
    });
    added.expect("the linker has no such interface yet");
    linker
}

fn data() -> Data {
    let client = Client::builder(Arc::new(MemoryBackend::new())).build();
    let client = client.expect("the client must be made");
    let tenant = Tenant::new("bench").expect("it is valid");
    let kv = KvCtx::builder(Arc::new(MemoryBackend::new())).build();
    Data {
        cache: CacheCtx::builder(client, Grant::builder(tenant).build()).build(),
        kv: kv.expect("a runtime must start"),
        keyvalue: WasiKeyValueCtxBuilder::new().build(),
        table: ResourceTable::new(),
    }
}

fn fill(kind: Kind, store: &mut Store<Data>, instance: &Instance, stage: &Stage) {
    let entries: Vec<(&str, &[u8])> = stage
        .entries()
        .map(|(key, value)| (key, value.as_bytes()))
        .collect();
    let fill = instance
        .get_typed_func::<(&[(&str, &[u8])],), (Result<(), String>,)>(&mut *store, "fill")
        .expect("the application exports it");
    let filled = match kind {
        Kind::Asynchronous => pollster::block_on(fill.call_async(store, (&entries[..],))),
        Kind::Synchronous | Kind::Composed => fill.call(store, (&entries[..],)),
    };
    let (filled,) = filled.expect("the application must not trap");
    filled.expect("the memory takes it");
}
