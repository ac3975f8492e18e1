//! A model of L2 and of the values it has held.

use std::collections::BTreeMap;
use std::time::Duration;

use super::step::Content;
use crate::shard::BackendReply;

/// The history of every key, and the time.
#[derive(Default)]
pub(super) struct L2 {
    pub(super) now: u64,
    keys: BTreeMap<String, History>,
    /// Number of values written, which makes each of them unique.
    values: u64,
}

/// The values that a key has held, the latest last.
struct History {
    held: Vec<Held>,
    /// The first that may still be served: the value at the last bump, or the one written then.
    min_index: usize,
    /// Number of events that may have made replies outdated.
    bumps: u64,
}

#[derive(Clone)]
struct Held {
    content: Wire,
    /// When it expires, by the last TTL that L2 was given, and by the longest.
    until: Option<u64>,
    longest: Option<u64>,
}

#[derive(Clone, PartialEq)]
enum Wire {
    Nothing,
    List,
    Value(String),
}

/// The reply of L2 to a read.
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

    pub(super) fn backend_reply(&self, remember: Duration) -> BackendReply<'_> {
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
    /// Returns a unique text for a value, and its TTL.
    pub(super) fn value(&mut self, content: Content) -> Option<(String, Option<u64>)> {
        let Content::Value {
            is_word,
            spaces,
            ttl,
        } = content
        else {
            return None;
        };
        self.values += 1;
        let word = if is_word { "x" } else { "" };
        let value = format!("{word}{}{}", self.values, " ".repeat(spaces.into()));
        Some((value, ttl.map(|ttl| u64::from(ttl.max(1)))))
    }

    /// Stores a value, or deletes the key. Returns its index in the key's history.
    pub(super) fn put(&mut self, key: &str, value: Option<(String, Option<u64>)>) -> usize {
        let (content, ttl) = match value {
            Some((value, ttl)) => (Wire::Value(value), ttl),
            None => (Wire::Nothing, None),
        };
        self.push(key, content, ttl)
    }

    /// Writes as another client does.
    pub(super) fn put_external(&mut self, key: &str, content: Content) {
        if let Content::List = content {
            self.push(key, Wire::List, None);
        } else {
            let value = self.value(content);
            self.put(key, value);
        }
    }

    fn push(&mut self, key: &str, content: Wire, ttl: Option<u64>) -> usize {
        let until = ttl.map(|ttl| self.now + ttl);
        let history = self.history(key);
        history.held.push(Held {
            content,
            until,
            longest: until,
        });
        history.held.len() - 1
    }

    /// Returns what the key holds now, and extends its TTL if one is given.
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

    /// Forbids serving and storing what the key held before.
    pub(super) fn bump(&mut self, key: &str) {
        self.history(key).bump();
    }

    /// Forbids storing earlier replies; entries that are stored already may still be served.
    pub(super) fn bump_requests(&mut self, key: &str) {
        self.history(key).bumps += 1;
    }

    /// Records the reply to a read that extended a TTL: values that the key held before it may not
    /// be served any more.
    pub(super) fn seen(&mut self, key: &str, asked: &Reply) {
        let history = self.history(key);
        history.min_index = history.min_index.max(asked.place);
    }

    /// Bumps every key with this prefix, as [`bump`](Self::bump) does.
    pub(super) fn bump_all(&mut self, prefix: &str) {
        for (key, history) in &mut self.keys {
            if key.starts_with(prefix) {
                history.bump();
            }
        }
    }

    /// Deletes every key with this prefix.
    pub(super) fn clear(&mut self, prefix: &str) {
        let keys: Vec<String> = self.keys.keys().cloned().collect();
        for key in keys.iter().filter(|key| key.starts_with(prefix)) {
            self.put(key, None);
        }
    }

    pub(super) fn bumps(&mut self, key: &str) -> u64 {
        self.history(key).bumps
    }

    /// Allows serving the value of a write again, even if other clients have written since.
    pub(super) fn kept(&mut self, key: &str, place: usize) {
        let history = self.history(key);
        history.min_index = history.min_index.min(place);
    }

    /// Panics unless the key has held the value since its last bump and it has not expired.
    pub(super) fn check(&mut self, key: &str, wire: &[u8]) {
        self.check_stale(key, wire, 0);
    }

    /// Checks as [`check`](Self::check) does, but allows values that expired up to `window`
    /// nanoseconds ago.
    pub(super) fn check_stale(&mut self, key: &str, wire: &[u8], window: u64) {
        let now = self.now;
        let history = self.history(key);
        let is_live = |held: &&Held| held.longest.is_none_or(|until| until + window > now);
        let mut right = history.held[history.min_index..].iter().filter(is_live);
        assert!(
            right.any(
                |held| matches!(&held.content, Wire::Value(value) if value.as_bytes() == wire)
            ),
            "{key}: {:?} is outdated or was never stored",
            String::from_utf8_lossy(wire)
        );
    }

    /// Panics unless the key has been absent at some time since its last bump.
    pub(super) fn check_absent(&mut self, key: &str) {
        let now = self.now;
        let history = self.history(key);
        let is_nothing = |held: &Held| {
            held.content == Wire::Nothing || held.until.is_some_and(|until| until <= now)
        };
        assert!(
            history.held[history.min_index..].iter().any(is_nothing),
            "{key} is served as absent but was not"
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
