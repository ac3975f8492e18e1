//! The rules, each a pure function over a history.
//!
//! # Layout
//!
//! A rule is a file, with tests that it lets pass what is right and finds what is not. `report` tells
//! what was found, with its `timeline`; `awake` is how long a process ran between two moments.

mod awake;
mod backwards;
mod deadline;
mod lost;
mod marked;
mod own_write;
mod quiet;
mod report;
mod resent;
mod stale;
mod unwritten;

mod timeline;

#[cfg(test)]
mod story;

use std::fmt;
use std::time::Duration;

use crate::history::{Call, History, Op};
use crate::time::Moment;
use crate::truth::Truth;
use awake::Stalls;

pub(crate) use deadline::BACKEND;
pub use report::report;

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// An unmarked answer was current no longer ago than the bound.
    Stale,
    /// An unmarked answer had not expired.
    Expired,
    /// A marked answer is no older than its window, and nothing that its process knows to be replaced.
    Marked,
    /// A process reads its own acknowledged write, or a later one.
    OwnWrite,
    /// A sequential reader never sees a key go backwards.
    Backwards,
    /// What is answered has been in Redis.
    Unwritten,
    /// What was acknowledged is in Redis until the next write.
    Lost,
    /// A write is sent to Redis once.
    Resent,
    /// Once the sentinel was seen, nothing is older than it.
    Quiet,
    /// No call takes longer than its deadlines.
    Deadline,
    /// Calls fail only as the backend does.
    Unexpected,
}

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub rule: Rule,
    /// The key; empty if it is about none.
    pub key: String,
    /// To whom; empty if it is about Redis.
    pub process: String,
    /// Since when what happened has to do with it.
    pub from: Moment,
    /// Until when.
    pub to: Moment,
    /// What is wrong, in words.
    pub what: String,
}

/// What rules judge.
struct Case<'a> {
    history: &'a History,
    truth: &'a Truth,
    stalls: Stalls,
}

/// Checks a history against all rules; what is found is in order of time.
pub fn check(history: &History) -> Vec<Violation> {
    let truth = Truth::of(history);
    let case = Case::of(history, &truth);
    let mut found = Vec::new();
    found.extend(stale::check(&case));
    found.extend(marked::check(&case));
    found.extend(own_write::check(&case));
    found.extend(backwards::check(&case));
    found.extend(unwritten::check(&case));
    found.extend(lost::check(&case));
    found.extend(resent::check(&case));
    found.extend(quiet::check(&case));
    found.extend(deadline::check(&case));
    found.sort_by_key(|violation| violation.to);
    found
}

/// How long the oldest of the unmarked answers had been replaced before its call, stalls left out.
pub fn oldest_answer(history: &History) -> Duration {
    let truth = Truth::of(history);
    stale::oldest(&Case::of(history, &truth))
}

impl<'a> Case<'a> {
    fn of(history: &'a History, truth: &'a Truth) -> Self {
        Self {
            history,
            truth,
            stalls: Stalls::of(&history.stalls),
        }
    }

    /// The reads that were answered.
    fn reads(&self) -> impl Iterator<Item = &'a Call> {
        let calls = self.history.calls.iter();
        calls.filter(|call| call.answer().is_some())
    }

    /// Whether an answer is marked as one that may be old; or would be, if a load told where its answer came from.
    fn may_be_stale(&self, call: &Call) -> bool {
        let tells_nothing = call.op == Op::Load && !self.history.limits.stale_window().is_zero();
        call.is_marked_stale() || tells_nothing
    }

    /// Whether a version was the last, or the next came after a place in Redis' order.
    fn was_current_after(&self, key: &str, index: usize, order: u64) -> bool {
        let next = self.truth.versions(key).get(index + 1);
        next.is_none_or(|next| next.order > order)
    }
}

/// An answer, in words.
fn told(call: &Call) -> String {
    let source = call.source.map_or_else(
        || " (it does not tell its source)".to_owned(),
        |source| format!(" ({source:?})"),
    );
    match call.answer() {
        Some(Some(value)) => format!("{} was answered {value}{source}", call.process),
        _ => format!("{} was answered that it is absent{source}", call.process),
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stale => "an unmarked answer was current no longer ago than the bound",
            Self::Expired => "an unmarked answer had not expired",
            Self::Marked => "a marked answer is within its window, and not known to be replaced",
            Self::OwnWrite => "a process reads its own acknowledged write, or a later one",
            Self::Backwards => "a sequential reader never sees a key go backwards",
            Self::Unwritten => "what is answered has been in Redis",
            Self::Lost => "no acknowledged write is lost",
            Self::Resent => "a write is sent to Redis once",
            Self::Quiet => "once the sentinel was seen, nothing is stale",
            Self::Deadline => "no call takes longer than its deadlines",
            Self::Unexpected => "calls fail only as the backend does",
        })
    }
}
