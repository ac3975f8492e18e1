//! Builds small histories for the tests of rules. Moments are milliseconds; processes called `f…`
//! are external writers.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Rule, check};
use crate::history::{
    Call, Event, FinalScan, History, Limits, MonitorLine, Op, Outcome, Quiet, Source, Stall,
};
use crate::time::Moment;

pub(super) struct HistoryBuilder {
    history: History,
    order: u64,
}

fn moment(millis: u64) -> Moment {
    Moment(0).after(Duration::from_millis(millis))
}

fn call(process: &str, op: Op, key: &str, start: u64, end: u64) -> Call {
    Call {
        process: process.to_owned(),
        thread: 0,
        op,
        key: key.to_owned(),
        value: None,
        start: moment(start),
        end: moment(end),
        outcome: Outcome::Done,
        source: None,
        quiet: None,
        external: process.starts_with('f'),
    }
}

fn outcome(value: Option<&str>) -> Outcome {
    value.map_or(Outcome::Absent, |value| Outcome::Found(value.to_owned()))
}

fn values(values: &[(&str, &str)]) -> BTreeMap<String, String> {
    let values = values.iter();
    let owned = values.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    owned.collect()
}

impl HistoryBuilder {
    pub(super) fn with_staleness(staleness_ms: u64) -> Self {
        Self::with_window(staleness_ms, 0)
    }

    pub(super) fn with_window(staleness_ms: u64, stale_window_ms: u64) -> Self {
        let limits = Limits {
            staleness_ms,
            stale_window_ms,
            deadline_ms: 100,
            tolerance_ms: 10,
            reports_all_deletions: true,
        };
        let history = History {
            limits,
            ..History::default()
        };
        Self { history, order: 0 }
    }

    /// As with a file: deletions of absent keys are not monitored.
    pub(super) fn without_all_deletions(mut self) -> Self {
        self.history.limits.reports_all_deletions = false;
        self
    }

    fn add(&mut self, call: Call) {
        self.history.add(Event::Call(call));
    }

    fn next(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    pub(super) fn monitored(&mut self, at: u64, line: &str) {
        let order = self.next();
        self.history.add(Event::Monitored(MonitorLine {
            order,
            at: moment(at),
            words: line.split(' ').map(str::to_owned).collect(),
        }));
    }

    /// Adds an acknowledged write that is monitored at its end.
    pub(super) fn set(&mut self, process: &str, key: &str, value: &str, start: u64, end: u64) {
        self.set_unmonitored(process, key, value, start, end);
        self.monitored(end, &format!("SET {key} {value}"));
    }

    pub(super) fn set_for(
        &mut self,
        process: &str,
        key: &str,
        value: &str,
        millis: u64,
        (start, end): (u64, u64),
    ) {
        self.set_unmonitored(process, key, value, start, end);
        self.monitored(end, &format!("SET {key} {value} PX {millis}"));
    }

    pub(super) fn set_unmonitored(
        &mut self,
        process: &str,
        key: &str,
        value: &str,
        start: u64,
        end: u64,
    ) {
        self.add(Call {
            value: Some(value.to_owned()),
            ..call(process, Op::Set, key, start, end)
        });
    }

    /// Adds an acknowledged increment that is monitored at its end.
    pub(super) fn increment(
        &mut self,
        process: &str,
        key: &str,
        delta: i64,
        sum: &str,
        (start, end): (u64, u64),
    ) {
        self.increment_unmonitored(process, key, delta, sum, (start, end));
        self.monitored(end, &format!("INCRBY {key} {delta}"));
    }

    pub(super) fn increment_unmonitored(
        &mut self,
        process: &str,
        key: &str,
        delta: i64,
        sum: &str,
        (start, end): (u64, u64),
    ) {
        self.add(Call {
            value: Some(delta.to_string()),
            outcome: outcome(Some(sum)),
            ..call(process, Op::Increment, key, start, end)
        });
    }

    fn set_failing(&mut self, call: Call, value: &str, error: &str) {
        self.add(Call {
            value: Some(value.to_owned()),
            outcome: Outcome::Failed(error.to_owned()),
            ..call
        });
    }

    pub(super) fn set_that_fails(
        &mut self,
        process: &str,
        key: &str,
        value: &str,
        start: u64,
        end: u64,
    ) {
        let call = call(process, Op::Set, key, start, end);
        self.set_failing(call, value, "backend: timeout");
    }

    pub(super) fn set_that_breaks(
        &mut self,
        process: &str,
        key: &str,
        value: &str,
        start: u64,
        end: u64,
    ) {
        let call = call(process, Op::Set, key, start, end);
        self.set_failing(call, value, "a task of the cache was ended");
    }

    pub(super) fn delete(&mut self, process: &str, key: &str, start: u64, end: u64) {
        self.delete_unmonitored(process, key, start, end);
        self.monitored(end, &format!("DEL {key}"));
    }

    pub(super) fn delete_unmonitored(&mut self, process: &str, key: &str, start: u64, end: u64) {
        self.add(call(process, Op::Delete, key, start, end));
    }

    pub(super) fn clear(&mut self, process: &str, start: u64, end: u64) {
        self.add(call(process, Op::Clear, "", start, end));
    }

    pub(super) fn read(
        &mut self,
        process: &str,
        key: &str,
        value: Option<&str>,
        start: u64,
        end: u64,
    ) {
        self.read_in_thread(process, 0, key, value, (start, end));
    }

    pub(super) fn read_in_thread(
        &mut self,
        process: &str,
        thread: u32,
        key: &str,
        value: Option<&str>,
        (start, end): (u64, u64),
    ) {
        self.add(Call {
            thread,
            outcome: outcome(value),
            ..call(process, Op::Get, key, start, end)
        });
    }

    pub(super) fn read_marked(
        &mut self,
        process: &str,
        key: &str,
        value: &str,
        start: u64,
        end: u64,
    ) {
        self.add(Call {
            outcome: outcome(Some(value)),
            source: Some(Source::Stale),
            ..call(process, Op::Get, key, start, end)
        });
    }

    /// Adds a load that found a value; it has no source.
    pub(super) fn load(&mut self, process: &str, key: &str, found: &str, start: u64, end: u64) {
        self.add(Call {
            outcome: outcome(Some(found)),
            ..call(process, Op::Load, key, start, end)
        });
    }

    /// Adds a load that returned the value of its own loader, which Redis did not store.
    pub(super) fn load_own(&mut self, process: &str, key: &str, value: &str, start: u64, end: u64) {
        self.add(Call {
            value: Some(value.to_owned()),
            outcome: outcome(Some(value)),
            ..call(process, Op::Load, key, start, end)
        });
    }

    pub(super) fn read_marked_in_quiet(
        &mut self,
        process: &str,
        key: &str,
        value: &str,
        token: &str,
        (start, end): (u64, u64),
    ) {
        self.add(Call {
            outcome: outcome(Some(value)),
            source: Some(Source::Stale),
            quiet: Some(token.to_owned()),
            ..call(process, Op::Get, key, start, end)
        });
    }

    pub(super) fn read_in_quiet(
        &mut self,
        process: &str,
        key: &str,
        value: Option<&str>,
        token: &str,
        (start, end): (u64, u64),
    ) {
        self.add(Call {
            outcome: outcome(value),
            quiet: Some(token.to_owned()),
            ..call(process, Op::Get, key, start, end)
        });
    }

    pub(super) fn failed_in_quiet(
        &mut self,
        process: &str,
        key: &str,
        token: &str,
        start: u64,
        end: u64,
    ) {
        self.add(Call {
            outcome: Outcome::Failed("backend: timeout".to_owned()),
            quiet: Some(token.to_owned()),
            ..call(process, Op::Get, key, start, end)
        });
    }

    pub(super) fn quiet(&mut self, process: &str, key: &str, token: &str, seen: Option<u64>) {
        self.history.add(Event::Quiet(Quiet {
            process: process.to_owned(),
            key: key.to_owned(),
            token: token.to_owned(),
            since: moment(0),
            seen: seen.map(moment),
        }));
    }

    pub(super) fn stall(&mut self, process: &str, from: u64, to: u64) {
        self.history.add(Event::Stall(Stall {
            process: process.to_owned(),
            from: moment(from),
            to: moment(to),
        }));
    }

    pub(super) fn restart(&mut self, at: u64, durable: bool, held: &[(&str, &str)]) {
        let order = self.next();
        self.history.add(Event::FinalScan(FinalScan {
            order,
            at: moment(at),
            restarted: true,
            durable,
            values: values(held),
        }));
    }

    pub(super) fn scan(&mut self, at: u64, held: &[(&str, &str)]) {
        let order = self.next();
        self.history.add(Event::FinalScan(FinalScan {
            order,
            at: moment(at),
            restarted: false,
            durable: true,
            values: values(held),
        }));
    }

    /// Returns the history so far.
    pub(super) fn build(&self) -> History {
        let mut history = self.history.clone();
        history.sort();
        history
    }

    /// Checks the history so far.
    #[track_caller]
    pub(super) fn assert_found(&self, rules: &[Rule]) {
        let found = check(&self.build());
        let found_rules: Vec<Rule> = found.iter().map(|violation| violation.rule).collect();
        assert_eq!(found_rules, rules, "{found:#?}");
    }
}
