//! A process reads its own acknowledged write, or a later one. That holds for values marked stale,
//! too: a process must not serve what its own write has replaced.

use std::collections::HashMap;

use super::{Case, Rule, Violation, describe};
use crate::history::{Call, Op};
use crate::time::Moment;

/// An acknowledged write of a process to a key.
struct Own<'a> {
    end: Moment,
    /// Its earliest position in Redis' order.
    order: u64,
    call: &'a Call,
}

pub(super) fn check(case: &Case<'_>) -> Vec<Violation> {
    let mut own: HashMap<(&str, &str), Vec<Own<'_>>> = HashMap::new();
    for call in &case.history.calls {
        if let Some(order) = place(case, call) {
            let of_key = own.entry((&call.process, &call.key)).or_default();
            let end = call.end;
            of_key.push(Own { end, order, call });
        }
    }
    case.reads()
        .filter_map(|read| {
            let before = own.get(&(read.process.as_str(), read.key.as_str()))?.iter();
            let before = before.filter(|own| own.end < read.start);
            let last = before.max_by_key(|own| own.order)?;
            judge(case, read, last)
        })
        .collect()
}

/// Returns the position of an acknowledged write in Redis' order; `None` if it is lost.
fn place(case: &Case<'_>, call: &Call) -> Option<u64> {
    if !call.is_acknowledged_write() {
        return None;
    }
    if call.op == Op::Delete {
        // If deletions may be unmonitored, the next monitored one may be another.
        let reports_all = case.history.limits.reports_all_deletions;
        return reports_all.then(|| case.oracle.deletion_since(&call.key, call.start))?;
    }
    let versions = case.oracle.versions(&call.key).iter();
    let of_call = versions
        .filter(|version| version.value.is_some() && version.value.as_deref() == call.written());
    of_call.map(|version| version.order).next()
}

fn judge(case: &Case<'_>, read: &Call, own: &Own<'_>) -> Option<Violation> {
    let matches = case.oracle.matches(read);
    let is_later = |index: &usize| case.was_current_after(&read.key, *index, own.order);
    // Values that match no version are left to `thin_air`.
    if matches.is_empty() && read.read_result() != Some(None) || matches.iter().any(is_later) {
        return None;
    }
    let written = own.call.written().unwrap_or("a deletion");
    Some(Violation {
        rule: Rule::ReadYourWrites,
        key: read.key.clone(),
        process: read.process.clone(),
        from: own.call.start,
        to: read.end,
        what: format!(
            "{}, though {written} of its own was acknowledged {:?} before the call",
            describe(read),
            read.start.since(own.end)
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::super::history_builder::HistoryBuilder;
    use super::Rule;

    #[test]
    fn check_older_value_after_an_own_write_is_a_violation() {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.set("w0", "k", "v1", 0, 10);
        history.set("w0", "k", "v2", 20, 30);
        history.read("w0", "k", Some("v1"), 31, 32);
        history.assert_found(&[Rule::ReadYourWrites]);
    }

    #[test]
    fn check_other_processes_and_overlapping_calls_pass() {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.set("w0", "k", "v1", 0, 10);
        history.set("w0", "k", "v2", 20, 30);
        history.read("w1", "k", Some("v1"), 31, 32);
        history.read("w0", "k", Some("v1"), 30, 32);
        history.assert_found(&[]);
    }

    #[test]
    fn check_later_write_of_another_client_passes() {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.set("w0", "k", "v1", 0, 10);
        history.set("f0", "k", "v2", 20, 30);
        history.read("w0", "k", Some("v2"), 31, 32);
        history.assert_found(&[]);
    }

    #[test]
    fn check_marked_value_after_an_own_deletion_is_a_violation() {
        let mut history = HistoryBuilder::with_window(10_000, 10_000);
        history.set("f0", "k", "v1", 0, 10);
        history.delete("w0", "k", 20, 30);
        history.read_marked("w0", "k", "v1", 31, 32);
        history.assert_found(&[Rule::ReadYourWrites]);
    }

    #[test]
    fn check_own_deletion_that_may_be_unmonitored_has_no_position() {
        let mut history = HistoryBuilder::with_staleness(10_000).without_all_deletions();
        history.delete_unmonitored("w0", "k", 0, 10);
        history.set("f0", "k", "v1", 20, 30);
        history.read("w0", "k", Some("v1"), 31, 32);
        history.monitored(40, "DEL k");
        history.assert_found(&[]);
    }

    #[test]
    fn check_absence_after_an_own_write_is_a_violation() {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.set("w0", "k", "v1", 0, 10);
        history.read("w0", "k", None, 11, 12);
        history.assert_found(&[Rule::ReadYourWrites]);
    }

    #[test]
    fn check_sum_before_an_own_increment_is_a_violation() {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.increment("w0", "k", 5, "5", (0, 10));
        history.increment("w0", "k", 7, "12", (20, 30));
        history.read("w0", "k", Some("12"), 31, 32);
        history.assert_found(&[]);
        history.read("w0", "k", Some("5"), 33, 34);
        history.assert_found(&[Rule::ReadYourWrites, Rule::MonotonicReads]);
    }

    #[test]
    fn check_failed_write_guarantees_nothing() {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.set("w0", "k", "v1", 0, 10);
        history.set_that_fails("w0", "k", "v2", 20, 30);
        history.monitored(29, "SET k v2");
        history.read("w0", "k", Some("v1"), 31, 32);
        history.assert_found(&[]);
    }
}
