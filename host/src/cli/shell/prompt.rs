//! The shell at a terminal: a prompt with history and completion.

use anyhow::{Context, Result};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{Editor, Helper, Highlighter, Hinter, Validator};

use super::line::names;
use super::{Done, Session};
use crate::cli::options::data_file;

/// Takes lines until the end of input. Control-C drops a line, Control-D ends the shell.
pub(super) fn run(session: &mut Session) -> Result<()> {
    let mut editor: Editor<Words, DefaultHistory> =
        Editor::new().context("cannot use the terminal")?;
    editor.set_helper(Some(Words { names: names() }));
    let history = data_file("history")?;
    // There is none before the first session.
    let _ = editor.load_history(&history);
    let done = read_lines(&mut editor, session);
    let saved = std::fs::create_dir_all(history.parent().unwrap_or(&history))
        .map_err(ReadlineError::from)
        .and_then(|()| editor.save_history(&history));
    if let Err(error) = saved {
        tracing::warn!(file = %history.display(), %error, "the history could not be saved");
    }
    done
}

fn read_lines(editor: &mut Editor<Words, DefaultHistory>, session: &mut Session) -> Result<()> {
    loop {
        match editor.readline("flipcache> ") {
            Ok(line) => {
                editor.add_history_entry(&line)?;
                if session.answer_line(line.as_bytes())? == Done::Exit {
                    return Ok(());
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(error).context("cannot read from the terminal"),
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
