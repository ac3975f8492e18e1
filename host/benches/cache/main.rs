//! What the cache costs, beside what others cost that do the same work in the same run.
//!
//! `make bench` prints one table of ratios, and writes it into the guide, with plots.
//! `FLIPCACHE_BENCH_QUICK=1` measures for a moment only, to see that everything works;
//! `FLIPCACHE_BENCH_MARKDOWN=FILE` writes the figures into FILE, and plots beside it. A word after
//! `--` picks cases whose names have it, as criterion does.
//!
//! # Layout
//!
//! - `stage`: keys and values, the same for all. `measure`: how long, and loops over keys.
//! - `hit`, `application`, `miss`, `threads`, `start`, `memory`: cases, those that are compared
//!   next to each other. `python`: the original's hit, by the script `python.py`.
//! - `figures`: what came out of all rounds. `rows`: which figure is held against which, and what
//!   is to be reached.
//!   `plots`: some of them as pictures. `report`: the table, and who gets it. `machine`: where it
//!   was measured.

mod stage;

mod measure;

mod hit;

mod python;

mod application;

mod miss;

mod threads;

mod start;

mod memory;

mod figures;

mod rows;

mod plots;

mod report;

mod machine;

use std::time::SystemTime;

use figures::Figures;
use flipcache_tests::RedisServer;
use stage::Stage;

fn main() {
    let mut figures = Figures::default();
    // First: what has been freed before would be used again, and not be counted.
    memory::measure(&mut figures);
    let server = RedisServer::start();
    let stage = Stage::new();
    for _ in 0..measure::rounds() {
        round(&stage, &server, &mut figures);
    }
    report::tell(&figures);
}

/// Measures each case once.
fn round(stage: &Stage, server: &RedisServer, figures: &mut Figures) {
    let begun = SystemTime::now();
    let mut criterion = measure::criterion();
    hit::bench(&mut criterion, stage, server, figures);
    application::bench(&mut criterion, stage);
    miss::bench(&mut criterion, server);
    threads::bench(&mut criterion, stage);
    start::bench(&mut criterion);
    criterion.final_summary();
    figures.read_estimates(begun);
}
