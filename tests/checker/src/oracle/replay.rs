//! Replays the monitored commands.

use std::collections::HashMap;

use super::effect::{self, Effect, Only};
use super::{Oracle, Ttl, Version};
use crate::history::{Call, FinalScan, History, MonitorLine, Op};
use crate::time::Moment;

struct Replay<'a> {
    oracle: Oracle,
    /// The call that writes each value.
    writers: HashMap<&'a str, &'a Call>,
    clears: Vec<&'a Call>,
}

pub(super) fn replay(history: &History) -> Oracle {
    let writers = history.calls.iter();
    let writers = writers.filter_map(|call| Some((call.value.as_deref()?, call)));
    let clears = history.calls.iter().filter(|call| call.op == Op::Clear);
    let mut replay = Replay {
        oracle: Oracle::default(),
        writers: writers.collect(),
        clears: clears.collect(),
    };
    for call in &history.calls {
        if !call.key.is_empty() {
            replay.versions(&call.key);
        }
    }
    let mut final_scans = history.final_scans.iter().peekable();
    for line in &history.monitored {
        while let Some(scan) = final_scans.next_if(|scan| scan.order < line.order) {
            replay.scan(scan);
        }
        replay.apply(line);
    }
    final_scans.for_each(|scan| replay.scan(scan));
    let mut oracle = replay.oracle;
    let versions = oracle.versions.values_mut();
    versions.for_each(|versions| tighten(versions));
    oracle
}

impl Replay<'_> {
    fn versions(&mut self, key: &str) -> &mut Vec<Version> {
        let versions = self.oracle.versions.entry(key.to_owned());
        versions.or_insert_with(|| {
            vec![Version {
                order: 0,
                value: None,
                lower: Moment(0),
                upper: Moment(0),
                ttl: Ttl::Never,
                extended_until: None,
            }]
        })
    }

    fn apply(&mut self, line: &MonitorLine) {
        match effect::of(&line.words) {
            Effect::Set {
                key,
                value,
                ttl,
                only,
            } => self.set(line, key, value, ttl, only),
            Effect::Delete(keys) => {
                for key in keys {
                    self.delete(line, key);
                }
            }
            Effect::DeleteAll => {
                let keys: Vec<String> = self.oracle.versions.keys().cloned().collect();
                for key in keys {
                    self.delete(line, &key);
                }
            }
            Effect::SetTtl(key, ttl) => {
                if let Some(last) = self.versions(key).last_mut()
                    && last.value.is_some()
                {
                    last.ttl = ttl;
                }
            }
            Effect::ExtendTtl(key, ttl) => {
                if let Some(last) = self.versions(key).last_mut()
                    && last.value.is_some()
                {
                    let until = line.at.after(ttl);
                    // A longer TTL than that becomes shorter.
                    if !matches!(last.ttl, Ttl::For(old) if last.lower.after(old) <= until) {
                        last.ttl = Ttl::Unknown;
                    }
                    last.extended_until =
                        Some(last.extended_until.map_or(until, |old| old.max(until)));
                }
            }
            Effect::Add(key, delta) => self.add(line, key, delta),
            Effect::Nothing => {}
        }
    }

    fn set(&mut self, line: &MonitorLine, key: &str, value: &str, ttl: Ttl, only: Only) {
        // A sum that is monitored as a value may equal the increment of another call.
        let writer = self.writers.get(value).copied();
        let writer = writer.filter(|writer| writer.op != Op::Increment);
        let versions = self.versions(key);
        let last = &versions[versions.len() - 1];
        let is_absent = match last.ttl {
            Ttl::Never => last.value.is_none(),
            // It may have expired; the outcome of the write tells.
            _ => writer.is_none_or(|writer| writer.is_acknowledged_write() || writer.is_own_load()),
        };
        let writes = match only {
            Only::Always => true,
            Only::IfAbsent => is_absent,
            Only::IfPresent => !is_absent,
        };
        if writes {
            self.wrote(line, key, value, writer, ttl);
        }
    }

    fn wrote(
        &mut self,
        line: &MonitorLine,
        key: &str,
        value: &str,
        writer: Option<&Call>,
        ttl: Ttl,
    ) {
        let acknowledged = writer.filter(|writer| writer.is_acknowledged_write());
        let upper = acknowledged.map_or(line.at, |writer| writer.end.min(line.at));
        self.versions(key).push(Version {
            order: line.order,
            value: Some(value.to_owned()),
            lower: writer.map_or(Moment(0), |writer| writer.start),
            upper,
            ttl,
            extended_until: None,
        });
    }

    /// A value that is not a number stays, and so does one whose sum overflows.
    fn add(&mut self, line: &MonitorLine, key: &str, delta: &str) {
        self.oracle.counted.insert(key.to_owned());
        let writer = self.writers.get(delta).copied();
        let versions = self.versions(key);
        let last = &versions[versions.len() - 1];
        let held = last.value.as_deref().unwrap_or("0").parse::<i64>();
        let sum = held.ok().zip(delta.parse().ok());
        let Some(sum) = sum.and_then(|(held, delta)| held.checked_add(delta)) else {
            return;
        };
        let ttl = last.ttl;
        self.wrote(line, key, &sum.to_string(), writer, ttl);
    }

    fn delete(&mut self, line: &MonitorLine, key: &str) {
        let deletions = self.oracle.deletions.entry(key.to_owned()).or_default();
        deletions.push((line.order, line.at));
        // `clear` guarantees that its deletions are visible when it ends, not before.
        let clears = self.clears.iter();
        let of_clear = clears.filter(|clear| clear.start <= line.at && clear.end >= line.at);
        let upper = of_clear.map(|clear| clear.end).fold(line.at, Moment::max);
        let versions = self.versions(key);
        if versions.last().is_some_and(|last| last.value.is_some()) {
            versions.push(Version {
                order: line.order,
                value: None,
                lower: Moment(0),
                upper,
                ttl: Ttl::Never,
                extended_until: None,
            });
        }
    }

    /// After a restart, Redis holds the scanned values, whatever was monitored before.
    fn scan(&mut self, scan: &FinalScan) {
        if !scan.restarted {
            return;
        }
        let known: Vec<String> = self.oracle.versions.keys().cloned().collect();
        let keys = known.iter().chain(scan.values.keys());
        for key in keys {
            let held = scan.values.get(key);
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
                order: scan.order,
                value: held.cloned(),
                lower: written.map_or(Moment(0), |writer| writer.start),
                upper: scan.at,
                ttl: match held {
                    Some(_) => Ttl::Unknown,
                    None => Ttl::Never,
                },
                extended_until: None,
            });
        }
    }
}

/// Tightens the bounds: a version later in Redis' order was not created earlier.
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

    fn monitored(order: u64, line: &str) -> MonitorLine {
        MonitorLine {
            order,
            at: Moment(order * 10),
            words: line.split(' ').map(str::to_owned).collect(),
        }
    }

    /// Returns the values of `k`, `-` for its absence.
    fn values(history: &History) -> String {
        let oracle = replay(history);
        let values = oracle.versions("k").iter();
        let values = values.map(|version| version.value.as_deref().unwrap_or("-"));
        values.collect::<Vec<_>>().join(" ")
    }

    fn of(lines: &[&str]) -> History {
        let lines = (1..).zip(lines).map(|(order, text)| monitored(order, text));
        History {
            monitored: lines.collect(),
            ..History::default()
        }
    }

    #[test]
    fn replay_command_that_changes_a_value_creates_a_version() {
        let lines = ["SET k a", "SET k b NX", "DEL k", "DEL k", "SET k c NX"];
        assert_eq!(values(&of(&lines)), "- a - c");
        let lines = ["SET k a XX", "SET k b", "SET j c", "FLUSHALL", "GET k"];
        assert_eq!(values(&of(&lines)), "- b -");
    }

    #[test]
    fn replay_increment_adds_to_the_present_value() {
        let lines = ["INCRBY k 5", "INCRBY k 7", "DEL k", "INCRBY k 1"];
        assert_eq!(values(&of(&lines)), "- 5 12 - 1");
        let lines = ["SET k a", "INCRBY k 7"];
        assert_eq!(values(&of(&lines)), "- a", "the value is not a number");
    }

    #[test]
    fn replay_sum_monitored_as_a_value_is_not_bounded_by_an_equal_increment() {
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
            external: false,
        });
        let oracle = replay(&history);
        assert_eq!(oracle.versions("k")[1].lower, Moment(0));
    }

    #[test]
    fn replay_read_that_extends_a_life_makes_no_version() {
        let oracle = replay(&of(&["SET k a PX 5", "GETEX k PX 50", "GETEX j PX 50"]));
        let [_, version] = oracle.versions("k") else {
            panic!("there must be one version: {:?}", oracle.versions("k"));
        };
        let until = Moment(20).after(std::time::Duration::from_millis(50));
        assert_eq!(version.extended_until, Some(until));
        assert_eq!(
            version.ttl,
            Ttl::For(std::time::Duration::from_millis(5)),
            "the read may have come too late"
        );
    }

    #[test]
    fn replay_set_if_absent_of_a_key_that_may_have_expired_follows_its_outcome() {
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
                external: false,
            });
            assert_eq!(values(&history), expected);
        }
    }

    #[test]
    fn replay_restart_creates_versions_of_the_scanned_values() {
        for (kept, expected) in [(Some("a"), "- a b a c"), (None, "- a b - c")] {
            let mut history = of(&["SET k a", "SET k b"]);
            history.monitored.push(monitored(4, "SET k c"));
            let values_kept = kept.map(|value| ("k".to_owned(), value.to_owned()));
            history.final_scans.push(FinalScan {
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
        history.monitored[0].at = Moment(500);
        let oracle = replay(&history);
        let uppers: Vec<u64> = oracle.versions("k").iter().map(|v| v.upper.0).collect();
        assert_eq!(uppers, [0, 20, 20, 30]);
    }
}
