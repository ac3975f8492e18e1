//! The benchmark of the original, on any backend: reads and writes with the cache and without.
//!
//! # Layout
//!
//! - `options`: what can be asked for; `place`: the backend that is measured, and how it is left.
//! - `cases`: the operations; `stage`: what they are done with; `plain`: the backend without the cache.
//! - `measuring`: rounds, and how long they took; `statistics`: what is made of that.
//! - `footprint`: the local tier's memory, over `forgetful`, a store that holds nothing.
//! - `python`: the same on the original, by the script `python.py`.
//! - `report`: the outcome; `table`, `json` and `plot` show it, with `units`.
//! - `progress`, `interrupt`: what the user sees, and can do, meanwhile.

mod cases;
mod footprint;
mod forgetful;
mod interrupt;
mod json;
mod measuring;
mod options;
mod place;
mod plain;
mod plot;
mod progress;
mod python;
mod report;
mod stage;
mod statistics;
mod table;
mod units;

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result};
use flipcache::{Error, io};

use super::answer::Tell;
use super::args::GlobalOptions;
use super::{failure::Failure, print};
use cases::Case;
use interrupt::Interrupt;
use measuring::Measuring;
pub(crate) use options::BenchOptions;
use place::Place;
use progress::Progress;
use python::Python;
use report::{Report, Row};
use stage::Stage;

/// The cache that the benchmark writes into; it has no other.
const NAME: &str = "flipcache-bench";

/// The exit code after Ctrl-C, as shells have it.
const INTERRUPTED: u8 = 130;

/// Measures, and tells the figures.
pub(crate) fn run(options: &BenchOptions, global: &GlobalOptions, tell: Tell) -> Result<ExitCode> {
    options.check(global)?;
    let place = Place::choose(global)?;
    let python = match options.against {
        Some(_) => Some(Python::find(&place)?),
        None => None,
    };
    let runtime = io::runtime().map_err(Error::from).map_err(Failure::from)?;
    let interrupt = Interrupt::listen(&runtime);
    let bench = Bench {
        options: options.clone(),
        global_eviction: global.eviction.into(),
        place,
        python,
        interrupt: interrupt.clone(),
    };
    // As a task: applications' own requests are tasks of the runtime, too.
    let task = runtime.spawn(async move { bench.run().await });
    match runtime.block_on(task).context("the benchmark broke off")? {
        Ok(report) => {
            show(&report, options, tell)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) if interrupt.is_pressed() => {
            tell.failure(&failure)?;
            Ok(ExitCode::from(INTERRUPTED))
        }
        Err(failure) => Err(failure.into()),
    }
}

fn show(report: &Report, options: &BenchOptions, tell: Tell) -> Result<()> {
    if let Some(file) = &options.plot {
        let plot = plot::svg(report).context("cannot draw the plot")?;
        fs::write(file, plot).with_context(|| format!("cannot write {}", file.display()))?;
    }
    match tell.is_json() {
        true => Ok(print(json::line(report).as_bytes())?),
        false => Ok(print(table::text(report).as_bytes())?),
    }
}

/// All that one run needs.
struct Bench {
    options: BenchOptions,
    global_eviction: flipcache::Eviction,
    place: Place,
    python: Option<Python>,
    interrupt: Interrupt,
}

impl Bench {
    /// Measures everything, and leaves nothing in the backend, however it went.
    async fn run(&self) -> Result<Report, Failure> {
        self.place.clear().await?;
        let report = self.measure().await;
        let cleared = self.place.clear().await;
        let report = report?;
        cleared?;
        Ok(report)
    }

    async fn measure(&self) -> Result<Report, Failure> {
        // First: what has been freed before would be used again, and not be counted.
        let bytes_per_entry = footprint::bytes_per_entry().await?;
        let BenchOptions { keys, rounds, .. } = self.options;
        let stage = Stage::open(&self.place, keys, self.global_eviction).await?;
        let names = self.python.iter().flat_map(|_| python::ROWS);
        let steps = u64::from(rounds) * (Case::ALL.len() + names.count()) as u64;
        let progress = Progress::new(steps);
        let measuring = Measuring {
            rounds,
            progress: &progress,
            interrupt: &self.interrupt,
        };
        let mut rows = Vec::new();
        for case in Case::ALL {
            let name = case.name(self.place.is_redis());
            let figures = measuring.measure(&stage, case, name).await?;
            rows.push(Row::new(name, figures));
        }
        let mut versions = None;
        if let Some(python) = &self.python {
            let run = python.run(keys, &measuring).await?;
            versions = Some(run.versions);
            rows.extend(run.rows);
        }
        Ok(Report {
            backend: self.place.to_string(),
            baseline: Case::PlainGet.name(self.place.is_redis()).to_owned(),
            keys,
            rounds,
            rows,
            bytes_per_entry,
            python: versions,
        })
    }
}
