//! The shell: runs one command for each line, all in one process with one local tier.

mod dict;
mod line;
mod prompt;

use std::io::{self, BufRead, IsTerminal};
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::args::GlobalOptions;
use super::engine::{Cache, Caches, Dict};
use super::failure::Failure;
use super::output::{Body, Outcome, Output};
use super::{interrupt, options};
use line::Command;

/// The end of `flipcache shell --help`.
pub(crate) const SHELL_HELP: &str = "`help` lists the commands.\n\n\
Exit code: 0 at a terminal; otherwise the highest of all failed lines, each as that of the command. \
An absence is not a failure.";

/// Reads lines to the end of input. A failure does not end it: programs that drive the shell get a
/// reply to each line. The exit code, the highest of all failed lines, is for scripts that do not
/// read the output.
pub(crate) fn run(global: &GlobalOptions, output: Output) -> Result<ExitCode> {
    let (caches, cache) = options::open(global)?;
    let mut session = Session {
        caches,
        cache,
        dict: None,
        output,
        worst: 0,
    };
    let is_terminal = io::stdin().is_terminal();
    if is_terminal && !output.is_json() {
        prompt::run(&mut session)?;
    } else {
        read_lines(io::stdin().lock(), &mut session)?;
    }
    Ok(ExitCode::from(if is_terminal { 0 } else { session.worst }))
}

/// The state of the shell between lines.
struct Session {
    caches: Caches,
    cache: Cache,
    dict: Option<Dict>,
    output: Output,
    /// The highest exit code of a failed line; 0 if none failed.
    worst: u8,
}

/// Whether another line is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    GoOn,
    Exit,
}

/// Runs each line when it is read. Lines end with LF or CR LF.
fn read_lines(mut input: impl BufRead, session: &mut Session) -> Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = input.read_until(b'\n', &mut line);
        if read.context("cannot read standard input")? == 0 {
            return Ok(());
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if session.run_line(text)? == Done::Exit {
            return Ok(());
        }
    }
}

impl Session {
    /// Runs one line and prints the outcome. Fails only if that cannot be printed.
    fn run_line(&mut self, line: &[u8]) -> Result<Done> {
        let command = Command::parse(line);
        let is_exit = matches!(command, Ok(Some(Command::Exit)));
        interrupt::begin_command();
        let outcome = match command {
            Ok(None) => Ok(Outcome::DONE),
            Ok(Some(command)) => self.run(command),
            Err(failure) => Err(failure),
        };
        match outcome {
            Ok(outcome) => self.output.outcome(&outcome)?,
            Err(failure) => {
                self.worst = self.worst.max(failure.exit_code());
                self.output.failure(&failure)?;
            }
        }
        Ok(if is_exit { Done::Exit } else { Done::GoOn })
    }

    fn run(&mut self, command: Command) -> Result<Outcome, Failure> {
        Ok(match command {
            Command::Key(command) => command.run(&self.cache)?,
            Command::Local { form } => Outcome::local(Body::Keys(self.cache.local_keys()?, form)),
            Command::Dict { command } => {
                let value_type = self.cache.options().value_type;
                command.run(&mut self.dict, &self.caches, value_type)?
            }
            Command::Sleep { time } => {
                interrupt::sleep(time)?;
                Outcome::DONE
            }
            Command::Help { command } => Outcome {
                body: Body::Text(line::help(&command)?),
                ..Outcome::DONE
            },
            Command::Exit => Outcome::DONE,
        })
    }
}
