//! Hits from several threads at once, on a cache in two shards: each thread in a shard of its own
//! where there are so many, or all threads in both. Beside them, threads that share nothing: what
//! the machine can do.
//!
//! One iteration is one hit of each thread.

use std::collections::HashMap;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion};
use flipcache::{Cache, Eviction, Shards};

use crate::measure::{each, each_async};
use crate::stage::Stage;

const THREADS: [usize; 3] = [1, 2, 4];

const SHARDS: NonZeroUsize = NonZeroUsize::new(2).expect("it is not 0");

pub(crate) fn bench(criterion: &mut Criterion, stage: &Stage) {
    // Whose local keys are in the order in which they were written.
    let cache = stage.cache_under(Eviction::Fifo, Shards::default().count(SHARDS));
    let by_shard = by_shard(&cache);
    let map: HashMap<_, _> = stage.entries().collect();
    let mut group = criterion.benchmark_group("threads");
    for threads in THREADS {
        group.bench_function(BenchmarkId::new("hash-map", threads), |bencher| {
            bencher.iter_custom(|iters| {
                run(threads, |thread| {
                    let own: HashMap<String, String> = owned(&map);
                    let keys = rotated(&stage.keys, thread);
                    move || {
                        each(iters, &keys, |key| {
                            black_box(own.get(key).cloned().expect("it is a hit"));
                        })
                    }
                })
            });
        });
        let in_turn = |thread: usize| by_shard[thread % by_shard.len()].clone();
        group.bench_function(BenchmarkId::new("apart", threads), |bencher| {
            bencher.iter_custom(|iters| hits(&cache, threads, iters, in_turn));
        });
        let all = |thread| rotated(&stage.keys, thread);
        group.bench_function(BenchmarkId::new("mixed", threads), |bencher| {
            bencher.iter_custom(|iters| hits(&cache, threads, iters, all));
        });
    }
    group.finish();
}

/// Returns the keys of each shard.
///
/// Local keys are listed shard after shard, and in each as they were written, which was in
/// ascending order: where the order breaks, the next shard begins.
fn by_shard(cache: &Cache) -> Vec<Vec<String>> {
    let keys = cache.local().keys();
    let shards = keys.chunk_by(|one, next| one < next);
    let shards: Vec<_> = shards.map(<[String]>::to_vec).collect();
    assert_eq!(shards.len(), SHARDS.get(), "every shard must have keys");
    shards
}

/// Returns the keys, another one first for each thread.
fn rotated(keys: &[String], thread: usize) -> Vec<String> {
    let mut keys = keys.to_vec();
    let first = thread * keys.len() / 4 % keys.len();
    keys.rotate_left(first);
    keys
}

fn owned(map: &HashMap<&str, &str>) -> HashMap<String, String> {
    let owned = |(key, value): (&&str, &&str)| ((*key).to_owned(), (*value).to_owned());
    map.iter().map(owned).collect()
}

fn hits(
    cache: &Cache,
    threads: usize,
    iters: u64,
    keys: impl Fn(usize) -> Vec<String>,
) -> Duration {
    run(threads, |thread| {
        let (cache, keys) = (cache.clone(), keys(thread));
        move || {
            each_async(iters, &keys, async |key| {
                let value = cache.get(key).await.expect("it is a hit");
                black_box(value.expect("it is a hit"));
            })
        }
    })
}

/// Returns how long the threads take together, from the first that starts to the last that ends.
fn run<W>(threads: usize, work: impl Fn(usize) -> W) -> Duration
where
    W: FnOnce() -> Duration + Send,
{
    let barrier = Barrier::new(threads);
    let barrier = &barrier;
    let spans: Vec<(Instant, Instant)> = thread::scope(|scope| {
        let spawn = |thread| {
            let work = work(thread);
            scope.spawn(move || {
                barrier.wait();
                let start = Instant::now();
                work();
                (start, Instant::now())
            })
        };
        let running: Vec<_> = (0..threads).map(spawn).collect();
        let ended = running.into_iter().map(|thread| thread.join());
        ended.map(|span| span.expect("it must not panic")).collect()
    });
    let start = spans.iter().map(|(start, _)| *start).min();
    let end = spans.iter().map(|(_, end)| *end).max();
    start
        .zip(end)
        .map_or(Duration::ZERO, |(start, end)| end - start)
}
