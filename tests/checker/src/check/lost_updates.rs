//! An acknowledged write is in Redis until the next write, unless Redis was killed and is not
//! durable.

use super::{Case, Rule, Violation};
use crate::history::{Call, FinalScan, Op};
use crate::oracle::{Ttl, may_be_unmonitored};
use crate::time::Moment;

pub(super) fn check(case: &Case<'_>) -> Vec<Violation> {
    let calls = case.history.calls.iter();
    let mut found: Vec<_> = calls.filter_map(|call| unmonitored(case, call)).collect();
    for scan in &case.history.final_scans {
        if scan.durable || !scan.restarted {
            let keys = case.oracle.keys();
            found.extend(keys.filter_map(|key| not_held(case, scan, key)));
        }
    }
    found
}

/// Finds an acknowledged write that Redis did not execute.
fn unmonitored(case: &Case<'_>, call: &Call) -> Option<Violation> {
    if !call.is_acknowledged_write() || call.op == Op::Clear {
        return None;
    }
    let (is_monitored, what) = match call.written() {
        Some(value) => {
            let versions = case.oracle.versions(&call.key);
            let mut of_call = versions.iter().map(|version| version.value.as_deref());
            (of_call.any(|held| held == Some(value)), value)
        }
        None if !case.history.limits.reports_all_deletions => return None,
        None => {
            let deletion = case.oracle.deletion_since(&call.key, call.start);
            (deletion.is_some(), "a deletion")
        }
    };
    if is_monitored || may_be_unmonitored(case.history, call) {
        return None;
    }
    Some(Violation {
        rule: Rule::LostUpdates,
        key: call.key.clone(),
        process: call.process.clone(),
        from: call.start,
        to: call.end,
        what: format!(
            "{what} was acknowledged to {}, and Redis has not executed it",
            call.process
        ),
    })
}

/// Finds a key that holds a value which an acknowledged write had replaced.
fn not_held(case: &Case<'_>, scan: &FinalScan, key: &str) -> Option<Violation> {
    let last = case.oracle.last_before(key, scan.order)?;
    let held = scan.values.get(key);
    let has_ended = held.is_none() && last.value.is_some() && last.ttl != Ttl::Never;
    if last.value.as_ref() == held || has_ended {
        return None;
    }
    let versions = case.oracle.versions(key);
    let before = versions.iter().filter(|version| version.order < scan.order);
    let since = before
        .clone()
        .rev()
        .find(|version| version.value.as_ref() == held);
    // Without such a version, the write of the value itself may be the last, and unmonitored.
    let since = match since {
        None => return None,
        Some(_) if scan.restarted && is_deleted_unmonitored(case, scan, key, last.lower) => {
            return None;
        }
        Some(version) => version.order,
    };
    let lost = before
        .filter(|version| version.order > since)
        .find(|version| is_acknowledged(case, key, version.value.as_deref()))?;
    let (lost, held) = (lost.value.as_deref(), held.map(String::as_str));
    Some(Violation {
        rule: Rule::LostUpdates,
        key: key.to_owned(),
        process: String::new(),
        from: last.lower,
        to: scan.at,
        what: format!(
            "Redis holds {}, though {} was acknowledged after it",
            held.unwrap_or("nothing"),
            lost.unwrap_or("a deletion")
        ),
    })
}

fn is_acknowledged(case: &Case<'_>, key: &str, value: Option<&str>) -> bool {
    let Some(value) = value else { return false };
    let calls = case.history.calls.iter();
    let mut writers = calls.filter(|call| call.key == key && call.written() == Some(value));
    writers.any(Call::is_acknowledged_write)
}

/// Returns whether a deletion shortly before the kill may have removed the key without a line of
/// `MONITOR`.
fn is_deleted_unmonitored(case: &Case<'_>, scan: &FinalScan, key: &str, after: Moment) -> bool {
    let calls = case.history.calls.iter();
    !scan.values.contains_key(key)
        && calls
            .filter(|call| call.op == Op::Clear || call.op == Op::Delete && call.key == key)
            .any(|call| call.start <= scan.at && call.end >= after)
}

#[cfg(test)]
mod tests {
    use super::super::history_builder::HistoryBuilder;
    use super::Rule;

    #[test]
    fn check_acknowledged_write_not_executed_is_a_violation() {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.set_unmonitored("w0", "k", "v1", 0, 10);
        history.delete_unmonitored("w0", "k", 20, 30);
        history.assert_found(&[Rule::LostUpdates, Rule::LostUpdates]);
    }

    #[test]
    fn check_increment_not_executed_or_with_another_sum_is_a_violation() {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.increment("w0", "k", 5, "5", (0, 10));
        history.increment("w0", "k", 7, "13", (20, 30));
        history.assert_found(&[Rule::ThinAir, Rule::LostUpdates]);

        let mut history = HistoryBuilder::with_staleness(10_000);
        history.increment("w0", "k", 5, "5", (0, 10));
        history.increment_unmonitored("w0", "k", 7, "12", (20, 30));
        history.assert_found(&[Rule::ThinAir, Rule::LostUpdates]);
    }

    #[test]
    fn check_older_value_after_a_restart_is_a_violation_if_durable() {
        for (durable, rules) in [(true, &[Rule::LostUpdates][..]), (false, &[])] {
            let mut history = HistoryBuilder::with_staleness(10_000);
            history.set("w0", "k", "v1", 0, 10);
            history.set("w0", "k", "v2", 20, 30);
            history.restart(50, durable, &[("k", "v1")]);
            history.assert_found(rules);
        }
    }

    #[test]
    fn check_older_value_at_the_end_is_a_violation() {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.set("w0", "k", "v1", 0, 10);
        history.set("w0", "k", "v2", 20, 30);
        history.scan(50, &[("k", "v1")]);
        history.assert_found(&[Rule::LostUpdates]);
    }

    #[test]
    fn check_last_values_and_expired_keys_pass() {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.set("w0", "k", "v1", 0, 10);
        history.set_for("w0", "t", "v2", 5, (0, 10));
        history.delete("w0", "d", 11, 12);
        history.scan(50, &[("k", "v1")]);
        history.assert_found(&[]);
    }

    #[test]
    fn check_last_writes_before_a_kill_may_be_unmonitored() {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.set("w0", "k", "v1", 0, 10);
        history.set("w0", "d", "v2", 0, 10);
        history.set_unmonitored("w0", "k", "v3", 40, 45);
        history.delete_unmonitored("w0", "d", 40, 45);
        history.restart(50, true, &[("k", "v3")]);
        history.assert_found(&[]);
    }

    #[test]
    fn check_unmonitored_write_before_one_that_was_heard_is_found_though_redis_was_killed() {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.set_unmonitored("w0", "k", "v1", 0, 10);
        history.set("w0", "a", "v2", 20, 30);
        history.restart(50, true, &[("a", "v2")]);
        history.assert_found(&[Rule::LostUpdates]);
    }
}
