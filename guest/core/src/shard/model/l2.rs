//! The shared tier, and what it has held.

use std::collections::BTreeMap;
use std::time::Duration;

use super::step::Content;
use crate::shard::BackendReply;

/// Every key's history, and the time.
#[derive(Default)]
pub(super) struct L2 {
    pub(super) now: u64,
    keys: BTreeMap<String, History>,
    /// How many values have been written, which makes each of them unlike the others.
    values: u64,
}

/// What a key has held, the latest last.
struct History {
    held: Vec<Held>,
    /// The first that may still be answered: what it held at its last bump, or what was put in then.
    min_index: usize,
    /// How many events may have made answers old.
    bumps: u64,
}

#[derive(Clone)]
struct Held {
    content: Wire,
    /// When its life ends, by what L2 was last told, and by the longest it was ever told.
    until: Option<u64>,
    longest: Option<u64>,
}

#[derive(Clone, PartialEq)]
enum Wire {
    Nothing,
    List,
    Value(String),
}

/// What L2 has said to a request.
#[derive(Clone)]
pub(super) struct Reply {
    content: Wire,
    pub(super) ttl: Option<Duration>,
    /// The bumps of the key before the request.
    pub(super) bumps: u64,
    /// The place of the content in the key's history.
    place: usize,
}

impl Reply {
    pub(super) fn value(&self) -> Option<&str> {
        match &self.content {
            Wire::Value(value) => Some(value),
            Wire::Nothing | Wire::List => None,
        }
    }

    pub(super) fn answer(&self, remember: Duration) -> BackendReply<'_> {
        match &self.content {
            Wire::Nothing => BackendReply::Absent { remember },
            Wire::List => BackendReply::WrongType,
            Wire::Value(value) => BackendReply::Entry {
                value: value.as_bytes(),
                ttl: self.ttl,
            },
        }
    }
}

impl L2 {
    /// Text for a value, and its life.
    pub(super) fn value(&mut self, content: Content) -> Option<(String, Option<u64>)> {
        let Content::Value {
            is_word,
            spaces,
            life,
        } = content
        else {
            return None;
        };
        self.values += 1;
        let word = if is_word { "x" } else { "" };
        let value = format!("{word}{}{}", self.values, " ".repeat(spaces.into()));
        Some((value, life.map(|life| u64::from(life.max(1)))))
    }

    /// Holds a value, or nothing. Answers its place in the key's history.
    pub(super) fn put(&mut self, key: &str, value: Option<(String, Option<u64>)>) -> usize {
        let (content, life) = match value {
            Some((value, life)) => (Wire::Value(value), life),
            None => (Wire::Nothing, None),
        };
        self.push(key, content, life)
    }

    /// Somebody else's write.
    pub(super) fn put_external(&mut self, key: &str, content: Content) {
        if let Content::List = content {
            self.push(key, Wire::List, None);
        } else {
            let value = self.value(content);
            self.put(key, value);
        }
    }

    fn push(&mut self, key: &str, content: Wire, life: Option<u64>) -> usize {
        let until = life.map(|life| self.now + life);
        let history = self.history(key);
        history.held.push(Held {
            content,
            until,
            longest: until,
        });
        history.held.len() - 1
    }

    /// What the key holds now, which is given a new TTL perhaps.
    pub(super) fn ask(&mut self, key: &str, new_ttl: Option<u64>) -> Reply {
        let now = self.now;
        let history = self.history(key);
        let (bumps, place) = (history.bumps, history.held.len() - 1);
        let held = history.held.last_mut().expect("a history has a beginning");
        if held.until.is_some_and(|until| until <= now) {
            let (content, ttl) = (Wire::Nothing, None);
            return Reply {
                content,
                ttl,
                bumps,
                place,
            };
        }
        if let Some(ttl) = new_ttl {
            let until = now + ttl;
            held.longest = held.longest.map(|longest| longest.max(until));
            held.until = Some(until);
        }
        Reply {
            content: held.content.clone(),
            ttl: held.until.map(|until| Duration::from_nanos(until - now)),
            bumps,
            place,
        }
    }

    /// What the key held before must not be answered from now on, nor be kept.
    pub(super) fn bump(&mut self, key: &str) {
        self.history(key).bump();
    }

    /// No answer from before now may be kept, but what is kept already goes on to be answered.
    pub(super) fn bump_questions(&mut self, key: &str) {
        self.history(key).bumps += 1;
    }

    /// The answer to a question that gave the key a new TTL has arrived: whatever the key held before that must
    /// not be answered from now on.
    pub(super) fn seen(&mut self, key: &str, asked: &Reply) {
        let history = self.history(key);
        history.min_index = history.min_index.max(asked.place);
    }

    /// As [`bump`](Self::bump), for every key that begins so.
    pub(super) fn bump_all(&mut self, prefix: &str) {
        for (key, history) in &mut self.keys {
            if key.starts_with(prefix) {
                history.bump();
            }
        }
    }

    /// Deletes every key that begins so.
    pub(super) fn clear(&mut self, prefix: &str) {
        let keys: Vec<String> = self.keys.keys().cloned().collect();
        for key in keys.iter().filter(|key| key.starts_with(prefix)) {
            self.put(key, None);
        }
    }

    pub(super) fn bumps(&mut self, key: &str) -> u64 {
        self.history(key).bumps
    }

    /// What a write put there is answered again, though others may have written since.
    pub(super) fn kept(&mut self, key: &str, place: usize) {
        let history = self.history(key);
        history.min_index = history.min_index.min(place);
    }

    /// Panics unless the key has held the value since its last bump, and for no longer than its life.
    pub(super) fn check(&mut self, key: &str, wire: &[u8]) {
        self.check_stale(key, wire, 0);
    }

    /// As [`check`](Self::check), for no longer than so many nanoseconds after the end of its life.
    pub(super) fn check_stale(&mut self, key: &str, wire: &[u8], window: u64) {
        let now = self.now;
        let history = self.history(key);
        let lives = |held: &&Held| held.longest.is_none_or(|until| until + window > now);
        let mut right = history.held[history.min_index..].iter().filter(lives);
        assert!(
            right.any(
                |held| matches!(&held.content, Wire::Value(value) if value.as_bytes() == wire)
            ),
            "{key}: {:?} is old, or was never there",
            String::from_utf8_lossy(wire)
        );
    }

    /// Panics unless the key has held nothing since its last bump.
    pub(super) fn check_absent(&mut self, key: &str) {
        let now = self.now;
        let history = self.history(key);
        let is_nothing = |held: &Held| {
            held.content == Wire::Nothing || held.until.is_some_and(|until| until <= now)
        };
        assert!(
            history.held[history.min_index..].iter().any(is_nothing),
            "{key} is answered as absent, and never was"
        );
    }

    fn history(&mut self, key: &str) -> &mut History {
        self.keys.entry(key.to_owned()).or_insert_with(|| History {
            held: vec![Held {
                content: Wire::Nothing,
                until: None,
                longest: None,
            }],
            min_index: 0,
            bumps: 0,
        })
    }
}

impl History {
    fn bump(&mut self) {
        self.bumps += 1;
        self.min_index = self.held.len() - 1;
    }
}
