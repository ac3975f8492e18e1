//! The benchmark of the original, on any backend: reads and writes with and without the cache.
//!
//! # Layout
//!
//! - `options`: the options; `target`: the backend that is measured.
//! - `cases`: the operations; `fixture`: their data; `baseline`: the backend without the cache.
//! - `measuring`: rounds and their durations; `statistics`: summaries of them.
//! - `footprint`: the local tier's memory, over `null_backend`, which stores nothing.
//! - `python`: the same on the original, with the script `python.py`.
//! - `report`: the results; `table`, `json` and `plot` show them, with `units`.
//! - `progress`, `interrupt`: the progress bar and Ctrl-C.

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

/// The only cache that the benchmark writes to.
const NAME: &str = "flipcache-bench";

/// The exit code after Ctrl-C, as in shells.
const INTERRUPTED: u8 = 130;

/// Runs the benchmark and prints the results.
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
    // A task other than the backend's, as in an application.
    let task = runtime.spawn(async move { bench.run().await });
    match runtime
        .block_on(task)
        .context("the benchmark was aborted")?
    {
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

/// Writes the plot first: if that fails, the error is the only output.
fn show(report: &Report, options: &BenchOptions, output: Output) -> Result<()> {
    if let Some(file) = &options.plot {
        let plot = plot::svg(report).context("cannot draw the plot")?;
        fs::write(file, plot).with_context(|| format!("cannot write {}", file.display()))?;
    }
    let text = if output.is_json() {
        json::line(report)
    } else {
        table::text(report)
    };
    print(text.as_bytes())?;
    Ok(())
}

/// The settings of one run.
struct Bench {
    options: BenchOptions,
    eviction: Eviction,
    target: BenchTarget,
    python: Option<Python>,
    interrupt: Interrupt,
}

impl Bench {
    /// Measures everything. Deletes its keys from the backend whatever the result.
    async fn run(&self) -> Result<Report, Failure> {
        self.target.clear().await?;
        let report = self.measure().await;
        let cleared = self.target.clear().await;
        let report = report?;
        cleared?;
        Ok(report)
    }

    async fn measure(&self) -> Result<Report, Failure> {
        // First, as memory that was freed before would be reused and not be counted.
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
