//! Every value that is read has been in Redis under that key before the read ended: the local tier
//! is never ahead of Redis.

use std::collections::HashMap;

use super::{Case, Rule, Violation, describe};
use crate::history::{Call, Op};
use crate::oracle::{is_just_before_a_kill, may_be_unmonitored};

pub(super) fn check(case: &Case<'_>) -> Vec<Violation> {
    let calls = case.history.calls.iter();
    let writers: HashMap<&str, &Call> = calls
        .filter_map(|call| Some((call.value.as_deref()?, call)))
        .collect();
    case.reads()
        .filter_map(|read| judge(case, read, writers.get(read.read_result()??).copied()))
        .collect()
}

fn judge(case: &Case<'_>, read: &Call, writer: Option<&Call>) -> Option<Violation> {
    let versions = case.oracle.versions(&read.key);
    let matches = case.oracle.matches(read);
    if matches
        .iter()
        .any(|index| versions[*index].lower <= read.end)
    {
        return None;
    }
    let why = match writer {
        _ if !matches.is_empty() => "which was written only afterwards",
        // A sum may contain an increment that is not monitored.
        _ if case.oracle.is_counted(&read.key) && is_just_before_a_kill(case.history, read) => {
            return None;
        }
        None => "which no call wrote",
        Some(writer) if writer.key != read.key => "which was written to another key",
        Some(writer) if may_be_unmonitored(case.history, writer) => return None,
        Some(writer) if shares_load(read, writer) => return None,
        Some(_) => "which was sent to Redis but never executed",
    };
    Some(Violation {
        rule: Rule::ThinAir,
        key: read.key.clone(),
        process: read.process.clone(),
        from: writer.map_or(read.start, |writer| writer.start.min(read.start)),
        to: read.end,
        what: format!("{}, {why}", describe(read)),
    })
}

/// Returns whether a load returned what a loader in flight had loaded. Callers that wait for one load
/// get its value even if it cannot be stored; no other call may.
fn shares_load(read: &Call, writer: &Call) -> bool {
    let are_loads = read.op == Op::Load && writer.op == Op::Load;
    let overlap = read.start <= writer.end && writer.start <= read.end;
    are_loads && read.process == writer.process && overlap
}

#[cfg(test)]
mod tests {
    use super::super::history_builder::HistoryBuilder;
    use super::Rule;

    #[test]
    fn check_value_never_executed_is_a_violation() {
        let mut history = HistoryBuilder::with_staleness(0);
        history.set_that_fails("w0", "k", "v1", 0, 10);
        history.read("w0", "k", Some("v1"), 20, 21);
        history.assert_found(&[Rule::ThinAir]);
    }

    #[test]
    fn check_value_of_another_key_or_without_a_writer_is_a_violation() {
        let mut history = HistoryBuilder::with_staleness(0);
        history.set("w0", "a", "v1", 0, 10);
        history.read("w0", "b", Some("v1"), 20, 21);
        history.read("w0", "b", Some("v9"), 20, 21);
        history.assert_found(&[Rule::ThinAir, Rule::ThinAir]);
    }

    #[test]
    fn check_loaded_value_never_stored_passes_for_callers_of_the_load_alone() {
        let mut history = HistoryBuilder::with_staleness(0);
        history.load_own("w0", "k", "v1", 0, 10);
        history.load("w0", "k", "v1", 5, 11);
        history.assert_found(&[]);
        history.load("w1", "k", "v1", 5, 11);
        history.load("w0", "k", "v1", 20, 21);
        history.read("w0", "k", Some("v1"), 5, 11);
        history.assert_found(&[Rule::ThinAir; 3]);
    }

    #[test]
    fn check_value_from_the_future_is_a_violation() {
        let mut history = HistoryBuilder::with_staleness(0);
        history.read("w0", "k", Some("v1"), 0, 1);
        history.set("f0", "k", "v1", 2, 10);
        history.assert_found(&[Rule::ThinAir]);
    }

    #[test]
    fn check_sum_unmonitored_due_to_a_kill_passes_and_no_other() {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.increment("w0", "k", 5, "5", (0, 10));
        history.increment_unmonitored("w0", "k", 7, "12", (40, 45));
        history.read("w1", "k", Some("12"), 46, 47);
        history.restart(50, true, &[("k", "15")]);
        history.assert_found(&[]);
        history.read("w1", "k", Some("13"), 60, 61);
        history.assert_found(&[Rule::ThinAir]);
    }

    #[test]
    fn check_value_unmonitored_due_to_a_kill_passes() {
        let mut history = HistoryBuilder::with_staleness(0);
        history.set_that_fails("w0", "k", "v1", 0, 10);
        history.read("w1", "k", Some("v1"), 8, 9);
        history.restart(50, true, &[("k", "v1")]);
        history.read("w1", "k", Some("v1"), 60, 61);
        history.assert_found(&[]);
    }
}
