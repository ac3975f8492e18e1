//! Outcomes as a person and as a program reads them.

use std::io::{self, Write};

use flipcache::backend::BackendState;
use flipcache::{Source, Stats, Value};

use super::failure::Failure;
use super::text::{show_value, string_as_json, value_as_json};
use super::{print, stats};

/// What a verb answers.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) body: Body,
    /// Where it came from.
    pub(crate) source: Source,
}

#[derive(Debug)]
pub(crate) enum Body {
    /// Done, and there is nothing to say.
    Done,
    /// A value, or an absence.
    Value(Option<Value>),
    /// One slot a key.
    Values(Vec<Option<Value>>),
    /// An item of a dictionary, if there is one.
    Item(Option<(String, Value)>),
    /// Items of a dictionary.
    Items(Vec<(String, Value)>),
    /// Keys.
    Keys(Vec<String>),
    /// A yes or no.
    Truth(bool),
    /// How many.
    Count(u64),
    /// How many were deleted.
    Deleted(u64),
    /// What a cache has done, and how things stand with its backend.
    Stats(Stats, BackendState),
    /// Words.
    Text(String),
}

impl Answer {
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

    /// Whether what was asked for is there.
    pub(crate) fn is_as_hoped(&self) -> bool {
        match &self.body {
            Body::Value(value) => value.is_some(),
            Body::Values(values) => values.iter().all(Option::is_some),
            Body::Truth(truth) => *truth,
            Body::Deleted(count) => *count > 0,
            Body::Done
            | Body::Item(_)
            | Body::Items(_)
            | Body::Keys(_)
            | Body::Count(_)
            | Body::Stats(..)
            | Body::Text(_) => true,
        }
    }

    fn as_text(&self) -> Vec<u8> {
        let line = |text: &dyn ToString| (text.to_string() + "\n").into_bytes();
        match &self.body {
            Body::Done | Body::Value(None) => Vec::new(),
            Body::Value(Some(value)) => show_value(value),
            Body::Values(values) => values.iter().flat_map(slot_as_line).collect(),
            Body::Item(item) => item.iter().flat_map(item_as_line).collect(),
            Body::Items(items) => items.iter().flat_map(item_as_line).collect(),
            Body::Keys(keys) => keys.iter().flat_map(|key| line(key)).collect(),
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
            Body::Keys(keys) => list(keys.iter().map(|key| string_as_json(key)).collect()),
            Body::Truth(truth) => truth.to_string(),
            Body::Count(count) | Body::Deleted(count) => count.to_string(),
            Body::Stats(stats, state) => stats::as_json(stats, state),
            Body::Text(text) => string_as_json(text),
        };
        let source = source_name(self.source);
        format!(r#"{{"ok":true,"value":{value},"source":"{source}"}}"#)
    }
}

/// How answers are told: as text, or as one line of JSON each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tell {
    json: bool,
}

impl Tell {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    pub(crate) fn answer(self, answer: &Answer) -> io::Result<()> {
        match self.json {
            true => print((answer.as_json() + "\n").as_bytes()),
            false => {
                if answer.source == Source::Stale {
                    eprintln!("flipcache: the backend cannot be reached, and this may be stale");
                }
                print(&answer.as_text())
            }
        }
    }

    pub(crate) fn failure(self, failure: &Failure) -> io::Result<()> {
        match self.json {
            true => print((failure.as_json() + "\n").as_bytes()),
            false => writeln!(io::stderr(), "flipcache: {}", failure.message()),
        }
    }
}

/// A value or an absence in a line of its own, whatever its type.
fn slot_as_line(value: &Option<Value>) -> Vec<u8> {
    let mut line = value.as_ref().map_or_else(Vec::new, show_value);
    if line.last() != Some(&b'\n') {
        line.push(b'\n');
    }
    line
}

/// A key and a value, with a tab between them.
fn item_as_line((key, value): &(String, Value)) -> Vec<u8> {
    let mut line = format!("{key}\t").into_bytes();
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
