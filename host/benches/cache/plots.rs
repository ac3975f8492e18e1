//! Figures as pictures: a hit beside others', hits of several threads, misses at once.

use flipcache_bench_page::{Bar, Plot, PlotError, Series, bars, lines};

use crate::figures::Figures;

/// What it is called, its case or what its cases begin with, and whether it is the cache's.
type Named = (&'static str, &'static str, bool);

#[rustfmt::skip]
const HITS: [Named; 9] = [
    ("HashMap and a copy", "hit/hash-map", false),
    ("Python's FlipCache", "hit/python", false),
    ("moka::future", "hit/moka", false),
    ("flipcache", "hit/flipcache", true),
    ("flipcache, blocking", "hit/flipcache-blocking", true),
    ("flipcache, rules in process", "hit/flipcache-in-process", true),
    ("application: wasi:keyvalue", "application/keyvalue-sync", false),
    ("application: flipcache, linked", "application/cache-sync", true),
    ("application: flipcache, composed", "application/cache-composed", true),
];

const THREADS: [Named; 3] = [
    ("flipcache, keys of one shard", "threads/apart/", true),
    ("flipcache, mixed keys", "threads/mixed/", true),
    ("a HashMap each", "threads/hash-map/", false),
];

const MISSES: [Named; 2] = [
    ("flipcache", "miss/flipcache-", true),
    ("redis-rs alone", "miss/redis-", false),
];

/// Returns all of a complete run, with the names of their files.
///
/// # Errors
///
/// If one cannot be drawn.
pub(crate) fn all(figures: &Figures) -> Result<[(&'static str, Plot); 3], PlotError> {
    let threads = throughput(
        figures,
        [
            "Hits of threads on two shards",
            "threads",
            "million hits a second",
        ],
        (1e6, &[1, 2, 4]),
        &THREADS,
    );
    let misses = throughput(
        figures,
        ["Misses", "misses at once", "thousand misses a second"],
        (1e3, &[1, 64, 1_024]),
        &MISSES,
    );
    Ok([
        ("hit", hit(figures)?),
        ("threads", threads?),
        ("misses", misses?),
    ])
}

fn hit(figures: &Figures) -> Result<Plot, PlotError> {
    let hits = HITS.map(|(name, case, is_own)| Bar {
        name,
        figure: figure(figures, case),
        is_own,
    });
    bars(
        "Time for a hit",
        "nanoseconds; shorter is faster",
        "ns",
        &hits,
    )
}

/// `unit` is so many a second; an iteration of a case is as many as its name ends with.
fn throughput(
    figures: &Figures,
    [caption, across, scale]: [&str; 3],
    (unit, places): (f64, &[u32]),
    cases: &[Named],
) -> Result<Plot, PlotError> {
    let a_second = |case: &str, many: u32| {
        let nanos = figure(figures, &format!("{case}{many}"))?;
        Some(f64::from(many) * 1e9 / nanos / unit)
    };
    let series = cases.iter().map(|(name, case, is_own)| {
        let figures = places.iter().map(|many| a_second(case, *many));
        Series {
            name,
            figures: figures.collect(),
            is_own: *is_own,
        }
    });
    let series: Vec<_> = series.collect();
    lines(caption, [across, scale], places, &series)
}

/// Of a complete run only Python may be absent.
fn figure(figures: &Figures, case: &str) -> Option<f64> {
    let figure = figures.get(case);
    assert!(figure.is_some() || case == "hit/python", "no case {case}");
    figure
}
