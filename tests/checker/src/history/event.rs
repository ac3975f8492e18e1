//! One thing that happened, as a line of JSON.
//!
//! Keys are complete ones, as they stand in Redis. No two writes of a run have the same value.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::time::Moment;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A call ended.
    Call(Call),
    /// Redis executed a command.
    Monitored(MonitorLine),
    /// All keys of Redis were read.
    Survey(Survey),
    /// A process was not running.
    Stall(Stall),
    /// Something was done to those who take part.
    Fault(Fault),
    /// A process has come to rest, or has not.
    Quiet(Quiet),
}

/// A call and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Who called.
    pub process: String,
    /// Which of its sequential callers.
    pub thread: u32,
    /// What was called.
    pub op: Op,
    /// The key; empty where a call has none.
    pub key: String,
    /// What is written, or would be; what is added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Before the call.
    pub start: Moment,
    /// After it.
    pub end: Moment,
    /// How it ended.
    pub outcome: Outcome,
    /// Where an answer came from, if the call tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The value of the sentinel that this process had seen when it called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<String>,
    /// It was not the cache that was called, but Redis.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "they are methods of `Cache`, and commands")]
pub enum Op {
    Get,
    GetMany,
    GetAndProlong,
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
    /// It was not written: the key was there.
    Refused,
    /// A read's answer.
    Found(String),
    /// A read's answer: nothing is there.
    Absent,
    /// An error. A write may have happened, or may yet.
    Failed(String),
    /// The caller went away. A write may have happened, or may yet.
    Abandoned,
}

/// Where an answer came from: the cache's own `Source`.
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

/// A command that Redis executed, as `MONITOR` told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonitorLine {
    /// Its place among all commands and surveys of the run.
    pub order: u64,
    /// When it was read here, which is after it was executed.
    pub at: Moment,
    /// The command and its arguments.
    pub words: Vec<String>,
}

/// All that Redis holds, read while nobody wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// Its place among all commands and surveys of the run.
    pub order: u64,
    /// After it was read.
    pub at: Moment,
    /// Redis has just been started again, after it was killed.
    pub restarted: bool,
    /// Redis is told to keep what it has acknowledged.
    pub durable: bool,
    /// What it holds.
    pub values: BTreeMap<String, String>,
}

/// A time in which a process did not run, as its own ticker found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stall {
    /// Which process.
    pub process: String,
    /// When it should have run.
    pub from: Moment,
    /// When it did.
    pub to: Moment,
}

/// Something was done to those who take part, or was undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// After it was done.
    pub at: Moment,
    /// What it was, in words.
    pub what: String,
}

/// How a process waited for the sentinel, the last write of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    /// Which process.
    pub process: String,
    /// The sentinel's key.
    pub key: String,
    /// The sentinel's value.
    pub token: String,
    /// Since when it waited.
    pub since: Moment,
    /// When it saw the value; `None` if it gave up.
    pub seen: Option<Moment>,
}

impl Call {
    /// Whether the caller was told that its value, or its deletion, is in Redis.
    pub fn is_acknowledged_write(&self) -> bool {
        match &self.outcome {
            Outcome::Done => true,
            // A loader's value that was answered was written.
            Outcome::Found(answer) => match self.op {
                Op::Load => self.value.as_ref() == Some(answer),
                Op::Increment => true,
                _ => false,
            },
            _ => false,
        }
    }

    /// What the key held once an acknowledged write was done; `None`: nothing.
    pub fn written(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Found(sum) if self.op == Op::Increment => Some(sum),
            _ => self.value.as_deref(),
        }
    }

    /// A read's answer; `None` if this was no read or it failed.
    pub fn answer(&self) -> Option<Option<&str>> {
        match &self.outcome {
            Outcome::Found(value) => Some(Some(value)),
            Outcome::Absent => Some(None),
            _ => None,
        }
    }

    /// Whether the answer was marked as one that may be old.
    pub fn is_marked_stale(&self) -> bool {
        self.source == Some(Source::Stale)
    }
}
