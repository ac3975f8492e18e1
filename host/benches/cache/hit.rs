//! A hit through the Rust API, beside maps of the same keys and values. Every read returns an owned
//! `String`, except in Python, where it returns a reference to the object.

use std::collections::HashMap;
use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use flipcache::{Cache, Shards};
use flipcache_tests::RedisServer;

use crate::figures::Figures;
use crate::measure::{each, each_async, is_wanted};
use crate::python;
use crate::stage::Stage;

/// How many keys a call of `get_many` asks for.
const BATCHES: [usize; 3] = [1, 16, 256];

pub(crate) fn bench(
    criterion: &mut Criterion,
    stage: &Stage,
    server: &RedisServer,
    figures: &mut Figures,
) {
    let mut group = criterion.benchmark_group("hit");
    let cache = stage.cache(Shards::default());
    let map = stage.entries().map(owned).collect();
    hits_of_map(&mut group, stage, &map);
    hits_of_moka(&mut group, stage, &map);
    hits(&mut group, "flipcache", stage, &cache);
    if is_wanted("hit/python") {
        figures.python(python::hit(stage, server));
    }
    let blocking = cache.blocking();
    group.bench_function("flipcache-blocking", |bencher| {
        bencher.iter_custom(|iters| {
            each(iters, &stage.keys, |key| {
                let value = blocking.get(key).expect("it is a hit");
                black_box(value.expect("it is a hit"));
            })
        });
    });
    let in_process = stage.cache(Shards::default().in_process());
    hits(&mut group, "flipcache-in-process", stage, &in_process);
    group.finish();
    batches(criterion, stage, &cache, &map);
}

fn owned((key, value): (&str, &str)) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

fn hits_of_map(
    group: &mut BenchmarkGroup<'_, WallTime>,
    stage: &Stage,
    map: &HashMap<String, String>,
) {
    group.bench_function("hash-map", |bencher| {
        bencher.iter_custom(|iters| {
            each(iters, &stage.keys, |key| {
                let value = map.get(key).cloned();
                black_box(value.expect("it is a hit"));
            })
        });
    });
}

fn hits_of_moka(
    group: &mut BenchmarkGroup<'_, WallTime>,
    stage: &Stage,
    map: &HashMap<String, String>,
) {
    let moka = moka::future::Cache::<String, String>::new(4 * stage.keys.len() as u64);
    pollster::block_on(async {
        for (key, value) in map {
            moka.insert(key.clone(), value.clone()).await;
        }
        moka.run_pending_tasks().await;
    });
    group.bench_function("moka", |bencher| {
        bencher.iter_custom(|iters| {
            each_async(iters, &stage.keys, async |key| {
                let value = moka.get(key).await;
                black_box(value.expect("it is a hit"));
            })
        });
    });
}

fn hits(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, stage: &Stage, cache: &Cache) {
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|iters| {
            each_async(iters, &stage.keys, async |key| {
                let value = cache.get(key).await.expect("it is a hit");
                black_box(value.expect("it is a hit"));
            })
        });
    });
}

/// One iteration is one call: its figure is for all of its keys.
fn batches(criterion: &mut Criterion, stage: &Stage, cache: &Cache, map: &HashMap<String, String>) {
    let mut group = criterion.benchmark_group("get-many");
    for batch in BATCHES {
        let mut batches = stage.keys.chunks(batch).cycle();
        group.bench_function(batch.to_string(), |bencher| {
            bencher.iter(|| {
                let keys = batches.next().into_iter().flatten();
                let values = cache.get_many(keys.map(String::as_str));
                let values = pollster::block_on(values).expect("all are hits");
                assert!(values.iter().all(Option::is_some), "all must be hits");
                values
            });
        });
    }
    // A buffer for many values costs more than one for a single value.
    group.bench_function("hash-map-256", |bencher| {
        bencher.iter(|| {
            let keys = black_box(&stage.keys).iter();
            keys.map(|key| map.get(key).cloned()).collect::<Vec<_>>()
        });
    });
    hits_of_map(&mut group, stage, map);
    hits(&mut group, "single", stage, cache);
    group.finish();
}
