//! What happened in a run: events, as the processes that took part wrote them down.
//!
//! # Layout
//!
//! `event` is what an event says, one line of JSON each; `file` is how they come into a folder and out
//! of it. The order of Redis' commands is the truth; moments say what had happened before what.

mod event;
mod file;

pub use event::{Call, Event, Fault, MonitorLine, Op, Outcome, Quiet, Source, Stall, Survey};
pub use file::{Recorder, load};

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What was promised to those who took part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// How long ago an unmarked answer may have stopped being current, in milliseconds.
    pub staleness_ms: u64,
    /// Whether it is told, too, when something is deleted that is not there.
    #[serde(default = "tells_all")]
    pub tells_all_deletions: bool,
    /// How long an answer may be given beyond that while Redis fails, if it is marked; 0: not at all.
    #[serde(default)]
    pub stale_window_ms: u64,
    /// How long a round trip of the cache may take, in milliseconds.
    pub deadline_ms: u64,
    /// How much longer than promised something may take on a busy machine, in milliseconds.
    pub tolerance_ms: u64,
}

/// As `MONITOR` does.
fn tells_all() -> bool {
    true
}

impl Limits {
    /// How long ago an unmarked answer may have stopped being current.
    pub fn staleness(&self) -> Duration {
        Duration::from_millis(self.staleness_ms)
    }

    /// How much longer an answer may be given that is marked stale.
    pub fn stale_window(&self) -> Duration {
        Duration::from_millis(self.stale_window_ms)
    }

    /// How long a round trip of the cache may take.
    pub fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }

    /// How much longer than promised something may take.
    pub fn tolerance(&self) -> Duration {
        Duration::from_millis(self.tolerance_ms)
    }
}

/// A whole run.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// What was promised.
    pub limits: Limits,
    /// What was called, by when it began.
    pub calls: Vec<Call>,
    /// What Redis executed, in its order.
    pub heard: Vec<MonitorLine>,
    /// What Redis held at some moments, in the same order.
    pub surveys: Vec<Survey>,
    /// When processes were not running.
    pub stalls: Vec<Stall>,
    /// What was done to them.
    pub faults: Vec<Fault>,
    /// How each process came to rest.
    pub quiets: Vec<Quiet>,
}

impl History {
    /// Takes an event to where its like are.
    pub fn add(&mut self, event: Event) {
        match event {
            Event::Call(call) => self.calls.push(call),
            Event::Monitored(heard) => self.heard.push(heard),
            Event::Survey(survey) => self.surveys.push(survey),
            Event::Stall(stall) => self.stalls.push(stall),
            Event::Fault(fault) => self.faults.push(fault),
            Event::Quiet(quiet) => self.quiets.push(quiet),
        }
    }

    /// Puts events into their order, after they came from several processes.
    pub fn sort(&mut self) {
        self.calls.sort_by_key(|call| call.start);
        self.heard.sort_by_key(|heard| heard.order);
        self.surveys.sort_by_key(|survey| survey.order);
        self.faults.sort_by_key(|fault| fault.at);
    }

    /// How much happened, in a line.
    pub fn summary(&self) -> String {
        let answered = self.calls.iter().filter(|call| call.answer().is_some());
        let failed = self.calls.iter();
        let failed = failed.filter(|call| matches!(call.outcome, Outcome::Failed(_)));
        let restarts = self.surveys.iter().filter(|survey| survey.restarted);
        format!(
            "{} calls, {} reads answered, {} failures; {} commands heard, {} restarts, {} stalls",
            self.calls.len(),
            answered.count(),
            failed.count(),
            self.heard.len(),
            restarts.count(),
            self.stalls.len()
        )
    }
}
