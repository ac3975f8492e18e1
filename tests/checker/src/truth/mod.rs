//! What Redis really held, and when: the versions of each key, in the order of `MONITOR`.
//!
//! # Layout
//!
//! This file answers questions; `replay` makes the versions, `effect` knows what a command does.
//!
//! A version came about between two moments: not before its writer's call began, and not after that
//! was acknowledged or Redis told of it. Whoever judges takes the bound that excuses more.

mod effect;
mod replay;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::history::{Call, History, Survey};
use crate::time::Moment;

/// What a key held from one change to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The place of the command that made it, among all commands.
    pub order: u64,
    /// `None`: absent.
    pub value: Option<String>,
    /// It did not exist before.
    pub lower: Moment,
    /// It existed by then.
    pub upper: Moment,
    /// When it ends by itself.
    pub life: Life,
    /// Until when reads have prolonged its life, at the latest. Whether they came in time is not known.
    pub prolonged: Option<Moment>,
}

/// When a version ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Never.
    Lasting,
    /// After so long.
    For(Duration),
    /// Some time: it was changed, or nobody told.
    Unknown,
}

/// The versions of all keys.
#[derive(Debug, Default)]
pub struct Truth {
    versions: HashMap<String, Vec<Version>>,
    /// Every deletion that was heard of a key, though it may have been absent.
    deletions: HashMap<String, Vec<(u64, Moment)>>,
    /// The keys that were added to.
    counted: HashSet<String>,
}

impl Truth {
    /// What a history's commands and surveys come to.
    pub fn of(history: &History) -> Self {
        replay::replay(history)
    }

    /// The versions of a key; the first is its absence before all commands.
    pub fn versions(&self, key: &str) -> &[Version] {
        self.versions.get(key).map_or(&[], Vec::as_slice)
    }

    /// The keys that are known.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.versions.keys().map(String::as_str)
    }

    /// The version before a place, or the last of all if there is no such place.
    pub fn last_before(&self, key: &str, order: u64) -> Option<&Version> {
        let versions = self.versions(key);
        let after = versions.partition_point(|version| version.order < order);
        versions[..after].last()
    }

    /// The place of the first deletion of a key that was heard after a moment.
    pub fn deletion_since(&self, key: &str, moment: Moment) -> Option<u64> {
        let deletions = self.deletions.get(key)?;
        let heard = deletions.iter().find(|(_, at)| *at >= moment);
        heard.map(|(order, _)| *order)
    }

    /// The versions of a key that an answer may be, by index.
    pub fn matches(&self, call: &Call) -> Vec<usize> {
        let Some(answer) = call.answer() else {
            return Vec::new();
        };
        let versions = self.versions(&call.key).iter().enumerate();
        let may_be = versions.filter(|(_, version)| match answer {
            Some(_) => version.value.as_deref() == answer,
            None => version.may_be_absent(call.end),
        });
        may_be.map(|(index, _)| index).collect()
    }

    /// Whether a key's values are sums: each holds what those before it came to.
    pub fn is_counted(&self, key: &str) -> bool {
        self.counted.contains(key)
    }

    /// Whether a key's versions end by themselves: its absence then says nothing.
    pub fn is_fleeting(&self, key: &str) -> bool {
        let versions = self.versions(key);
        versions
            .iter()
            .any(|version| version.life != Life::Lasting && version.value.is_some())
    }
}

impl Version {
    /// Whether a reader who was answered by `moment` may have found nothing of it.
    fn may_be_absent(&self, moment: Moment) -> bool {
        self.value.is_none()
            || match self.life {
                Life::Lasting => false,
                Life::For(life) => self.lower.after(life) <= moment,
                Life::Unknown => true,
            }
    }
}

/// Whether a command, once executed, may have changed what a key holds, or for how long.
#[cfg(feature = "stage")]
pub(crate) fn changes_something(words: &[String]) -> bool {
    effect::of(words) != effect::Effect::Nothing
}

/// Whether a write may have been executed though `MONITOR` did not tell: Redis was killed before it
/// could, and had told of nothing that was begun later.
pub fn may_be_unheard(history: &History, write: &Call) -> bool {
    match write.is_acknowledged_write() {
        true => is_just_before_a_kill(history, write),
        false => restart_after(history, write).is_some(),
    }
}

/// Whether Redis was killed so shortly after a call that it had told of nothing that was begun later.
pub(crate) fn is_just_before_a_kill(history: &History, call: &Call) -> bool {
    let Some(restart) = restart_after(history, call) else {
        return false;
    };
    let heard: HashSet<&str> = history
        .heard
        .iter()
        .filter(|heard| heard.order < restart.order)
        .filter_map(|heard| heard.words.get(2).map(String::as_str))
        .collect();
    let later = history.calls.iter().filter(|later| later.start > call.end);
    !later
        .filter_map(|later| later.value.as_deref())
        .any(|value| heard.contains(value))
}

fn restart_after<'a>(history: &'a History, call: &Call) -> Option<&'a Survey> {
    let mut surveys = history.surveys.iter();
    surveys.find(|survey| survey.restarted && survey.at >= call.start)
}
