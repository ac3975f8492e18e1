//! The history of a run: events, as the processes of the run recorded them.
//!
//! # Layout
//!
//! `event` defines the events, and `file` reads and writes them. The order of Redis' commands is
//! authoritative; moments tell what had happened before what.

mod event;
mod file;

pub use event::{
    Call, Event, FaultEvent, FinalScan, MonitorLine, Op, Outcome, Quiet, Source, Stall,
};
pub use file::{Recorder, load};

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The limits that the rules check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// How long ago a value not marked stale may have stopped being current, in milliseconds.
    pub staleness_ms: u64,
    /// Whether deletions of absent keys are monitored, too.
    #[serde(default = "reports_all")]
    pub reports_all_deletions: bool,
    /// How much longer a value marked stale may be served while Redis fails, in milliseconds; 0
    /// disables it.
    #[serde(default)]
    pub stale_window_ms: u64,
    /// How long a round trip of the cache may take, in milliseconds.
    pub deadline_ms: u64,
    /// How much longer than its limit something may take on a busy machine, in milliseconds.
    pub tolerance_ms: u64,
}

/// `MONITOR` reports all deletions.
fn reports_all() -> bool {
    true
}

impl Limits {
    /// Returns how long ago a value not marked stale may have stopped being current.
    pub fn staleness(&self) -> Duration {
        Duration::from_millis(self.staleness_ms)
    }

    /// Returns how much longer a value marked stale may be served.
    pub fn stale_window(&self) -> Duration {
        Duration::from_millis(self.stale_window_ms)
    }

    /// Returns how long a round trip of the cache may take.
    pub fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }

    /// Returns how much longer than its limit something may take.
    pub fn tolerance(&self) -> Duration {
        Duration::from_millis(self.tolerance_ms)
    }
}

/// A whole run.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The limits that the rules check.
    pub limits: Limits,
    /// The calls, by start.
    pub calls: Vec<Call>,
    /// The commands that Redis executed, in its order.
    pub monitored: Vec<MonitorLine>,
    /// The scans of Redis, in the same order.
    pub final_scans: Vec<FinalScan>,
    /// When processes were not running.
    pub stalls: Vec<Stall>,
    /// The faults.
    pub faults: Vec<FaultEvent>,
    /// How each process saw the sentinel.
    pub quiets: Vec<Quiet>,
}

impl History {
    /// Adds an event.
    pub fn add(&mut self, event: Event) {
        match event {
            Event::Call(call) => self.calls.push(call),
            Event::Monitored(line) => self.monitored.push(line),
            Event::FinalScan(scan) => self.final_scans.push(scan),
            Event::Stall(stall) => self.stalls.push(stall),
            Event::Fault(fault) => self.faults.push(fault),
            Event::Quiet(quiet) => self.quiets.push(quiet),
        }
    }

    /// Sorts events that came from several processes.
    pub fn sort(&mut self) {
        self.calls.sort_by_key(|call| call.start);
        self.monitored.sort_by_key(|line| line.order);
        self.final_scans.sort_by_key(|scan| scan.order);
        self.faults.sort_by_key(|fault| fault.at);
    }

    /// Returns a one-line summary.
    pub fn summary(&self) -> String {
        let reads = self
            .calls
            .iter()
            .filter(|call| call.read_result().is_some());
        let failed = self.calls.iter();
        let failed = failed.filter(|call| matches!(call.outcome, Outcome::Failed(_)));
        let restarts = self.final_scans.iter().filter(|scan| scan.restarted);
        format!(
            "{} calls, {} reads, {} failures; {} commands monitored, {} restarts, {} stalls",
            self.calls.len(),
            reads.count(),
            failed.count(),
            self.monitored.len(),
            restarts.count(),
            self.stalls.len()
        )
    }
}
