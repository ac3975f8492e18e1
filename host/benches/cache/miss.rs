//! A miss that fills the local tier, beside what it asks Redis for, `GET` and `PTTL` in one
//! transaction, by redis-rs alone: on the same server and runtime, one connection each.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode};
use flipcache::backend::{self, BackendOptions};
use flipcache::{Cache, Client, Eviction};
use flipcache_tests::RedisServer;
use futures_util::future::join_all;
use redis::aio::MultiplexedConnection;
use tokio::runtime::Runtime;

use crate::stage::keys;

/// How many keys there are; each is read again only when all others have been.
const KEYS: u32 = 8_192;

/// What the local tier holds: none of it is still there when its turn comes.
const LOCAL_MAX: u32 = 256;

/// How many misses are in the air at once, beside one after the other.
const CONCURRENT: [usize; 2] = [64, 1_024];

const NAME: &str = "bench";

/// A miss alone is measured with one thread in the runtime too, where no task moves to another
/// thread: it is mostly sleeping and waking, and with two its ratio differs from run to run.
pub(crate) fn bench(criterion: &mut Criterion, server: &RedisServer) {
    let mut group = criterion.benchmark_group("miss");
    for (threads, name) in [(1, "1-of-one-thread"), (2, "1")] {
        let readers = Readers::open(threads, server);
        readers.bench(&mut group, name, one_by_one, one_by_one);
    }
    let readers = Readers::open(2, server);
    group.sampling_mode(SamplingMode::Flat);
    for many in CONCURRENT {
        let name = many.to_string();
        readers.bench(
            &mut group,
            &name,
            move |reader, iters| at_once(reader, iters, many),
            move |reader, iters| at_once(reader, iters, many),
        );
    }
    group.finish();
}

/// Who reads, and the runtime that they read on.
struct Readers {
    runtime: Runtime,
    plain: Arc<Plain>,
    missing: Arc<Missing>,
}

impl Readers {
    fn open(threads: usize, server: &RedisServer) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .build()
            .expect("a runtime must start");
        Self {
            plain: Arc::new(runtime.block_on(Plain::open(server))),
            missing: Arc::new(Missing::open(&runtime, server)),
            runtime,
        }
    }

    /// One beside the other.
    fn bench<P, M>(
        &self,
        group: &mut BenchmarkGroup<'_, WallTime>,
        name: &str,
        plain: impl Fn(Arc<Plain>, u64) -> P,
        missing: impl Fn(Arc<Missing>, u64) -> M,
    ) where
        P: Future<Output = Duration> + Send + 'static,
        M: Future<Output = Duration> + Send + 'static,
    {
        group.bench_function(format!("redis-{name}"), |bencher| {
            bencher.iter_custom(|iters| runs(&self.runtime, plain(self.plain.clone(), iters)));
        });
        group.bench_function(format!("flipcache-{name}"), |bencher| {
            bencher.iter_custom(|iters| runs(&self.runtime, missing(self.missing.clone(), iters)));
        });
        let hits = self.missing.cache.stats().local_hits;
        assert_eq!(hits, 0, "all must be misses");
    }
}

/// As a task of the runtime, as what an application does is.
fn runs(runtime: &Runtime, work: impl Future<Output = Duration> + Send + 'static) -> Duration {
    let task = runtime.spawn(work);
    runtime.block_on(task).expect("it must not panic")
}

/// Keys, each after the other, for ever.
struct Rota {
    keys: Vec<String>,
    next: AtomicUsize,
}

impl Rota {
    fn of(keys: Vec<String>) -> Self {
        let next = AtomicUsize::new(0);
        Self { keys, next }
    }

    fn next(&self) -> &str {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        &self.keys[next % self.keys.len()]
    }
}

/// Who reads a key of Redis after the other.
trait Reader: Send + Sync + 'static {
    /// Reads the next one.
    fn get(&self) -> impl Future<Output = ()> + Send;
}

async fn one_by_one(reader: Arc<impl Reader>, iters: u64) -> Duration {
    let start = Instant::now();
    for _ in 0..iters {
        reader.get().await;
    }
    start.elapsed()
}

async fn at_once(reader: Arc<impl Reader>, iters: u64, many: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..iters {
        join_all((0..many).map(|_| reader.get())).await;
    }
    start.elapsed()
}

struct Missing {
    cache: Cache,
    keys: Rota,
}

impl Missing {
    /// Writes what is read, too.
    fn open(runtime: &Runtime, server: &RedisServer) -> Self {
        let url = server.url().parse().expect("it is a URL");
        let handle = runtime.handle().clone();
        let backend = backend::open(&url, &BackendOptions::default(), handle.clone());
        let client = Client::builder(backend.expect("the URL is valid"));
        let client = client.runtime(handle).build();
        let cache = client.expect("the client must be made").cache(NAME);
        // Under S3-FIFO some keys of such a loop stay, which is what it is for.
        let cache = cache.eviction(Eviction::Fifo).local_max(LOCAL_MAX).open();
        let cache = cache.expect("the options are valid");
        let keys = keys(KEYS);
        runtime.block_on(async {
            for keys in keys.chunks(1_024) {
                let entries = keys.iter().map(|key| (key.as_str(), key.as_str()));
                let written = cache.set_many(entries).await;
                written.expect("the server takes it");
            }
        });
        let keys = Rota::of(keys);
        Self { cache, keys }
    }
}

impl Reader for Missing {
    async fn get(&self) {
        let value = self.cache.get(self.keys.next()).await;
        let value = value.expect("the server must reply");
        black_box(value.expect("it was written"));
    }
}

struct Plain {
    connection: MultiplexedConnection,
    keys: Rota,
}

impl Plain {
    async fn open(server: &RedisServer) -> Self {
        let client = redis::Client::open(server.url()).expect("it is a URL");
        let connection = client.get_multiplexed_async_connection().await;
        let keys = keys(KEYS).into_iter().map(|key| format!("{NAME}:{key}"));
        Self {
            connection: connection.expect("the server must let us in"),
            keys: Rota::of(keys.collect()),
        }
    }
}

impl Reader for Plain {
    async fn get(&self) {
        let key = self.keys.next();
        let mut connection = self.connection.clone();
        let mut pipeline = redis::pipe();
        let pipeline = pipeline.atomic().cmd("GET").arg(key).cmd("PTTL").arg(key);
        let answer = pipeline.query_async(&mut connection).await;
        let answer: (Option<String>, i64) = answer.expect("the server must reply");
        assert!(black_box(answer).0.is_some(), "it was written");
    }
}
