//! Executes and checks a run, checks a saved history, or is one of the processes of a run.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use flipcache_checker::{check, history, worker};

/// Checks the consistency of processes of the cache under faults.
#[derive(Parser)]
enum Command {
    /// Execute a run and check it.
    #[cfg(feature = "testbed")]
    Run(run::Options),
    /// Check the history of a run.
    Check {
        /// The folder of the history.
        folder: PathBuf,
    },
    /// Be a process of a run.
    #[command(hide = true)]
    Worker(worker::Options),
}

#[cfg(feature = "testbed")]
mod run {
    use std::env;
    use std::path::PathBuf;
    use std::time::Duration;

    use anyhow::{Context, Result};
    use flipcache_checker::plan::{Plan, Profile};
    use flipcache_checker::run::run;

    #[derive(clap::Args)]
    pub(super) struct Options {
        /// The processes and writers of the run.
        #[arg(long, value_enum, default_value = "several")]
        profile: Profile,
        /// The seed of the plan.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The duration, in milliseconds.
        #[arg(long, default_value_t = 10_000)]
        millis: u64,
        /// The staleness bound to check, in milliseconds; by default that of the profile.
        #[arg(long)]
        staleness_ms: Option<u64>,
        /// The program of the processes: another build of this program, by default this one.
        #[arg(long)]
        program: Option<PathBuf>,
        /// The folder of the history; its previous contents are deleted.
        #[arg(long, default_value = "target/checker")]
        folder: PathBuf,
    }

    /// Executes the run. Returns the folder of its history.
    pub(super) fn execute(options: Options) -> Result<PathBuf> {
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
        #[cfg(feature = "testbed")]
        Command::Run(options) => run::execute(options)?,
        Command::Check { folder } => folder,
    };
    let (plan, history) = history::load(&folder)?;
    let found = check::check(&history);
    println!("{}", history.summary());
    println!(
        "oldest value not marked stale: {:?}",
        check::oldest_answer(&history)
    );
    if found.is_empty() {
        println!("no violations");
        return Ok(ExitCode::SUCCESS);
    }
    print!("{}", check::report(&plan, &history, &found, &folder));
    Ok(ExitCode::FAILURE)
}
