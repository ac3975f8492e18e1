//! A sequential reader never sees a key go backwards in Redis' order.
//!
//! The rule skips values marked stale, and absences of keys that have a TTL.

use std::collections::HashMap;

use super::{Case, Rule, Violation, describe};
use crate::history::Call;

pub(super) fn check(case: &Case<'_>) -> Vec<Violation> {
    // By reader: the lowest index of the version that it has seen, and the read.
    let mut seen: HashMap<(&str, u32, &str), (usize, &Call)> = HashMap::new();
    let mut found = Vec::new();
    for read in case.reads().filter(|read| !case.may_be_stale(read)) {
        let is_absent = read.read_result() == Some(None);
        let matches = case.oracle.matches(read);
        if matches.is_empty() || is_absent && case.oracle.is_volatile(&read.key) {
            continue;
        }
        let reader = (read.process.as_str(), read.thread, read.key.as_str());
        let last = seen.get(&reader).copied();
        let least = last.map_or(0, |(index, _)| index);
        match (matches.iter().find(|index| **index >= least), last) {
            (Some(index), _) => {
                seen.insert(reader, (*index, read));
            }
            (None, Some((_, before))) => found.push(violation(read, before)),
            // The first read may see any version.
            (None, None) => {}
        }
    }
    found
}

fn violation(read: &Call, before: &Call) -> Violation {
    Violation {
        rule: Rule::MonotonicReads,
        key: read.key.clone(),
        process: read.process.clone(),
        from: before.start,
        to: read.end,
        what: format!(
            "{} in thread {}, and earlier {}; Redis held them in the opposite order",
            describe(read),
            read.thread,
            describe(before)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::history_builder::HistoryBuilder;
    use super::Rule;

    /// Two versions. The reads that follow are late enough to see both.
    fn two() -> HistoryBuilder {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.set("f0", "k", "v1", 0, 10);
        history.set("f0", "k", "v2", 20, 30);
        history
    }

    #[test]
    fn check_older_value_after_a_newer_is_a_violation() {
        let mut history = two();
        history.read("w0", "k", Some("v2"), 40, 41);
        history.read("w0", "k", Some("v1"), 42, 43);
        history.assert_found(&[Rule::MonotonicReads]);
    }

    #[test]
    fn check_another_thread_behind_passes() {
        let mut history = two();
        history.read("w0", "k", Some("v2"), 40, 41);
        history.read("w1", "k", Some("v1"), 42, 43);
        history.read_in_thread("w0", 7, "k", Some("v1"), (42, 43));
        history.assert_found(&[]);
    }

    #[test]
    fn check_earlier_absence_is_a_violation_and_later_absence_passes() {
        let mut history = two();
        history.read("w0", "k", Some("v1"), 40, 41);
        history.read("w0", "k", None, 42, 43);
        history.assert_found(&[Rule::MonotonicReads]);

        let mut history = two();
        history.read("w0", "k", Some("v1"), 40, 41);
        history.monitored(50, "DEL k");
        history.set("f0", "k", "v3", 60, 70);
        history.read("w0", "k", None, 80, 81);
        history.read("w0", "k", Some("v3"), 82, 83);
        history.assert_found(&[]);
    }

    #[test]
    fn check_absence_of_a_key_with_a_ttl_passes() {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.set_for("f0", "k", "v1", 5, (0, 10));
        history.set_for("f0", "k", "v2", 10_000, (20, 30));
        history.read("w0", "k", Some("v2"), 40, 41);
        history.read("w0", "k", None, 42, 43);
        history.assert_found(&[]);
    }
}
