//! What can be asked of the benchmark.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum, value_parser};

use crate::cli::args::GlobalOptions;
use crate::cli::failure::Failure;

/// Words of the command `bench`.
#[derive(Args, Clone, Debug)]
pub(crate) struct BenchOptions {
    /// Keys that a round reads or writes, one after the other
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub(super) keys: u32,
    /// Rounds of each operation, after one that does not count
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = value_parser!(u32).range(1..=100_000))]
    pub(super) rounds: u32,
    /// Measures this, too, on the same Redis; FLIPCACHE_PYTHON names another python3
    #[arg(long, value_name = "WHOM", value_enum)]
    pub(super) against: Option<Against>,
    /// Draws the figures into this file
    #[arg(long, value_name = "FILE.svg")]
    pub(super) plot: Option<PathBuf>,
}

/// Whom to compare with.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Against {
    /// Python's FlipCache
    Python,
}

impl BenchOptions {
    /// Refuses what would have no effect, and what would fail after all the work.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`].
    pub(super) fn check(&self, global: &GlobalOptions) -> Result<(), Failure> {
        if let Some(option) = global.option_of_a_cache() {
            let why = "has no effect on bench, whose cache is its own; leave it out";
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
        let message = "the plot is an SVG; name a file that ends in .svg";
        return Err(Failure::Usage(message.to_owned()));
    }
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    match folder.is_dir() {
        true => Ok(()),
        false => Err(Failure::Usage(format!(
            "there is no folder {} for the plot; create it first",
            folder.display()
        ))),
    }
}
