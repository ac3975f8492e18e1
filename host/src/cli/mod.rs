//! The command line: parses arguments, runs the command, prints its outcome.
//!
//! - `args`: options and commands; `command`: which options each command has; `options`: opens a
//!   backend and a cache from them; `engine`: the two ways to run a cache.
//! - `code_cache`: the directory of compiled code.
//! - `key_command`: commands on a cache, the same on the command line and in a line of the shell.
//! - `output`: an outcome as text and as JSON; `stats`: counters; `failure`: errors, their kinds
//!   and exit codes.
//! - `escape`: escapes for terminals; `interrupt`: Ctrl-C in the shell.
//! - `shell`, `demo`, `bench`, `tools`: the other commands.
//! - `metrics`: the page for Prometheus; `logging`: logs and traces.
//! - `app`: the commands that run applications, `run` and `serve`.

mod app;
mod args;
mod bench;
mod code_cache;
mod command;
mod demo;
mod engine;
mod escape;
mod failure;
mod interrupt;
mod key_command;
mod logging;
mod metrics;
mod options;
mod output;
mod shell;
mod stats;
mod text;
mod tools;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::FromArgMatches;

use args::{Cli, Command};
use command::Given;
use failure::Failure;
use output::{Output, print_error};

/// The exit code for an absence, and for a demonstration with an unexpected outcome.
const EXIT_NEGATIVE: u8 = 1;

/// Parses the command line, runs the command and prints its outcome.
pub(crate) fn main() -> ExitCode {
    let cli = match parse() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let _logging = logging::start();
    let output = Output::new(cli.global.json);
    run(cli, output).unwrap_or_else(|error| fail(&Failure::from(error), output))
}

/// Parses the command line. Prints the help or the version instead, if asked to. Ends the process
/// if the arguments are not valid.
fn parse() -> Result<Cli, ExitCode> {
    let mut command = command::command();
    let parsed = command.try_get_matches_from_mut(std::env::args_os());
    let parsed = parsed.and_then(|matches| {
        let cli = Cli::from_arg_matches(&matches);
        let mut cli = cli.map_err(|error| error.format(&mut command))?;
        cli.global.given = Given::of(&matches);
        Ok(cli)
    });
    match parsed {
        Ok(cli) => Ok(cli),
        Err(error) if error.use_stderr() => error.exit(),
        Err(help) => match help.print().and_then(|()| io::stdout().flush()) {
            Ok(()) => Err(ExitCode::SUCCESS),
            Err(error) => Err(fail(&Failure::Output(error), Output::new(false))),
        },
    }
}

/// Prints a failure. If it cannot be written in the requested form, standard error gets both
/// messages.
fn fail(failure: &Failure, output: Output) -> ExitCode {
    if failure.is_reader_gone() {
        return ExitCode::SUCCESS;
    }
    match output.failure(failure) {
        Err(unwritten) if !unwritten.is_reader_gone() => {
            print_error(&failure.message());
            print_error(&unwritten.message());
            ExitCode::from(unwritten.exit_code())
        }
        _ => ExitCode::from(failure.exit_code()),
    }
}

fn run(cli: Cli, output: Output) -> Result<ExitCode> {
    metrics::start(&cli)?;
    match cli.command {
        Command::Key(command) => {
            let command = command.with_standard_input(io::stdin().lock())?;
            let (_, cache) = options::open(&cli.global)?;
            let outcome = command.run(&cache)?;
            output.outcome(&outcome)?;
            Ok(exit_code(outcome.is_positive()))
        }
        Command::Shell => shell::run(&cli.global, output),
        Command::Demo => Ok(exit_code(demo::run(&cli.global)?)),
        Command::Bench(bench) => bench::run(&bench, &cli.global, output),
        Command::Run(run) => app::run(&run, &cli.global),
        Command::Serve(serve) => app::serve(&serve, &cli.global, output),
        Command::Component { output, adapter } => tools::component(output.as_deref(), adapter),
        Command::Completions { shell } => tools::completions(shell),
        Command::Man => tools::man(),
    }
}

fn exit_code(is_positive: bool) -> ExitCode {
    if is_positive {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(EXIT_NEGATIVE)
    }
}

/// Writes to standard output, at once.
///
/// # Errors
///
/// [`Failure::Output`].
fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    written.map_err(Failure::Output)
}
