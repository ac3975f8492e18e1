//! The process of a run on its own, for builds with a bug put in: see `planted`.

use anyhow::Result;
use clap::Parser;
use flipcache_checker::worker;

/// As the program's.
#[derive(Parser)]
enum Command {
    /// Is a process of a run.
    Worker(worker::Options),
}

fn main() -> Result<()> {
    let Command::Worker(options) = Command::parse();
    worker::run(&options)
}
