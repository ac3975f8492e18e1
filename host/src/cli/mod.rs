//! The command line: what is asked for, who answers, and how it is told.
//!
//! - `args`: options and commands; `command`: what each command has of them; `options`: from them to a backend and a cache; `path`: the two ways to one.
//! - `code_cache`: where compiled code is kept.
//! - `verb`: what is done with a cache, the same in a command and in a line of the shell.
//! - `answer`: an outcome as text and as JSON, `stats` among them; `failure`: errors, their kinds and exit codes.
//! - `shell`, `demo`, `bench`, `tools`: the commands that are no verbs.
//! - `metrics`: the page that Prometheus fetches; `logging`: what is told beside answers.
//! - `app`: the commands that run applications, `run` and `serve`.

mod answer;
mod app;
mod args;
mod bench;
mod code_cache;
mod command;
mod demo;
mod failure;
mod logging;
mod metrics;
mod options;
mod path;
mod shell;
mod stats;
mod text;
mod tools;
mod verb;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Result;

use answer::{Answer, Tell};
use args::{Cli, Command};
use failure::Failure;

/// The exit code for an absence, and for a demonstration that did not go as expected.
const NOT_AS_HOPED: u8 = 1;

/// Parses the command line, does what it says, and tells how it went.
pub(crate) fn main() -> ExitCode {
    let cli = command::parse();
    let _logging = logging::start();
    let tell = Tell::new(cli.global.json);
    match run(cli, tell) {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let failure = Failure::from(error);
            match tell.failure(&failure) {
                Ok(()) => ExitCode::from(failure.exit_code()),
                Err(_) => ExitCode::FAILURE,
            }
        }
    }
}

fn run(cli: Cli, tell: Tell) -> Result<ExitCode> {
    metrics::start(&cli)?;
    match cli.command {
        Command::Verb(verb) => {
            let verb = verb.with_standard_input(io::stdin().lock())?;
            let (_, cache) = options::open(&cli.global)?;
            let answer = verb.run(&cache)?;
            tell.answer(&answer)?;
            Ok(exit_code(&answer))
        }
        Command::Shell => shell::run(&cli.global, tell),
        Command::Demo => Ok(match demo::run(&cli.global)? {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(NOT_AS_HOPED),
        }),
        Command::Bench(bench) => bench::run(&bench, &cli.global, tell),
        Command::Run(run) => app::run(&run, &cli.global),
        Command::Serve(serve) => app::serve(&serve, &cli.global, tell),
        Command::Component { output, adapter } => tools::component(output.as_deref(), adapter),
        Command::Completions { shell } => tools::completions(shell),
        Command::Man => tools::man(),
    }
}

fn exit_code(answer: &Answer) -> ExitCode {
    match answer.is_as_hoped() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(NOT_AS_HOPED),
    }
}

/// Whoever reads our output has had enough, as `head` does.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Writes to standard output, at once.
fn print(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}
