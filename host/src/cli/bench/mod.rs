//! The benchmark of the original, on any backend: reads and writes with the cache and without.
//!
//! # Layout
//!
//! - `options`: what can be asked for; `target`: the backend that is measured, and how it is left.
//! - `cases`: the operations; `fixture`: what they are done with; `baseline`: the backend without the cache.
//! - `measuring`: rounds, and how long they took; `statistics`: what is made of that.
//! - `footprint`: the local tier's memory, over `null_backend`, a store that holds nothing.
//! - `python`: the same on the original, by the script `python.py`.
//! - `report`: the outcome; `table`, `json` and `plot` show it, with `units`.
//! - `progress`, `interrupt`: what the user sees, and can do, meanwhile.

mod baseline;
mod cases;
mod fixture;
mod footprint;
mod interrupt;
mod json;
mod measuring;
mod null_backend;
mod options;
mod plot;
mod progress;
mod python;
mod report;
mod statistics;
mod table;
mod target;
mod units;

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result};
use flipcache::{Error, Eviction, io};

use super::args::GlobalOptions;
use super::failure::Failure;
use super::output::Output;
use super::print;
use cases::Case;
use fixture::Fixture;
use interrupt::Interrupt;
use measuring::Measuring;
use options::Against;
use progress::Progress;
use python::Python;
use report::{Report, Row};
use target::BenchTarget;

pub(crate) use options::BenchOptions;

/// The cache that the benchmark writes into; it has no other.
const NAME: &str = "flipcache-bench";

/// The exit code after Ctrl-C, as shells have it.
const INTERRUPTED: u8 = 130;

/// Measures, and tells the figures.
pub(crate) fn run(
    options: &BenchOptions,
    global: &GlobalOptions,
    output: Output,
) -> Result<ExitCode> {
    options.check(global)?;
    let runtime = io::runtime().map_err(Error::from).map_err(Failure::from)?;
    let target = BenchTarget::choose(global)?;
    let python = match options.against {
        Some(Against::Python) => Some(runtime.block_on(Python::find(&target))?),
        None => None,
    };
    let interrupt = Interrupt::listen(&runtime);
    let bench = Bench {
        options: options.clone(),
        eviction: global.eviction.into(),
        target,
        python,
        interrupt: interrupt.clone(),
    };
    // A task beside the backend's own, as what an application does is.
    let task = runtime.spawn(async move { bench.run().await });
    match runtime.block_on(task).context("the benchmark broke off")? {
        Ok(report) => {
            show(&report, options, output)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) if interrupt.is_pressed() => {
            output.failure(&failure)?;
            Ok(ExitCode::from(INTERRUPTED))
        }
        Err(failure) => Err(failure.into()),
    }
}

/// The plot first: if it cannot be written, there is one answer, and that is the error.
fn show(report: &Report, options: &BenchOptions, output: Output) -> Result<()> {
    if let Some(file) = &options.plot {
        let plot = plot::svg(report).context("cannot draw the plot")?;
        fs::write(file, plot).with_context(|| format!("cannot write {}", file.display()))?;
    }
    let text = match output.is_json() {
        true => json::line(report),
        false => table::text(report),
    };
    print(text.as_bytes())?;
    Ok(())
}

/// All that one run needs.
struct Bench {
    options: BenchOptions,
    eviction: Eviction,
    target: BenchTarget,
    python: Option<Python>,
    interrupt: Interrupt,
}

impl Bench {
    /// Measures everything, and leaves nothing in the backend, however it went.
    async fn run(&self) -> Result<Report, Failure> {
        self.target.clear().await?;
        let report = self.measure().await;
        let cleared = self.target.clear().await;
        let report = report?;
        cleared?;
        Ok(report)
    }

    async fn measure(&self) -> Result<Report, Failure> {
        // First: what has been freed before would be used again, and not be counted.
        let bytes_per_entry = footprint::bytes_per_entry().await?;
        let BenchOptions { keys, rounds, .. } = self.options;
        Ok(Report {
            backend: self.target.url.to_string(),
            is_temporary: self.target.is_temporary(),
            store: self.target.store(),
            baseline: Case::BaselineGet.name(self.target.is_redis()).to_owned(),
            keys,
            rounds,
            rows: self.rows(keys, rounds).await?,
            bytes_per_entry,
            python: self.python.as_ref().map(|python| python.versions.clone()),
        })
    }

    async fn rows(&self, keys: u32, rounds: u32) -> Result<Vec<Row>, Failure> {
        let fixture = Fixture::open(&self.target, keys, self.eviction).await?;
        let of_python = self.python.as_ref().map_or(0, |_| python::ROWS.len());
        let count = Case::ALL.len() + of_python;
        let measuring = Measuring {
            rounds,
            progress: Progress::new(count, rounds),
            interrupt: self.interrupt.clone(),
        };
        let mut rows = Vec::with_capacity(count);
        for case in Case::ALL {
            let name = case.name(self.target.is_redis());
            rows.push(Row::new(
                name,
                measuring.measure(&fixture, case, name).await?,
            ));
        }
        if let Some(python) = &self.python {
            rows.extend(python.run(keys, &measuring).await?);
        }
        Ok(rows)
    }
}
