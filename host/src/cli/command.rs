//! The clap command line, and which options were given.
//!
//! Some commands do not support all global options: each lists what it refuses, and its help hides
//! that.

use std::env;

use clap::builder::Resettable;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory};

use super::args::Cli;

/// Options that select a cache and its types.
pub(crate) const KIND: &[&str] = &["name", "key_type", "value_type", "default", "store_default"];

/// Other options that configure a cache, except `--eviction`.
pub(crate) const CACHE_OPTIONS: &[&str] = &[
    "local_max",
    "local_max_bytes",
    "ttl",
    "refresh_ttl",
    "stale_on_error",
    "absent_ttl",
    "ttl_jitter",
];

pub(crate) const EVICTION: &[&str] = &["eviction"];

/// The option for the engine of a cache.
pub(crate) const ENGINE: &[&str] = &["engine"];

const METRICS: &[&str] = &["metrics"];

/// Commands that run applications.
const APPS: &[&str] = &["run", "serve"];

/// The heading of options that apply only to some applications.
const FOR_KEYVALUE: &str = "Options for an application that imports wasi:keyvalue";

/// Returns the command line with the help of each command. An empty environment variable counts as
/// unset.
pub(crate) fn command() -> Command {
    let command = Cli::command().mut_args(without_empty_variable);
    let options: Vec<Arg> = command
        .get_arguments()
        .filter(|option| option.is_global_set())
        .cloned()
        .collect();
    command.mut_subcommands(|command| {
        let name = command.get_name().to_owned();
        let own = options
            .iter()
            .filter_map(|option| specialized(option, &name));
        // clap does not add a global option to a command that has an option of that name.
        command.args(own)
    })
}

fn without_empty_variable(option: Arg) -> Arg {
    let variable = option.get_env().and_then(env::var_os);
    if variable.is_some_and(|value| value.is_empty()) {
        option.env(Resettable::Reset)
    } else {
        option
    }
}

/// Returns a global option as one command shows it, if that differs.
fn specialized(option: &Arg, command: &str) -> Option<Arg> {
    let id = option.get_id().as_str();
    let is_app = APPS.contains(&command);
    if refused(command).any(|refused| refused == id) {
        return Some(option.clone().hide(true));
    }
    let is_for_some = CACHE_OPTIONS.contains(&id) || EVICTION.contains(&id);
    (is_app && is_for_some).then(|| option.clone().help_heading(FOR_KEYVALUE))
}

/// Returns the options that a command always refuses.
fn refused(command: &str) -> impl Iterator<Item = &'static str> {
    let lists: &[&[&str]] = match command {
        "run" | "serve" => &[KIND, ENGINE],
        "bench" => &[KIND, CACHE_OPTIONS],
        "shell" => &[],
        _ => &[METRICS],
    };
    lists.iter().copied().flatten().copied()
}

/// The options that were given on the command line, even if with their default values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given(Vec<String>);

impl Given {
    pub(crate) fn of(matches: &ArgMatches) -> Self {
        let given = matches.ids().map(clap::Id::as_str);
        let given = given.filter(|id| matches.value_source(id) == Some(ValueSource::CommandLine));
        Self(given.map(str::to_owned).collect())
    }

    /// Returns the first of these options that was given, in its long form.
    pub(crate) fn first_of(&self, ids: &[&str]) -> Option<String> {
        let given = ids
            .iter()
            .find(|id| self.0.iter().any(|given| given == *id))?;
        let command = Cli::command();
        let option = command
            .get_arguments()
            .find(|option| option.get_id() == *given)?;
        Some(format!("--{}", option.get_long()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_is_one_that_clap_takes() {
        command().debug_assert();
    }

    #[test]
    fn lists_name_options_of_every_command() {
        let command = Cli::command();
        for id in [KIND, CACHE_OPTIONS, EVICTION, ENGINE, METRICS]
            .into_iter()
            .flatten()
        {
            let option = command
                .get_arguments()
                .find(|option| option.get_id() == *id);
            assert!(option.is_some_and(Arg::is_global_set), "{id}");
        }
    }

    #[test]
    fn given_are_options_before_and_after_the_command_but_not_defaults() {
        for words in [
            &["flipcache", "--type", "text", "serve", "a.wasm"][..],
            &["flipcache", "serve", "a.wasm", "--type", "text"],
        ] {
            let matches = command().try_get_matches_from(words).expect("it is valid");
            let given = Given::of(&matches);
            assert_eq!(given.first_of(KIND), Some("--type".to_owned()), "{words:?}");
            assert_eq!(given.first_of(CACHE_OPTIONS), None, "{words:?}");
        }
    }
}
