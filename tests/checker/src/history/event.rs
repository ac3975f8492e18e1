//! The events of a history, one line of JSON each.
//!
//! Keys are complete, as they are stored in Redis. No two writes of a run have the same value.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::time::Moment;

/// An event of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A call ended.
    Call(Call),
    /// Redis executed a command.
    Monitored(MonitorLine),
    /// All keys of Redis were read.
    FinalScan(FinalScan),
    /// A process was not running.
    Stall(Stall),
    /// A fault began or ended.
    Fault(FaultEvent),
    /// A process has seen the sentinel, or has not.
    Quiet(Quiet),
}

/// A call and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The process that called.
    pub process: String,
    /// The sequential caller of the process.
    pub thread: u32,
    /// The operation.
    pub op: Op,
    /// The key; empty where a call has none.
    pub key: String,
    /// The value to write, or the increment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The moment before the call.
    pub start: Moment,
    /// The moment after it.
    pub end: Moment,
    /// How it ended.
    pub outcome: Outcome,
    /// Where a value came from, if the call reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The value of the sentinel that this process had seen before the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<String>,
    /// Whether an external writer called Redis, instead of the cache.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub external: bool,
}

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "they are methods of `Cache`, and commands")]
pub enum Op {
    Get,
    GetMany,
    GetAndExtendTtl,
    Set,
    SetMany,
    SetWithTtl,
    SetIfAbsent,
    Increment,
    Delete,
    Clear,
    Load,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was written or deleted.
    Done,
    /// It was not written: the key was present.
    Refused,
    /// A read found this value.
    Found(String),
    /// A read found no value.
    Absent,
    /// An error. A write may have been executed, or may be later.
    Failed(String),
    /// The caller dropped the future. A write may have been executed, or may be later.
    Abandoned,
}

/// Where a value came from: `flipcache::Source`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "they are the cases of `flipcache::Source`")]
pub enum Source {
    Local,
    Backend,
    Default,
    Stale,
    Nowhere,
}

/// A command that Redis executed, as `MONITOR` printed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonitorLine {
    /// Its position among all commands and scans of the run.
    pub order: u64,
    /// When its line was read, which is after its execution.
    pub at: Moment,
    /// The command and its arguments.
    pub words: Vec<String>,
}

/// All keys of Redis, read without concurrent writes: after a restart, or at the end of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinalScan {
    /// Its position among all commands and scans of the run.
    pub order: u64,
    /// The moment after the scan.
    pub at: Moment,
    /// Whether Redis has just been restarted after a kill.
    pub restarted: bool,
    /// Whether Redis persists acknowledged writes.
    pub durable: bool,
    /// The values by key.
    pub values: BTreeMap<String, String>,
}

/// A time in which a process did not run, as its ticker measured it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stall {
    /// The process.
    pub process: String,
    /// When it should have run.
    pub from: Moment,
    /// When it did.
    pub to: Moment,
}

/// The begin or end of a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultEvent {
    /// The moment after it.
    pub at: Moment,
    /// A description.
    pub what: String,
}

/// How a process waited for the sentinel, the last write of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    /// The process.
    pub process: String,
    /// The sentinel's key.
    pub key: String,
    /// The sentinel's value.
    pub token: String,
    /// When it started to wait.
    pub since: Moment,
    /// When it saw the value; `None` if it gave up.
    pub seen: Option<Moment>,
}

impl Call {
    /// Returns whether a write or deletion was acknowledged.
    pub fn is_acknowledged_write(&self) -> bool {
        match &self.outcome {
            Outcome::Done => true,
            Outcome::Found(_) => self.op == Op::Increment,
            _ => false,
        }
    }

    /// Returns whether this load returned the value of its own loader. It does so even if the value
    /// could not be stored, so that the write is not acknowledged.
    pub fn is_own_load(&self) -> bool {
        match &self.outcome {
            Outcome::Found(found) => self.op == Op::Load && self.value.as_ref() == Some(found),
            _ => false,
        }
    }

    /// Returns the value after an acknowledged write; `None` if it deletes.
    pub fn written(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Found(sum) if self.op == Op::Increment => Some(sum),
            _ => self.value.as_deref(),
        }
    }

    /// Returns the result of a read, which is `None` if the key was absent; `None` if this is not a
    /// read or it failed.
    pub fn read_result(&self) -> Option<Option<&str>> {
        match &self.outcome {
            Outcome::Found(value) => Some(Some(value)),
            Outcome::Absent => Some(None),
            _ => None,
        }
    }

    /// Returns whether the value was marked stale.
    pub fn is_marked_stale(&self) -> bool {
        self.source == Some(Source::Stale)
    }
}
