//! How it is measured: for how long, and in which loops.

use std::env;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use criterion::Criterion;

/// Options of criterion's with which it tells no figures.
const NO_RUN: [&str; 3] = ["--list", "--profile-time", "--test"];

/// Where criterion keeps what it measured.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../criterion")
}

/// Returns whether this run is only to see that everything works.
pub(crate) fn is_quick() -> bool {
    env::var_os("FLIPCACHE_BENCH_QUICK").is_some_and(|value| !value.is_empty() && value != "0")
}

/// How often all cases are measured: many times where figures are to come out, as others may use
/// the machine for minutes.
pub(crate) fn rounds() -> usize {
    let is_no_run = |argument: String| NO_RUN.contains(&argument.as_str());
    match is_quick() || env::args().any(is_no_run) {
        true => 1,
        false => 20,
    }
}

/// Whether the user's filter lets a case through that criterion does not measure, and so cannot
/// tell: one of the words between its `|` stands in the case.
pub(crate) fn is_wanted(case: &str) -> bool {
    let filter = env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let stands_in_case = |word: &str| case.contains(word.trim_matches(['^', '$']));
    filter.is_none_or(|filter| filter.split('|').any(stands_in_case))
}

/// Short, so that what is compared is measured within a second.
pub(crate) fn criterion() -> Criterion {
    let (warm_up, measurement, samples) = match is_quick() {
        true => (30, 150, 10),
        false => (100, 300, 20),
    };
    Criterion::default()
        .output_directory(&folder())
        .without_plots()
        .warm_up_time(Duration::from_millis(warm_up))
        .measurement_time(Duration::from_millis(measurement))
        .sample_size(samples)
        .nresamples(2_000)
        .configure_from_args()
}

/// Returns how long it takes to read so many keys, from the first again after the last.
pub(crate) fn each<'k>(iters: u64, keys: &'k [String], mut read: impl FnMut(&'k str)) -> Duration {
    let start = Instant::now();
    let mut keys = keys.iter().cycle();
    for _ in 0..iters {
        if let Some(key) = keys.next() {
            read(black_box(key));
        }
    }
    start.elapsed()
}

/// As [`each`], in one asynchronous task that is never suspended.
pub(crate) fn each_async<'k>(
    iters: u64,
    keys: &'k [String],
    mut read: impl AsyncFnMut(&'k str),
) -> Duration {
    pollster::block_on(async {
        let start = Instant::now();
        let mut keys = keys.iter().cycle();
        for _ in 0..iters {
            if let Some(key) = keys.next() {
                read(black_box(key)).await;
            }
        }
        start.elapsed()
    })
}
