//! The entry of the command.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io::{self, Read, Write};

use wasip2::cli::{environment, stderr, stdin, stdout};

use crate::count::{Counted, count};

/// The longest text, in bytes.
const LONGEST_TEXT: u64 = 16 << 20;

/// The type that the generated code exports.
struct Command;

wasip2::cli::command::export!(Command);

impl wasip2::exports::cli::run::Guest for Command {
    fn run() -> Result<(), ()> {
        tell_count().map_err(|error| {
            let mut told = format!("word-count: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                // A `String` takes everything.
                let _ = write!(told, ": {error}");
                cause = error.source();
            }
            // If standard error is closed, the exit code is all there is.
            let _ = writeln!(stderr::get_stderr(), "{told}");
        })
    }
}

/// Why no table was printed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("cannot read standard input")]
    Input(#[source] io::Error),
    #[error("the text is longer than {LONGEST_TEXT} bytes")]
    TooLong,
    #[error("the text is not UTF-8")]
    NotText,
    #[error("the cache failed")]
    Cache(#[from] flipcache_guest::Error),
    #[error("cannot write to standard output")]
    Output(#[source] io::Error),
}

fn tell_count() -> Result<(), Failure> {
    let Counted { table, run, words } = count(&text()?)?;
    let told = format!("{table}run {run}; {words} words in all runs\n");
    let mut stdout = stdout::get_stdout();
    stdout
        .write_all(told.as_bytes())
        .and_then(|()| Write::flush(&mut stdout))
        .map_err(Failure::Output)
}

/// Returns the arguments, or standard input if there are none.
fn text() -> Result<String, Failure> {
    // The first is the program's name.
    let arguments = environment::get_arguments();
    if let Some(words @ [_, ..]) = arguments.get(1..) {
        return Ok(words.join(" "));
    }
    let mut bytes = Vec::new();
    stdin::get_stdin()
        .take(LONGEST_TEXT + 1)
        .read_to_end(&mut bytes)
        .map_err(Failure::Input)?;
    if bytes.len() as u64 > LONGEST_TEXT {
        return Err(Failure::TooLong);
    }
    String::from_utf8(bytes).map_err(|_| Failure::NotText)
}
