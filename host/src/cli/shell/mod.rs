//! The shell: one line, one command, one answer, all in one process and one local tier.

mod line;
mod prompt;

use std::io::{self, BufRead, IsTerminal};
use std::process::ExitCode;

use anyhow::{Context, Result};
use flipcache::component::Cache;

use super::answer::{Answer, Tell};
use super::args::GlobalOptions;
use super::failure::Failure;
use super::options;
use line::{Command, Done};

/// Reads lines to the end of input. An error in one does not end it, and is no failure of the shell.
pub(crate) fn run(global: &GlobalOptions, tell: Tell) -> Result<ExitCode> {
    let cache = options::open(global)?;
    if io::stdin().is_terminal() && !tell.is_json() {
        prompt::run(&cache, tell)?;
    } else {
        read_lines(io::stdin().lock(), &cache, tell)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Answers each line at once; lines end with a line feed.
fn read_lines(mut input: impl BufRead, cache: &Cache, tell: Tell) -> Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = input.read_until(b'\n', &mut line);
        if read.context("cannot read standard input")? == 0 {
            return Ok(());
        }
        if answer_line(&line, cache, tell)? == Done::Exit {
            return Ok(());
        }
    }
}

/// Does what one line says, and tells how it went. Fails only if nobody can be told.
fn answer_line(line: &[u8], cache: &Cache, tell: Tell) -> Result<Done> {
    let command = Command::parse(line);
    let is_exit = matches!(command, Ok(Some(Command::Exit)));
    let outcome = match command {
        Ok(None) => Ok(Answer::DONE),
        Ok(Some(command)) => command.run(cache),
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(answer) => tell.answer(&answer)?,
        Err(failure) => tell.failure(&failure)?,
    }
    Ok(if is_exit { Done::Exit } else { Done::GoOn })
}

impl Command {
    fn run(self, cache: &Cache) -> Result<Answer, Failure> {
        use super::answer::Body;
        Ok(match self {
            Self::Verb(verb) => verb.run(cache)?,
            Self::Local => Answer::local(Body::Keys(cache.local_keys()?)),
            Self::Sleep { time } => {
                std::thread::sleep(time);
                Answer::DONE
            }
            Self::Help => Answer {
                body: Body::Text(line::help()),
                ..Answer::DONE
            },
            Self::Exit => Answer::DONE,
        })
    }
}
