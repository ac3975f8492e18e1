//! What Redis held, and when: the versions of each key, in the order of `MONITOR`.
//!
//! # Layout
//!
//! This file holds the queries; `replay` creates the versions, `effect` parses commands.
//!
//! A version was created between two moments: not before its writer's call began, and not after
//! that was acknowledged or monitored. Rules take the bound that is more lenient.

mod effect;
mod replay;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::history::{Call, FinalScan, History};
use crate::time::Moment;

/// What a key held from one change to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The position of its command, among all commands.
    pub order: u64,
    /// `None`: absent.
    pub value: Option<String>,
    /// The version did not exist before.
    pub lower: Moment,
    /// The version existed by then.
    pub upper: Moment,
    /// When it expires.
    pub ttl: Ttl,
    /// Until when reads have extended its TTL, at the latest. Whether they came in time is not
    /// known.
    pub extended_until: Option<Moment>,
}

/// When a version expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ttl {
    /// Never.
    Never,
    /// After this time.
    For(Duration),
    /// At an unknown time: the TTL was changed, or is not monitored.
    Unknown,
}

/// The versions of all keys.
#[derive(Debug, Default)]
pub struct Oracle {
    versions: HashMap<String, Vec<Version>>,
    /// The monitored deletions by key, including those of absent keys.
    deletions: HashMap<String, Vec<(u64, Moment)>>,
    /// The keys that were incremented.
    counted: HashSet<String>,
}

impl Oracle {
    /// Replays the commands and scans of a history.
    pub fn of(history: &History) -> Self {
        replay::replay(history)
    }

    /// Returns the versions of a key; the first is its absence before all commands.
    pub fn versions(&self, key: &str) -> &[Version] {
        self.versions.get(key).map_or(&[], Vec::as_slice)
    }

    /// Returns the known keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.versions.keys().map(String::as_str)
    }

    /// Returns the version before a position, or the last one if there is no such position.
    pub fn last_before(&self, key: &str, order: u64) -> Option<&Version> {
        let versions = self.versions(key);
        let after = versions.partition_point(|version| version.order < order);
        versions[..after].last()
    }

    /// Returns the position of the first deletion of a key that was monitored after a moment.
    pub fn deletion_since(&self, key: &str, moment: Moment) -> Option<u64> {
        let deletions = self.deletions.get(key)?;
        let deletion = deletions.iter().find(|(_, at)| *at >= moment);
        deletion.map(|(order, _)| *order)
    }

    /// Returns the indices of the versions that a read may have seen.
    pub fn matches(&self, call: &Call) -> Vec<usize> {
        let Some(found) = call.read_result() else {
            return Vec::new();
        };
        let versions = self.versions(&call.key).iter().enumerate();
        let may_be = versions.filter(|(_, version)| match found {
            Some(_) => version.value.as_deref() == found,
            None => version.may_be_absent(call.end),
        });
        may_be.map(|(index, _)| index).collect()
    }

    /// Returns whether the values of a key are sums of increments.
    pub fn is_counted(&self, key: &str) -> bool {
        self.counted.contains(key)
    }

    /// Returns whether versions of a key have a TTL, so that its absence proves nothing.
    pub fn is_volatile(&self, key: &str) -> bool {
        let versions = self.versions(key);
        versions
            .iter()
            .any(|version| version.ttl != Ttl::Never && version.value.is_some())
    }
}

impl Version {
    /// Returns whether a read that ended by `moment` may have found the version absent.
    fn may_be_absent(&self, moment: Moment) -> bool {
        self.value.is_none()
            || match self.ttl {
                Ttl::Never => false,
                Ttl::For(ttl) => self.lower.after(ttl) <= moment,
                Ttl::Unknown => true,
            }
    }
}

/// Returns whether a command may change the value or the TTL of a key.
#[cfg(feature = "testbed")]
pub(crate) fn changes_something(words: &[String]) -> bool {
    effect::of(words) != effect::Effect::Nothing
}

/// Returns whether a write may have been executed without a line of `MONITOR`: Redis was killed,
/// and no call that began later was monitored.
pub fn may_be_unmonitored(history: &History, write: &Call) -> bool {
    if write.is_acknowledged_write() {
        is_just_before_a_kill(history, write)
    } else {
        restart_after(history, write).is_some()
    }
}

/// Returns whether Redis was killed so shortly after a call that no call that began later was
/// monitored.
pub(crate) fn is_just_before_a_kill(history: &History, call: &Call) -> bool {
    let Some(restart) = restart_after(history, call) else {
        return false;
    };
    let monitored: HashSet<&str> = history
        .monitored
        .iter()
        .filter(|line| line.order < restart.order)
        .filter_map(|line| line.words.get(2).map(String::as_str))
        .collect();
    let later = history.calls.iter().filter(|later| later.start > call.end);
    !later
        .filter_map(|later| later.value.as_deref())
        .any(|value| monitored.contains(value))
}

fn restart_after<'a>(history: &'a History, call: &Call) -> Option<&'a FinalScan> {
    let mut final_scans = history.final_scans.iter();
    final_scans.find(|scan| scan.restarted && scan.at >= call.start)
}
