//! The shell: one line, one command, one answer, all in one process and one local tier.

mod dict;
mod line;
mod prompt;

use std::io::{self, BufRead, IsTerminal};
use std::process::ExitCode;
use std::thread;

use anyhow::{Context, Result};

use super::answer::{Answer, Body, Tell};
use super::args::GlobalOptions;
use super::failure::Failure;
use super::options;
use super::path::{Cache, Caches, Dict};
use line::Command;

/// Reads lines to the end of input. An error in one does not end it, and is no failure of the shell.
pub(crate) fn run(global: &GlobalOptions, tell: Tell) -> Result<ExitCode> {
    let (caches, cache) = options::open(global)?;
    let mut session = Session {
        caches,
        cache,
        dict: None,
        tell,
    };
    if io::stdin().is_terminal() && !tell.is_json() {
        prompt::run(&mut session)?;
    } else {
        read_lines(io::stdin().lock(), &mut session)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What lives from line to line.
struct Session {
    caches: Caches,
    cache: Cache,
    dict: Option<Dict>,
    tell: Tell,
}

/// Whether there is another line to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    GoOn,
    Exit,
}

/// Answers each line at once; lines end with a line feed.
fn read_lines(mut input: impl BufRead, session: &mut Session) -> Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = input.read_until(b'\n', &mut line);
        if read.context("cannot read standard input")? == 0 {
            return Ok(());
        }
        if session.answer_line(&line)? == Done::Exit {
            return Ok(());
        }
    }
}

impl Session {
    /// Does what one line says, and tells how it went. Fails only if nobody can be told.
    fn answer_line(&mut self, line: &[u8]) -> Result<Done> {
        let command = Command::parse(line);
        let is_exit = matches!(command, Ok(Some(Command::Exit)));
        let outcome = match command {
            Ok(None) => Ok(Answer::DONE),
            Ok(Some(command)) => self.run(command),
            Err(failure) => Err(failure),
        };
        match outcome {
            Ok(answer) => self.tell.answer(&answer)?,
            Err(failure) => self.tell.failure(&failure)?,
        }
        Ok(if is_exit { Done::Exit } else { Done::GoOn })
    }

    fn run(&mut self, command: Command) -> Result<Answer, Failure> {
        Ok(match command {
            Command::Verb(verb) => verb.run(&self.cache)?,
            Command::Local => Answer::local(Body::Keys(self.cache.local_keys()?)),
            Command::Dict { command } => {
                let value_type = self.cache.options().value_type;
                command.run(&mut self.dict, &self.caches, value_type)?
            }
            Command::Sleep { time } => {
                thread::sleep(time);
                Answer::DONE
            }
            Command::Help { topic } => Answer {
                body: Body::Text(line::help(topic)),
                ..Answer::DONE
            },
            Command::Exit => Answer::DONE,
        })
    }
}
