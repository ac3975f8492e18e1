//! Runs the checker, checks a saved history, or is one of the processes of a run.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use flipcache_checker::{check, history, worker};

/// Checks what processes of the cache are answered while things go wrong.
#[derive(Parser)]
enum Command {
    /// Makes a run and checks it.
    #[cfg(feature = "stage")]
    Run(run::Options),
    /// Checks the history that a run has left.
    Check {
        /// The folder of the history.
        folder: PathBuf,
    },
    /// Is a process of a run.
    #[command(hide = true)]
    Worker(worker::Options),
}

#[cfg(feature = "stage")]
mod run {
    use std::env;
    use std::path::PathBuf;
    use std::time::Duration;

    use anyhow::{Context, Result};
    use flipcache_checker::plan::{Plan, Profile};
    use flipcache_checker::run::run;

    #[derive(clap::Args)]
    pub(super) struct Options {
        /// Who takes part.
        #[arg(long, value_enum, default_value = "several")]
        profile: Profile,
        /// What the run follows from.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How long it lasts, in milliseconds.
        #[arg(long, default_value_t = 10_000)]
        millis: u64,
        /// The staleness bound that is checked, in milliseconds; by default the profile's.
        #[arg(long)]
        staleness_ms: Option<u64>,
        /// The program of the processes, another build of this one's; by default this one.
        #[arg(long)]
        program: Option<PathBuf>,
        /// Where the history goes; what is there is deleted.
        #[arg(long, default_value = "target/checker")]
        folder: PathBuf,
    }

    /// Makes the run; the folder of its history.
    pub(super) fn make(options: Options) -> Result<PathBuf> {
        let duration = Duration::from_millis(options.millis);
        let mut plan = Plan::new(options.seed, options.profile, duration);
        if let Some(staleness_ms) = options.staleness_ms {
            plan.limits.staleness_ms = staleness_ms;
        }
        let program = match options.program {
            Some(program) => program,
            None => env::current_exe().context("this program must have a file")?,
        };
        run(&plan, &program, &options.folder)?;
        Ok(options.folder)
    }
}

fn main() -> Result<ExitCode> {
    let folder = match Command::parse() {
        Command::Worker(options) => {
            worker::run(&options)?;
            return Ok(ExitCode::SUCCESS);
        }
        #[cfg(feature = "stage")]
        Command::Run(options) => run::make(options)?,
        Command::Check { folder } => folder,
    };
    let (plan, history) = history::load(&folder)?;
    let found = check::check(&history);
    println!("{}", history.summary());
    println!(
        "oldest unmarked answer: {:?}",
        check::oldest_answer(&history)
    );
    if found.is_empty() {
        println!("no violations");
        return Ok(ExitCode::SUCCESS);
    }
    print!("{}", check::report(&plan, &history, &found, &folder));
    Ok(ExitCode::FAILURE)
}
