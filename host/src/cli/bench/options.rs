//! The options of the benchmark.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum, value_parser};

use crate::cli::args::GlobalOptions;
use crate::cli::failure::Failure;

/// The options of the command `bench`.
#[derive(Args, Clone, Debug)]
pub(crate) struct BenchOptions {
    /// Keys that each round reads or writes one after the other
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub(super) keys: u32,
    /// Rounds of each operation, after a warm-up round
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = value_parser!(u32).range(1..=100_000))]
    pub(super) rounds: u32,
    /// Implementation to measure too, on the same Redis; FLIPCACHE_PYTHON names another python3
    #[arg(long, value_name = "WHOM", value_enum)]
    pub(super) against: Option<Against>,
    /// File for a plot of the results
    #[arg(long, value_name = "FILE.svg")]
    pub(super) plot: Option<PathBuf>,
}

/// An implementation to compare with.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Against {
    /// Python's FlipCache
    Python,
}

impl BenchOptions {
    /// Refuses options that would have no effect or fail at the end.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`].
    pub(super) fn check(&self, global: &GlobalOptions) -> Result<(), Failure> {
        if let Some(option) = global.option_of_a_cache() {
            let why = "has no effect on bench, which uses a cache of its own; leave it out";
            return Err(Failure::Usage(format!("{option} {why}")));
        }
        match &self.plot {
            Some(file) => check_plot(file),
            None => Ok(()),
        }
    }
}

fn check_plot(file: &Path) -> Result<(), Failure> {
    let is_svg = file.extension();
    if is_svg.is_none_or(|extension| !extension.eq_ignore_ascii_case("svg")) {
        let message = "the plot is an SVG; name a file ending in .svg";
        return Err(Failure::Usage(message.to_owned()));
    }
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if folder.is_dir() {
        Ok(())
    } else {
        Err(Failure::Usage(format!(
            "the folder {} for the plot does not exist; create it first",
            folder.display()
        )))
    }
}
