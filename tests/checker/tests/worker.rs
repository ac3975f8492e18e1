//! The process of a run as its own program, for builds with a mutation: see `mutants`.

use anyhow::Result;
use clap::Parser;
use flipcache_checker::worker;

/// The command line, as that of the checker.
#[derive(Parser)]
enum Command {
    /// Be a process of a run.
    Worker(worker::Options),
}

fn main() -> Result<()> {
    let Command::Worker(options) = Command::parse();
    worker::run(&options)
}
