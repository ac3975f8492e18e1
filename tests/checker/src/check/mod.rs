//! The rules, each a pure function over a history.
//!
//! # Layout
//!
//! Each rule is a file, with tests of what passes and what is a violation. `report` formats
//! violations with their `timeline`; `awake` measures how long a process ran between two moments.

mod awake;
mod bounded_staleness;
mod convergence;
mod deadline;
mod duplicate_writes;
mod lost_updates;
mod marked;
mod monotonic_reads;
mod read_your_writes;
mod report;
mod thin_air;
mod timeline;

#[cfg(test)]
mod history_builder;

use std::fmt;
use std::time::Duration;

use crate::history::{Call, History, Op};
use crate::oracle::Oracle;
use crate::time::Moment;
use awake::Stalls;

pub(crate) use deadline::BACKEND;
pub use report::report;

/// A property that every history must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A value not marked stale was current no longer ago than the bound.
    BoundedStaleness,
    /// A value not marked stale had not expired.
    Expired,
    /// A value marked stale is within its window, and its process has not seen it replaced.
    Marked,
    /// A process reads its own acknowledged write, or a later one.
    ReadYourWrites,
    /// A sequential reader never sees a key go backwards.
    MonotonicReads,
    /// Every value that is read has been in Redis.
    ThinAir,
    /// An acknowledged write is in Redis until the next write.
    LostUpdates,
    /// A write is sent to Redis once.
    DuplicateWrites,
    /// Once a process has seen the sentinel, it reads nothing older.
    Convergence,
    /// No call takes longer than the deadlines of its round trips.
    Deadline,
    /// Calls fail only with errors of the backend.
    Unexpected,
}

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// The key; empty if the violation has none.
    pub key: String,
    /// The process that observed it; empty if it is about Redis.
    pub process: String,
    /// The start of the events that it depends on.
    pub from: Moment,
    /// The end of those events.
    pub to: Moment,
    /// A description.
    pub what: String,
}

/// The input of the rules.
struct Case<'a> {
    history: &'a History,
    oracle: &'a Oracle,
    stalls: Stalls,
}

/// Checks a history against all rules. Returns the violations in order of time.
pub fn check(history: &History) -> Vec<Violation> {
    let oracle = Oracle::of(history);
    let case = Case::of(history, &oracle);
    let mut found = Vec::new();
    found.extend(bounded_staleness::check(&case));
    found.extend(marked::check(&case));
    found.extend(read_your_writes::check(&case));
    found.extend(monotonic_reads::check(&case));
    found.extend(thin_air::check(&case));
    found.extend(lost_updates::check(&case));
    found.extend(duplicate_writes::check(&case));
    found.extend(convergence::check(&case));
    found.extend(deadline::check(&case));
    found.sort_by_key(|violation| violation.to);
    found
}

/// Returns how long the oldest value not marked stale had been replaced before its call, without
/// stalls.
pub fn oldest_answer(history: &History) -> Duration {
    let oracle = Oracle::of(history);
    bounded_staleness::oldest(&Case::of(history, &oracle))
}

impl<'a> Case<'a> {
    fn of(history: &'a History, oracle: &'a Oracle) -> Self {
        Self {
            history,
            oracle,
            stalls: Stalls::of(&history.stalls),
        }
    }

    /// Returns the reads that succeeded.
    fn reads(&self) -> impl Iterator<Item = &'a Call> {
        let calls = self.history.calls.iter();
        calls.filter(|call| call.read_result().is_some())
    }

    /// Returns whether a value is marked stale, or may be stale as a load does not report its
    /// source.
    fn may_be_stale(&self, call: &Call) -> bool {
        let has_no_source = call.op == Op::Load && !self.history.limits.stale_window().is_zero();
        call.is_marked_stale() || has_no_source
    }

    /// Returns whether a version is the last, or the next one came after a position in Redis'
    /// order.
    fn was_current_after(&self, key: &str, index: usize, order: u64) -> bool {
        let next = self.oracle.versions(key).get(index + 1);
        next.is_none_or(|next| next.order > order)
    }
}

/// Describes the result of a read.
fn describe(call: &Call) -> String {
    let source = call.source.map_or_else(
        || " (unknown source)".to_owned(),
        |source| format!(" ({source:?})"),
    );
    match call.read_result() {
        Some(Some(value)) => format!("{} read {value}{source}", call.process),
        _ => format!("{} read an absence{source}", call.process),
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BoundedStaleness => {
                "a value not marked stale was current no longer ago than the bound"
            }
            Self::Expired => "a value not marked stale had not expired",
            Self::Marked => {
                "a value marked stale is within its window, and not known to be replaced"
            }
            Self::ReadYourWrites => "a process reads its own acknowledged write, or a later one",
            Self::MonotonicReads => "a sequential reader never sees a key go backwards",
            Self::ThinAir => "every value that is read has been in Redis",
            Self::LostUpdates => "no acknowledged write is lost",
            Self::DuplicateWrites => "a write is sent to Redis once",
            Self::Convergence => "once a process has seen the sentinel, it reads nothing older",
            Self::Deadline => "no call takes longer than the deadlines of its round trips",
            Self::Unexpected => "calls fail only with errors of the backend",
        })
    }
}
