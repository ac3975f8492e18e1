//! Outcomes of commands as text and as JSON.

use std::io::{self, IsTerminal, Write};

use clap::Args;
use flipcache::backend::BackendState;
use flipcache::{Source, Stats, Value};

use super::failure::Failure;
use super::text::{show_value, string_as_json, value_as_json};
use super::{escape, print, stats};

/// The outcome of a command.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) body: Body,
    /// The source of the values.
    pub(crate) source: Source,
}

#[derive(Debug)]
pub(crate) enum Body {
    /// Success without a result.
    Done,
    /// A value, or an absence.
    Value(Option<Value>),
    /// One slot per key.
    Values(Vec<Option<Value>>),
    /// An item of a dictionary, if there is one.
    Item(Option<(String, Value)>),
    /// Items of a dictionary.
    Items(Vec<(String, Value)>),
    /// Keys, and their form as text.
    Keys(Vec<String>, KeyForm),
    /// A boolean.
    Truth(bool),
    /// A count.
    Count(u64),
    /// A count of deleted keys.
    Deleted(u64),
    /// The counters of a cache and the state of its backend.
    Stats(Stats, BackendState),
    /// Text, such as help.
    Text(String),
}

/// The form of a list of keys as text.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct KeyForm {
    /// End each key with a NUL byte instead of a line feed
    #[arg(short = '0', long, conflicts_with = "quote")]
    null: bool,
    /// Quote each key as redis-cli does: "a\nb"
    #[arg(long)]
    quote: bool,
}

impl KeyForm {
    fn write(self, key: &str, is_terminal: bool) -> Vec<u8> {
        let mut written = if self.quote {
            escape::quoted(key)
        } else {
            key_as_text(key, is_terminal)
        };
        written.push(if self.null { 0 } else { b'\n' });
        written
    }
}

impl Outcome {
    pub(crate) const DONE: Self = Self {
        body: Body::Done,
        source: Source::None,
    };

    pub(crate) fn local(body: Body) -> Self {
        Self {
            body,
            source: Source::Local,
        }
    }

    pub(crate) fn backend(body: Body) -> Self {
        Self {
            body,
            source: Source::Backend,
        }
    }

    /// Returns whether the requested keys or values are present.
    pub(crate) fn is_positive(&self) -> bool {
        match &self.body {
            Body::Value(value) => value.is_some(),
            Body::Values(values) => values.iter().all(Option::is_some),
            Body::Truth(truth) => *truth,
            Body::Deleted(count) => *count > 0,
            Body::Done
            | Body::Item(_)
            | Body::Items(_)
            | Body::Keys(..)
            | Body::Count(_)
            | Body::Stats(..)
            | Body::Text(_) => true,
        }
    }

    /// Returns the outcome as text. For a terminal, control characters except line feed and tab are
    /// escaped.
    fn as_text(&self, is_terminal: bool) -> Vec<u8> {
        let text = self.as_bytes(is_terminal);
        if is_terminal {
            escape::for_terminal(&text)
        } else {
            text
        }
    }

    fn as_bytes(&self, is_terminal: bool) -> Vec<u8> {
        let item = |item| item_as_line(item, is_terminal);
        let line = |text: &dyn ToString| (text.to_string() + "\n").into_bytes();
        match &self.body {
            Body::Done | Body::Value(None) => Vec::new(),
            Body::Value(Some(value)) => show_value(value),
            Body::Values(values) => values.iter().flat_map(slot_as_line).collect(),
            Body::Item(entry) => entry.iter().flat_map(item).collect(),
            Body::Items(entries) => entries.iter().flat_map(item).collect(),
            Body::Keys(keys, form) => {
                let keys = keys.iter();
                keys.flat_map(|key| form.write(key, is_terminal)).collect()
            }
            Body::Truth(truth) => line(truth),
            Body::Count(count) | Body::Deleted(count) => line(count),
            Body::Stats(stats, state) => stats::as_text(stats, state).into_bytes(),
            Body::Text(text) => line(text),
        }
    }

    fn as_json(&self) -> String {
        let list = |items: Vec<String>| format!("[{}]", items.join(","));
        let slot = |value: &Option<Value>| value.as_ref().map_or("null".to_owned(), value_as_json);
        let value = match &self.body {
            Body::Done => "null".to_owned(),
            Body::Value(value) => slot(value),
            Body::Values(values) => list(values.iter().map(slot).collect()),
            Body::Item(item) => item.as_ref().map_or("null".to_owned(), item_as_json),
            Body::Items(items) => list(items.iter().map(item_as_json).collect()),
            Body::Keys(keys, _) => list(keys.iter().map(|key| string_as_json(key)).collect()),
            Body::Truth(truth) => truth.to_string(),
            Body::Count(count) | Body::Deleted(count) => count.to_string(),
            Body::Stats(stats, state) => stats::as_json(stats, state),
            Body::Text(text) => string_as_json(text),
        };
        let source = source_name(self.source);
        format!(r#"{{"ok":true,"value":{value},"source":"{source}"}}"#)
    }
}

/// The output form: text, or one line of JSON for each outcome.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Writes an outcome to standard output.
    ///
    /// # Errors
    ///
    /// [`Failure::Output`].
    pub(crate) fn outcome(self, outcome: &Outcome) -> Result<(), Failure> {
        if self.json {
            return print_json(outcome.as_json());
        }
        if outcome.source == Source::Stale {
            print_error("the backend cannot be reached; this value may be stale");
        }
        print(&outcome.as_text(io::stdout().is_terminal()))
    }

    /// Writes a failure to standard error, or as JSON to standard output.
    ///
    /// # Errors
    ///
    /// [`Failure::Output`], which is never written to standard output.
    pub(crate) fn failure(self, failure: &Failure) -> Result<(), Failure> {
        if self.json && !matches!(failure, Failure::Output(_)) {
            return print_json(failure.as_json());
        }
        print_error(&failure.message());
        Ok(())
    }
}

fn print_json(mut json: String) -> Result<(), Failure> {
    json.push('\n');
    if io::stdout().is_terminal() {
        json = escape::json_for_terminal(&json);
    }
    print(json.as_bytes())
}

/// Writes a message to standard error, in one line if that is a terminal.
pub(crate) fn print_error(message: &str) {
    let mut line = b"flipcache: ".to_vec();
    if io::stderr().is_terminal() {
        line.extend(escape::in_line(message));
    } else {
        line.extend(message.bytes());
    }
    line.push(b'\n');
    // If this fails too, the exit code remains.
    let _ = io::stderr().write_all(&line);
}

/// Returns a key as text, on one line if a terminal shows it.
fn key_as_text(key: &str, is_terminal: bool) -> Vec<u8> {
    if is_terminal {
        escape::in_line(key)
    } else {
        key.as_bytes().to_vec()
    }
}

/// Returns a value or an absence on a line of its own, whatever its type.
fn slot_as_line(value: &Option<Value>) -> Vec<u8> {
    let mut line = value.as_ref().map_or_else(Vec::new, show_value);
    if line.last() != Some(&b'\n') {
        line.push(b'\n');
    }
    line
}

/// Returns a key and a value with a tab between them.
fn item_as_line((key, value): &(String, Value), is_terminal: bool) -> Vec<u8> {
    let mut line = key_as_text(key, is_terminal);
    line.push(b'\t');
    line.extend(slot_as_line(&Some(value.clone())));
    line
}

fn item_as_json((key, value): &(String, Value)) -> String {
    format!("[{},{}]", string_as_json(key), value_as_json(value))
}

fn source_name(source: Source) -> &'static str {
    match source {
        Source::Local => "local",
        Source::Backend => "backend",
        Source::Default => "default",
        Source::Stale => "stale",
        Source::None => "none",
    }
}
