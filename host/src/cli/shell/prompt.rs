//! The shell at a terminal: a prompt with history and completion.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use flipcache::{Error, io};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{Editor, Helper, Highlighter, Hinter, Validator};

use super::line::names;
use super::{Done, Session};
use crate::cli::failure::Failure;
use crate::cli::interrupt;
use crate::cli::options::data_file;

/// Reads lines until the end of input. Ctrl-C discards the line or interrupts the running command;
/// Ctrl-D ends the shell.
pub(super) fn run(session: &mut Session) -> Result<()> {
    interrupt::catch(&io::runtime().map_err(Error::from).map_err(Failure::from)?);
    let mut editor: Editor<Words, DefaultHistory> =
        Editor::new().context("cannot use the terminal")?;
    editor.set_helper(Some(Words { names: names() }));
    let mut history = History::open(&mut editor)?;
    loop {
        match editor.readline("flipcache> ") {
            Ok(line) => {
                editor.add_history_entry(&line)?;
                history.append(&mut editor);
                if session.run_line(line.as_bytes())? == Done::Exit {
                    return Ok(());
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(error).context("cannot read from the terminal"),
        }
    }
}

/// The file of lines of earlier sessions. Each line is written before its command runs, so the
/// history is complete however the shell ends.
struct History {
    file: PathBuf,
    is_writable: bool,
}

impl History {
    fn open(editor: &mut Editor<Words, DefaultHistory>) -> Result<Self> {
        let file = data_file("history")?;
        // Before the first session there is no file.
        let _ = editor.load_history(&file);
        let is_writable = true;
        Ok(Self { file, is_writable })
    }

    fn append(&mut self, editor: &mut Editor<Words, DefaultHistory>) {
        if !self.is_writable {
            return;
        }
        let appended = fs::create_dir_all(self.file.parent().unwrap_or(&self.file))
            .map_err(ReadlineError::from)
            .and_then(|()| editor.append_history(&self.file));
        if let Err(error) = appended {
            tracing::warn!(file = %self.file.display(), %error, "cannot save the history");
            self.is_writable = false;
        }
    }
}

/// Completes the first word of a line.
#[derive(Helper, Highlighter, Hinter, Validator)]
struct Words {
    names: Vec<String>,
}

impl Completer for Words {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &rustyline::Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let begun = line.get(..position).unwrap_or(line);
        let fitting = self.names.iter().filter(|name| name.starts_with(begun));
        Ok((0, fitting.map(|name| format!("{name} ")).collect()))
    }
}
