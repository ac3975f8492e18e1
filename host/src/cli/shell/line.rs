//! One line of the shell: words as a POSIX shell quotes them.

use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use super::dict::DictCommand;
use crate::cli::failure::Failure;
use crate::cli::text::parse_seconds;
use crate::cli::verb::Verb;

#[derive(Debug, Parser)]
#[command(
    no_binary_name = true,
    disable_help_subcommand = true,
    disable_help_flag = true,
    subcommand_required = true
)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

/// What a line can say.
#[derive(Debug, Subcommand)]
#[command(disable_help_flag = true)]
pub(super) enum Command {
    #[command(flatten)]
    Verb(Verb),
    /// Lists the local tier's keys, in the order in which they would be evicted
    Local,
    /// Works on a dictionary: `dict fifo N`, `dict lru N`, and what `help dict` lists
    #[command(disable_help_flag = true, disable_help_subcommand = true)]
    Dict {
        #[command(subcommand)]
        command: DictCommand,
    },
    /// Waits
    Sleep {
        #[arg(value_name = "SECONDS", value_parser = parse_seconds, allow_negative_numbers = true)]
        time: Duration,
    },
    /// Shows this list, or that of `dict`
    Help { topic: Option<Topic> },
    /// Ends the shell, as the end of input does
    #[command(alias = "quit")]
    Exit,
}

/// What there is a list of.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Topic {
    Dict,
}

impl Command {
    /// Reads a line; `None` if it is blank.
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
        let parsed = Line::try_parse_from(command).map_err(|error| usage(&first_line(&error)))?;
        Ok(Some(parsed.command))
    }
}

/// The commands, or those of a topic, a line each.
pub(super) fn help(topic: Option<Topic>) -> String {
    let mut commands = Line::command();
    if let Some(Topic::Dict) = topic
        && let Some(dict) = commands.find_subcommand_mut("dict")
    {
        commands = dict.clone();
    }
    let mut help = String::new();
    for command in commands.get_subcommands_mut() {
        command.build();
        let usage = command.render_usage().to_string();
        let usage = usage
            .trim_start_matches("Usage: ")
            .trim()
            .replace("[OPTIONS] ", "");
        let usage = usage.replace(['<', '>'], "");
        let about = command
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default();
        help += &format!("{usage:<24} {about}\n");
    }
    help + "Words are quoted as in a POSIX shell: set k '{\"a\": 1}'"
}

/// The names of all commands.
pub(super) fn names() -> Vec<String> {
    let line = Line::command();
    line.get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect()
}

/// What is wrong, without the usage that follows it on the command line.
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
        let Ok(Some(Command::Verb(Verb::Set {
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
    fn parse_what_is_off_says_so_in_one_line() {
        for line in [
            "nonsense",
            "get",
            "get 'a",
            "set k v --ttl 0",
            "sleep -1",
            "get a b",
            "--help",
            "get --help",
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
        let help = help(None);
        for name in names() {
            assert!(
                help.lines().any(|line| line.starts_with(&name)),
                "{name} is missing in\n{help}"
            );
        }
    }
}
