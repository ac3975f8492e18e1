//! Calls the cache, and records each call with its result.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use flipcache::backend::BackendError;
use flipcache::{Error, Found};

use super::caches::Caches;
use crate::check::BACKEND;
use crate::history::{Call, Event, Op, Outcome, Recorder, Source};
use crate::names;
use crate::time::Moment;

/// A sequential caller.
pub(super) struct Caller {
    pub(super) process: String,
    pub(super) thread: u32,
    pub(super) caches: Caches,
    pub(super) recorder: Arc<Recorder>,
    /// The value of the sentinel that was seen.
    pub(super) quiet: Option<String>,
}

/// The result of a call for one key.
type CallResult = (Outcome, Option<Source>);

impl Caller {
    pub(super) async fn get(&self, key: &str) {
        let start = Moment::now();
        let found = self.caches.text.get_detailed(key).await;
        self.found(Op::Get, key, start, found);
    }

    /// Reads as [`get`](Self::get), and extends the TTL.
    pub(super) async fn get_and_extend_ttl(&self, key: &str) {
        let start = Moment::now();
        let found = self.caches.extending.get_detailed(key).await;
        self.found(Op::GetAndExtendTtl, key, start, found);
    }

    pub(super) async fn get_counter(&self, counter: &str) {
        let start = Moment::now();
        let found = self.caches.counters.get_detailed(counter).await;
        let key = names::counter_from_outside(counter);
        self.found(Op::Get, &key, start, found);
    }

    pub(super) async fn increment(&self, counter: &str, delta: i64) {
        let start = Moment::now();
        let sum = self.caches.counters.increment(counter, delta).await;
        let end = Moment::now();
        let sum = sum.map(|sum| Outcome::Found(sum.to_string()));
        let outcome = sum.unwrap_or_else(|error| failed(&error));
        let key = names::counter_from_outside(counter);
        let delta = delta.to_string();
        let entry = (key.as_str(), Some(delta.as_str()));
        self.note(Op::Increment, entry, start, end, (outcome, None));
    }

    pub(super) async fn get_many(&self, keys: &[String]) {
        let start = Moment::now();
        let found = self
            .caches
            .text
            .get_many_detailed(keys.iter().map(String::as_str))
            .await;
        let end = Moment::now();
        let results: Vec<CallResult> = match found {
            Ok(found) => found.into_iter().map(result_of).collect(),
            Err(error) => vec![(failed(&error), None); keys.len()],
        };
        for (key, result) in keys.iter().zip(results) {
            self.note(Op::GetMany, (key, None), start, end, result);
        }
    }

    /// Reads a key after others, which are not recorded.
    pub(super) async fn get_among(&self, others: &[String], key: &str) {
        let keys = others.iter().map(String::as_str).chain([key]);
        let start = Moment::now();
        let found = self.caches.text.get_many_detailed(keys).await;
        let end = Moment::now();
        let result = match found.map(|mut found| found.pop()) {
            Ok(found) => found.map_or((read(None), None), result_of),
            Err(error) => (failed(&error), None),
        };
        self.note(Op::GetMany, (key, None), start, end, result);
    }

    /// Writes, and drops the future after this many polls unless it has completed.
    pub(super) async fn set_and_drop(&self, key: &str, value: &str, polls: u32) {
        let start = Moment::now();
        let done = tokio::select! {
            biased;
            done = self.caches.text.set(key, value) => Some(done),
            () = yield_times(polls) => None,
        };
        let end = Moment::now();
        let outcome = match done {
            Some(Ok(())) => Outcome::Done,
            Some(Err(error)) => failed(&error),
            None => Outcome::Abandoned,
        };
        self.note(Op::Set, (key, Some(value)), start, end, (outcome, None));
    }

    /// Writes. Returns whether that succeeded.
    pub(super) async fn set(&self, key: &str, value: &str) -> bool {
        let start = Moment::now();
        let done = self.caches.text.set(key, value).await;
        let is_done = done.is_ok();
        self.wrote(Op::Set, (key, Some(value)), start, done);
        is_done
    }

    pub(super) async fn set_with_ttl(&self, key: &str, value: &str, ttl: Duration) {
        let start = Moment::now();
        let done = self.caches.text.set_with_ttl(key, value, ttl).await;
        self.wrote(Op::SetWithTtl, (key, Some(value)), start, done);
    }

    pub(super) async fn set_many(&self, entries: &[(String, String)]) {
        let start = Moment::now();
        let pairs = entries
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()));
        let done = self.caches.text.set_many(pairs).await;
        let end = Moment::now();
        let outcome = done.map_or_else(|error| failed(&error), |()| Outcome::Done);
        for (key, value) in entries {
            let result = (outcome.clone(), None);
            self.note(Op::SetMany, (key, Some(value)), start, end, result);
        }
    }

    pub(super) async fn set_if_absent(&self, key: &str, value: &str) {
        let start = Moment::now();
        let written = self.caches.text.set_if_absent(key, value).await;
        let end = Moment::now();
        let outcome = match written {
            Ok(true) => Outcome::Done,
            Ok(false) => Outcome::Refused,
            Err(error) => failed(&error),
        };
        let result = (outcome, None);
        self.note(Op::SetIfAbsent, (key, Some(value)), start, end, result);
    }

    pub(super) async fn load(&self, key: &str, value: &str) {
        let loaded = value.to_owned();
        let start = Moment::now();
        let found = self
            .caches
            .text
            .get_or_insert_with(key, || async { Ok::<_, Infallible>(loaded) })
            .await;
        let end = Moment::now();
        let outcome = found.map_or_else(|error| failed(&error), Outcome::Found);
        self.note(Op::Load, (key, Some(value)), start, end, (outcome, None));
    }

    pub(super) async fn delete(&self, key: &str) {
        let start = Moment::now();
        let done = self.caches.text.delete(key).await;
        self.wrote(Op::Delete, (key, None), start, done.map(|_| ()));
    }

    pub(super) async fn clear(&self) {
        let start = Moment::now();
        let done = self.caches.text.clear().await;
        self.wrote(Op::Clear, ("", None), start, done.map(|_| ()));
    }

    fn found<V: ToString>(&self, op: Op, key: &str, start: Moment, found: Result<Found<V>, Error>) {
        let end = Moment::now();
        let result = found.map_or_else(|error| (failed(&error), None), result_of);
        self.note(op, (key, None), start, end, result);
    }

    fn wrote(&self, op: Op, entry: (&str, Option<&str>), start: Moment, done: Result<(), Error>) {
        let end = Moment::now();
        let outcome = done.map_or_else(|error| failed(&error), |()| Outcome::Done);
        self.note(op, entry, start, end, (outcome, None));
    }

    fn note(
        &self,
        op: Op,
        (key, value): (&str, Option<&str>),
        start: Moment,
        end: Moment,
        (outcome, source): CallResult,
    ) {
        let key = match op {
            Op::Clear => String::new(),
            _ => names::complete(key),
        };
        self.recorder.write(&Event::Call(Call {
            process: self.process.clone(),
            thread: self.thread,
            op,
            key,
            value: value.map(str::to_owned),
            start,
            end,
            outcome,
            source,
            quiet: self.quiet.clone(),
            external: false,
        }));
    }
}

/// Yields to other tasks this many times.
async fn yield_times(times: u32) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
}

/// Returns the value that a read found, and its source.
fn result_of<V: ToString>(found: Found<V>) -> CallResult {
    let value = found.value.map(|value| value.to_string());
    (read(value), Some(source(found.source)))
}

fn read(value: Option<String>) -> Outcome {
    value.map_or(Outcome::Absent, Outcome::Found)
}

fn source(source: flipcache::Source) -> Source {
    match source {
        flipcache::Source::Local => Source::Local,
        flipcache::Source::Backend => Source::Backend,
        flipcache::Source::Default => Source::Default,
        flipcache::Source::Stale => Source::Stale,
        flipcache::Source::None => Source::Nowhere,
    }
}

/// Records the kind of a backend error, and the text of any other error.
fn failed(error: &Error) -> Outcome {
    let Error::Backend(backend) = error else {
        return Outcome::Failed(error.to_string());
    };
    let kind = match backend {
        BackendError::Unavailable(_) => "unavailable",
        BackendError::OutcomeUnknown(_) => "outcome unknown",
        BackendError::Timeout => "timeout",
        BackendError::AccessDenied(_) => "access denied",
        BackendError::TooLarge { .. } => "too large",
        BackendError::Unsupported(_) => "unsupported",
        BackendError::Other(_) => "other",
    };
    Outcome::Failed(format!("{BACKEND}{kind}"))
}
