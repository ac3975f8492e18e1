//! One line of the shell: words quoted as in a POSIX shell.

use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use super::dict::DictCommand;
use crate::cli::failure::Failure;
use crate::cli::key_command::KeyCommand;
use crate::cli::output::KeyForm;
use crate::cli::text::parse_seconds;

#[derive(Debug, Parser)]
#[command(
    no_binary_name = true,
    disable_help_subcommand = true,
    subcommand_required = true
)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

/// A command of a line.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    #[command(flatten)]
    Key(KeyCommand),
    /// List the local tier's keys, in eviction order
    Local {
        #[command(flatten)]
        form: KeyForm,
    },
    /// Use a dictionary: `dict fifo N`, `dict lru N`, and the commands that `help dict` lists
    #[command(disable_help_subcommand = true)]
    Dict {
        #[command(subcommand)]
        command: DictCommand,
    },
    /// Wait
    Sleep {
        #[arg(value_name = "SECONDS", value_parser = parse_seconds, allow_negative_numbers = true)]
        time: Duration,
    },
    /// Print this list, that of `dict`, or the arguments of a command, as COMMAND --help does
    Help { command: Vec<String> },
    /// End the shell, as the end of input does
    #[command(alias = "quit")]
    Exit,
}

impl Command {
    /// Parses a line. Returns `None` if it is blank.
    pub(super) fn parse(line: &[u8]) -> Result<Option<Self>, Failure> {
        let usage = |why: &str| Failure::Usage(why.to_owned());
        let line = str::from_utf8(line).map_err(|_| usage("the line is not UTF-8"))?;
        let mut words = shlex::Shlex::new(line);
        let mut command = Vec::new();
        command.extend(&mut words);
        if words.had_error {
            return Err(usage("a quote is not closed, or a backslash ends the line"));
        }
        if command.is_empty() {
            return Ok(None);
        }
        match parse(&command) {
            Ok(command) => Ok(Some(command)),
            Err(error) if error.kind() == ErrorKind::DisplayHelp => {
                let words = command.into_iter();
                let command = words.take_while(|word| !word.starts_with('-')).collect();
                Ok(Some(Self::Help { command }))
            }
            Err(error) => Err(usage(&first_line(&error))),
        }
    }
}

fn parse(words: &[String]) -> Result<Command, clap::Error> {
    let matches = grammar().try_get_matches_from(words)?;
    Ok(Line::from_arg_matches(&matches)?.command)
}

/// Returns the commands of a line. They have no standard input of their own, as lines come from the
/// shell's.
fn grammar() -> clap::Command {
    Line::command().mut_subcommand("set", |set| {
        set.about("Write a value; `-` is an ordinary value here")
    })
}

/// Returns the list of commands, that of `dict`, or the arguments of a command.
///
/// # Errors
///
/// [`Failure::Usage`] if there is no such command.
pub(super) fn help(command: &[String]) -> Result<String, Failure> {
    let mut commands = grammar();
    match command {
        [] => return Ok(list(commands)),
        [word] if word == "dict" => {
            if let Some(dict) = commands.find_subcommand_mut(word) {
                return Ok(list(dict.clone()));
            }
        }
        _ => {}
    }
    let words = command.iter().map(String::as_str).chain(["--help"]);
    match commands.try_get_matches_from(words) {
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            Ok(error.render().to_string().trim_end().to_owned())
        }
        Err(error) => Err(Failure::Usage(first_line(&error))),
        Ok(_) => Err(Failure::Usage(
            "`help COMMAND` takes the name of a command".to_owned(),
        )),
    }
}

/// Lists commands, one a line.
fn list(mut commands: clap::Command) -> String {
    let mut help = String::new();
    for command in commands.get_subcommands_mut() {
        command.build();
        let usage = command.render_usage().to_string();
        let usage = usage
            .trim_start_matches("Usage: ")
            .trim()
            .replace(" [OPTIONS]", "");
        let usage = usage.replace(['<', '>'], "");
        let about = command
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default();
        help += &format!("{usage:<24} {about}\n");
    }
    help + "Words are quoted as in a POSIX shell: set k '{\"a\": 1}'"
}

/// Returns the names of all commands.
pub(super) fn names() -> Vec<String> {
    let line = grammar();
    line.get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect()
}

/// Returns the error without the usage that follows it on the command line.
fn first_line(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::InvalidSubcommand {
        return "unknown command; `help` lists them".to_owned();
    }
    let text = error.render().to_string();
    let text = text.split("\n\n").next().unwrap_or_default();
    let text = text.trim_start_matches("error: ").lines().map(str::trim);
    text.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Command>, String> {
        Command::parse(line.as_bytes()).map_err(|failure| failure.message())
    }

    #[test]
    fn parse_quoted_words_are_one() {
        let parsed = parse(r##"set 'a key' '{"a": "#1"}' --ttl 1.5"##);
        let Ok(Some(Command::Key(KeyCommand::Set {
            key, value, ttl, ..
        }))) = parsed
        else {
            panic!("not a set: {parsed:?}");
        };
        assert_eq!(
            (key.as_str(), value.as_str()),
            ("a key", r##"{"a": "#1"}"##)
        );
        assert_eq!(ttl, Some(Duration::from_millis(1500)));
    }

    #[test]
    fn parse_blank_line_is_nothing() {
        assert!(matches!(parse("  \n"), Ok(None)));
    }

    #[test]
    fn parse_invalid_line_returns_an_error_of_one_line() {
        for line in [
            "nonsense",
            "get",
            "get 'a",
            "set k v --ttl 0",
            "sleep -1",
            "get a b",
        ] {
            let message = parse(line).expect_err(line);
            assert!(
                !message.is_empty() && !message.contains('\n'),
                "{line}: {message:?}"
            );
        }
        assert!(Command::parse(b"get \xff").is_err());
    }

    #[test]
    fn parse_negative_numbers_are_words() {
        assert!(matches!(parse("set -3 -5"), Ok(Some(_))));
    }

    #[test]
    fn help_lists_every_command_in_a_line() {
        let help = help(&[]).expect("there is a list");
        for name in names() {
            assert!(
                help.lines().any(|line| line.starts_with(&name)),
                "{name} is missing in\n{help}"
            );
        }
    }

    #[test]
    fn help_of_a_command_equals_that_of_its_flag() {
        for (line, words, shown) in [
            ("get --help", &["get"][..], "Usage: get"),
            ("set k -h", &["set", "k"], "Usage: set"),
            (
                "dict set-default --help",
                &["dict", "set-default"],
                "<KEY> <VALUE>",
            ),
            ("dict --help", &["dict"], "mark-as-used"),
            ("--help", &[], "local"),
            ("help dict get", &["dict", "get"], "<KEY>"),
        ] {
            let parsed = parse(line);
            let Ok(Some(Command::Help { command })) = parsed else {
                panic!("{line:?} must ask for help: {parsed:?}");
            };
            assert_eq!(command, words, "{line}");
            let help = help(&command).expect("there is help");
            assert!(help.contains(shown), "{line}: {help}");
        }
        let words = ["get".to_owned()];
        assert!(help(&words).is_ok_and(|help| help.contains("Usage: get <KEY>")));
        assert!(help(&["nonsense".to_owned()]).is_err());
    }

    #[test]
    fn help_of_set_promises_no_standard_input() {
        for words in [&[][..], &["set".to_owned()]] {
            let help = help(words).expect("there is help");
            assert!(!help.contains("standard input"), "{help}");
        }
    }
}
