//! Executes the commands that were heard once more.

use std::collections::HashMap;

use super::effect::{self, Effect, Only};
use super::{Life, Truth, Version};
use crate::history::{Call, History, MonitorLine, Op, Survey};
use crate::time::Moment;

struct Replay<'a> {
    truth: Truth,
    /// The call that writes a value.
    writers: HashMap<&'a str, &'a Call>,
    clears: Vec<&'a Call>,
}

pub(super) fn replay(history: &History) -> Truth {
    let writers = history.calls.iter();
    let writers = writers.filter_map(|call| Some((call.value.as_deref()?, call)));
    let clears = history.calls.iter().filter(|call| call.op == Op::Clear);
    let mut replay = Replay {
        truth: Truth::default(),
        writers: writers.collect(),
        clears: clears.collect(),
    };
    for call in &history.calls {
        if !call.key.is_empty() {
            replay.versions(&call.key);
        }
    }
    let mut surveys = history.surveys.iter().peekable();
    for heard in &history.heard {
        while let Some(survey) = surveys.next_if(|survey| survey.order < heard.order) {
            replay.survey(survey);
        }
        replay.heard(heard);
    }
    surveys.for_each(|survey| replay.survey(survey));
    let mut truth = replay.truth;
    let versions = truth.versions.values_mut();
    versions.for_each(|versions| tighten(versions));
    truth
}

impl Replay<'_> {
    fn versions(&mut self, key: &str) -> &mut Vec<Version> {
        let versions = self.truth.versions.entry(key.to_owned());
        versions.or_insert_with(|| {
            vec![Version {
                order: 0,
                value: None,
                lower: Moment(0),
                upper: Moment(0),
                life: Life::Lasting,
                prolonged: None,
            }]
        })
    }

    fn heard(&mut self, heard: &MonitorLine) {
        match effect::of(&heard.words) {
            Effect::Set {
                key,
                value,
                life,
                only,
            } => self.set(heard, key, value, life, only),
            Effect::Delete(keys) => {
                for key in keys {
                    self.delete(heard, key);
                }
            }
            Effect::DeleteAll => {
                let keys: Vec<String> = self.truth.versions.keys().cloned().collect();
                for key in keys {
                    self.delete(heard, &key);
                }
            }
            Effect::Live(key, life) => {
                if let Some(last) = self.versions(key).last_mut()
                    && last.value.is_some()
                {
                    last.life = life;
                }
            }
            Effect::Prolong(key, life) => {
                if let Some(last) = self.versions(key).last_mut()
                    && last.value.is_some()
                {
                    let until = heard.at.after(life);
                    // What had longer to live than that ends sooner now.
                    if !matches!(last.life, Life::For(old) if last.lower.after(old) <= until) {
                        last.life = Life::Unknown;
                    }
                    last.prolonged = Some(last.prolonged.map_or(until, |old| old.max(until)));
                }
            }
            Effect::Add(key, delta) => self.add(heard, key, delta),
            Effect::Nothing => {}
        }
    }

    fn set(&mut self, heard: &MonitorLine, key: &str, value: &str, life: Life, only: Only) {
        // A sum that is told as a value may be what somebody adds elsewhere.
        let writer = self.writers.get(value).copied();
        let writer = writer.filter(|writer| writer.op != Op::Increment);
        let versions = self.versions(key);
        let last = &versions[versions.len() - 1];
        let is_absent = match last.life {
            Life::Lasting => last.value.is_none(),
            // It may have expired; who wrote was told.
            _ => writer.is_none_or(Call::is_acknowledged_write),
        };
        let writes = match only {
            Only::Always => true,
            Only::IfAbsent => is_absent,
            Only::IfPresent => !is_absent,
        };
        if writes {
            self.wrote(heard, key, value, writer, life);
        }
    }

    fn wrote(
        &mut self,
        heard: &MonitorLine,
        key: &str,
        value: &str,
        writer: Option<&Call>,
        life: Life,
    ) {
        let acknowledged = writer.filter(|writer| writer.is_acknowledged_write());
        let upper = acknowledged.map_or(heard.at, |writer| writer.end.min(heard.at));
        self.versions(key).push(Version {
            order: heard.order,
            value: Some(value.to_owned()),
            lower: writer.map_or(Moment(0), |writer| writer.start),
            upper,
            life,
            prolonged: None,
        });
    }

    /// What is there and is no number stays; so does one that the sum does not fit.
    fn add(&mut self, heard: &MonitorLine, key: &str, delta: &str) {
        self.truth.counted.insert(key.to_owned());
        let writer = self.writers.get(delta).copied();
        let versions = self.versions(key);
        let last = &versions[versions.len() - 1];
        let held = last.value.as_deref().unwrap_or("0").parse::<i64>();
        let sum = held.ok().zip(delta.parse().ok());
        let Some(sum) = sum.and_then(|(held, delta)| held.checked_add(delta)) else {
            return;
        };
        let life = last.life;
        self.wrote(heard, key, &sum.to_string(), writer, life);
    }

    fn delete(&mut self, heard: &MonitorLine, key: &str) {
        let deletions = self.truth.deletions.entry(key.to_owned()).or_default();
        deletions.push((heard.order, heard.at));
        // What `clear` deletes is promised to be gone when it ends, not before.
        let clears = self.clears.iter();
        let of_clear = clears.filter(|clear| clear.start <= heard.at && clear.end >= heard.at);
        let upper = of_clear.map(|clear| clear.end).fold(heard.at, Moment::max);
        let versions = self.versions(key);
        if versions.last().is_some_and(|last| last.value.is_some()) {
            versions.push(Version {
                order: heard.order,
                value: None,
                lower: Moment(0),
                upper,
                life: Life::Lasting,
                prolonged: None,
            });
        }
    }

    /// After a restart, what Redis holds is what it is, whatever was heard before.
    fn survey(&mut self, survey: &Survey) {
        if !survey.restarted {
            return;
        }
        let known: Vec<String> = self.truth.versions.keys().cloned().collect();
        let keys = known.iter().chain(survey.values.keys());
        for key in keys {
            let held = survey.values.get(key);
            let writer = held.and_then(|value| self.writers.get(value.as_str()).copied());
            let versions = self.versions(key);
            if versions
                .last()
                .is_some_and(|last| last.value.as_ref() == held)
            {
                continue;
            }
            let is_known = versions
                .iter()
                .any(|version| version.value.as_ref() == held);
            let written = writer.filter(|_| !is_known);
            versions.push(Version {
                order: survey.order,
                value: held.cloned(),
                lower: written.map_or(Moment(0), |writer| writer.start),
                upper: survey.at,
                life: match held {
                    Some(_) => Life::Unknown,
                    None => Life::Lasting,
                },
                prolonged: None,
            });
        }
    }
}

/// What comes after something in Redis' order did not happen before it.
fn tighten(versions: &mut [Version]) {
    let mut lower = Moment(0);
    for version in versions.iter_mut() {
        lower = lower.max(version.lower);
        version.lower = lower;
    }
    let mut upper = Moment(u64::MAX);
    for version in versions.iter_mut().rev() {
        upper = upper.min(version.upper);
        version.upper = upper;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::history::Outcome;

    fn heard(order: u64, line: &str) -> MonitorLine {
        MonitorLine {
            order,
            at: Moment(order * 10),
            words: line.split(' ').map(str::to_owned).collect(),
        }
    }

    /// The values of `k`, `-` for its absence.
    fn values(history: &History) -> String {
        let truth = replay(history);
        let values = truth.versions("k").iter();
        let values = values.map(|version| version.value.as_deref().unwrap_or("-"));
        values.collect::<Vec<_>>().join(" ")
    }

    fn of(lines: &[&str]) -> History {
        let heard = (1..).zip(lines).map(|(order, line)| heard(order, line));
        History {
            heard: heard.collect(),
            ..History::default()
        }
    }

    #[test]
    fn replay_commands_make_versions_where_they_change_something() {
        let lines = ["SET k a", "SET k b NX", "DEL k", "DEL k", "SET k c NX"];
        assert_eq!(values(&of(&lines)), "- a - c");
        let lines = ["SET k a XX", "SET k b", "SET j c", "FLUSHALL", "GET k"];
        assert_eq!(values(&of(&lines)), "- b -");
    }

    #[test]
    fn replay_sums_go_on_from_what_is_there() {
        let lines = ["INCRBY k 5", "INCRBY k 7", "DEL k", "INCRBY k 1"];
        assert_eq!(values(&of(&lines)), "- 5 12 - 1");
        let lines = ["SET k a", "INCRBY k 7"];
        assert_eq!(values(&of(&lines)), "- a", "no sum of what is no number");
    }

    #[test]
    fn replay_sum_that_is_told_as_a_value_has_no_bound_by_whoever_adds_as_much() {
        let mut history = of(&["SET k 5"]);
        history.calls.push(Call {
            process: "w0".to_owned(),
            thread: 0,
            op: Op::Increment,
            key: "j".to_owned(),
            value: Some("5".to_owned()),
            start: Moment(70),
            end: Moment(90),
            outcome: Outcome::Found("12".to_owned()),
            source: None,
            quiet: None,
            foreign: false,
        });
        let truth = replay(&history);
        assert_eq!(truth.versions("k")[1].lower, Moment(0));
    }

    #[test]
    fn replay_read_that_prolongs_a_life_makes_no_version() {
        let truth = replay(&of(&["SET k a PX 5", "GETEX k PX 50", "GETEX j PX 50"]));
        let [_, version] = truth.versions("k") else {
            panic!("one was written: {:?}", truth.versions("k"));
        };
        let until = Moment(20).after(std::time::Duration::from_millis(50));
        assert_eq!(version.prolonged, Some(until));
        assert_eq!(
            version.life,
            Life::For(std::time::Duration::from_millis(5)),
            "it may have come too late"
        );
    }

    #[test]
    fn replay_set_if_absent_of_what_may_have_expired_goes_by_what_its_caller_was_told() {
        for (outcome, expected) in [(Outcome::Done, "- a b"), (Outcome::Refused, "- a")] {
            let mut history = of(&["SET k a PX 5", "SET k b NX"]);
            history.calls.push(Call {
                process: "w0".to_owned(),
                thread: 0,
                op: Op::SetIfAbsent,
                key: "k".to_owned(),
                value: Some("b".to_owned()),
                start: Moment(0),
                end: Moment(90),
                outcome,
                source: None,
                quiet: None,
                foreign: false,
            });
            assert_eq!(values(&history), expected);
        }
    }

    #[test]
    fn replay_restart_brings_what_was_kept() {
        for (kept, expected) in [(Some("a"), "- a b a c"), (None, "- a b - c")] {
            let mut history = of(&["SET k a", "SET k b"]);
            history.heard.push(heard(4, "SET k c"));
            let values_kept = kept.map(|value| ("k".to_owned(), value.to_owned()));
            history.surveys.push(Survey {
                order: 3,
                at: Moment(30),
                restarted: true,
                durable: false,
                values: BTreeMap::from_iter(values_kept),
            });
            assert_eq!(values(&history), expected);
        }
    }

    #[test]
    fn replay_bounds_follow_the_order() {
        let mut history = of(&["SET k a", "SET k b", "SET k c"]);
        // Read late.
        history.heard[0].at = Moment(500);
        let truth = replay(&history);
        let uppers: Vec<u64> = truth.versions("k").iter().map(|v| v.upper.0).collect();
        assert_eq!(uppers, [0, 20, 20, 30]);
    }
}
