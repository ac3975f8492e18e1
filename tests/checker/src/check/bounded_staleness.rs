//! A value not marked stale was current no longer than the bound before the call began, and had not
//! expired.

use std::time::Duration;

use super::{Case, Rule, Violation, describe};
use crate::history::Call;
use crate::oracle::Ttl;

/// How much the clocks of Redis and the machine may differ over one TTL.
const CLOCKS: Duration = Duration::from_millis(20);

pub(super) fn check(case: &Case<'_>) -> Vec<Violation> {
    unmarked(case)
        .filter_map(|call| stale(case, call).or_else(|| expired(case, call)))
        .collect()
}

/// Returns how long the oldest value had been replaced.
pub(super) fn oldest(case: &Case<'_>) -> Duration {
    let ages = unmarked(case).filter_map(|call| age(case, call));
    ages.map(|(_, age)| age).max().unwrap_or_default()
}

fn unmarked<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a Call> {
    case.reads().filter(|call| !case.may_be_stale(call))
}

/// Returns the matching version that was replaced last, and how long before the call that was.
pub(super) fn age(case: &Case<'_>, call: &Call) -> Option<(usize, Duration)> {
    let matches = case.oracle.matches(call).into_iter();
    matches
        .map(|index| (index, age_of(case, call, index)))
        .min_by_key(|(_, age)| *age)
}

/// Returns how long before a call a version was replaced, without stalls of the process.
pub(super) fn age_of(case: &Case<'_>, call: &Call, index: usize) -> Duration {
    match case.oracle.versions(&call.key).get(index + 1) {
        None => Duration::ZERO,
        Some(next) => case.stalls.awake(&call.process, next.upper, call.start),
    }
}

fn stale(case: &Case<'_>, call: &Call) -> Option<Violation> {
    let bound = case.history.limits.staleness();
    let (index, age) = age(case, call).filter(|(_, age)| *age > bound)?;
    let versions = case.oracle.versions(&call.key);
    let next = &versions[index + 1];
    let by = next.value.as_deref().unwrap_or("its absence");
    let what = format!(
        "{}, which {by} had replaced {age:?} before the call (without stalls); the bound is {bound:?}",
        describe(call)
    );
    Some(Violation {
        rule: Rule::BoundedStaleness,
        key: call.key.clone(),
        process: call.process.clone(),
        from: versions[index].lower.max(next.lower),
        to: call.end,
        what,
    })
}

fn expired(case: &Case<'_>, call: &Call) -> Option<Violation> {
    let value = call.read_result()??;
    let (last, late) = expired_for(case, call).filter(|(_, late)| *late > CLOCKS)?;
    Some(Violation {
        rule: Rule::Expired,
        key: call.key.clone(),
        process: call.process.clone(),
        from: case.oracle.versions(&call.key)[last].lower,
        to: call.end,
        what: format!(
            "{}; {value} had expired {late:?} before the call",
            describe(call)
        ),
    })
}

/// Returns the last matching version, and how long before the call it had expired; `None` if its
/// expiry is not known.
pub(super) fn expired_for(case: &Case<'_>, call: &Call) -> Option<(usize, Duration)> {
    call.read_result()??;
    let last = *case.oracle.matches(call).last()?;
    let version = &case.oracle.versions(&call.key)[last];
    let Ttl::For(ttl) = version.ttl else {
        return None;
    };
    let end = version.upper.after(ttl);
    let end = version.extended_until.map_or(end, |until| until.max(end));
    Some((last, case.stalls.awake(&call.process, end, call.start)))
}

#[cfg(test)]
mod tests {
    use super::super::history_builder::HistoryBuilder;
    use super::Rule;

    #[test]
    fn check_value_replaced_long_ago_is_a_violation() {
        let mut history = HistoryBuilder::with_staleness(100);
        history.set("f0", "k", "v1", 0, 10);
        history.set("f0", "k", "v2", 20, 30);
        history.read("w0", "k", Some("v1"), 131, 132);
        history.assert_found(&[Rule::BoundedStaleness]);
    }

    #[test]
    fn check_value_within_the_bound_passes() {
        let mut history = HistoryBuilder::with_staleness(100);
        history.set("f0", "k", "v1", 0, 10);
        history.set("f0", "k", "v2", 20, 30);
        history.read("w0", "k", Some("v1"), 130, 300);
        history.assert_found(&[]);
    }

    #[test]
    fn check_unacknowledged_write_counts_from_its_line_of_monitor() {
        let mut history = HistoryBuilder::with_staleness(0);
        history.set("f0", "k", "v1", 0, 10);
        history.set_that_fails("f0", "k", "v2", 20, 30);
        history.read("w0", "k", Some("v1"), 39, 39);
        history.assert_found(&[]);
        history.monitored(40, "SET k v2");
        history.read("w0", "k", Some("v1"), 40, 40);
        history.assert_found(&[]);
        history.read("w1", "k", Some("v1"), 41, 41);
        history.assert_found(&[Rule::BoundedStaleness]);
    }

    #[test]
    fn check_stalls_of_the_reader_are_subtracted() {
        let mut history = HistoryBuilder::with_staleness(100);
        history.set("f0", "k", "v1", 0, 10);
        history.set("f0", "k", "v2", 20, 30);
        history.stall("w0", 50, 150);
        history.read("w0", "k", Some("v1"), 200, 201);
        history.assert_found(&[]);
        history.read("w1", "k", Some("v1"), 200, 201);
        history.assert_found(&[Rule::BoundedStaleness]);
    }

    #[test]
    fn check_marked_value_may_be_old() {
        let mut history = HistoryBuilder::with_window(0, 1_000);
        history.set("f0", "k", "v1", 0, 10);
        history.set("f0", "k", "v2", 20, 30);
        history.read_marked("w0", "k", "v1", 500, 501);
        history.assert_found(&[]);
    }

    #[test]
    fn check_life_that_a_read_has_extended_until_ends_later() {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.set_for("f0", "k", "v1", 100, (0, 10));
        history.monitored(90, "GETEX k PX 100");
        history.read("w0", "k", Some("v1"), 200, 201);
        // The read may have come too late to extend it.
        history.read("w0", "k", None, 150, 151);
        history.assert_found(&[]);
        history.read("w0", "k", Some("v1"), 220, 221);
        history.assert_found(&[Rule::Expired]);
    }

    #[test]
    fn check_absence_after_a_write_is_a_violation_and_after_a_deletion_passes() {
        let mut history = HistoryBuilder::with_staleness(0);
        history.set("f0", "k", "v1", 0, 10);
        history.read("w0", "k", None, 11, 12);
        history.assert_found(&[Rule::BoundedStaleness]);

        let mut history = HistoryBuilder::with_staleness(0);
        history.set("f0", "k", "v1", 0, 10);
        history.monitored(20, "DEL k");
        history.read("w0", "k", None, 30, 31);
        history.assert_found(&[]);
        history.read("w1", "k", Some("v1"), 30, 31);
        history.assert_found(&[Rule::BoundedStaleness]);
    }

    #[test]
    fn check_cleared_key_may_be_served_until_clear_ends() {
        let mut history = HistoryBuilder::with_staleness(0);
        history.set("w0", "k", "v1", 0, 10);
        history.clear("w0", 20, 50);
        history.monitored(30, "DEL k");
        history.read("w0", "k", Some("v1"), 40, 41);
        history.assert_found(&[]);
        history.read("w1", "k", Some("v1"), 51, 52);
        history.assert_found(&[Rule::BoundedStaleness]);
    }

    #[test]
    fn check_value_with_a_ttl_expires_exactly_and_its_absence_passes() {
        let mut history = HistoryBuilder::with_staleness(1_000);
        history.set_for("w0", "k", "v1", 100, (0, 10));
        history.read("w1", "k", Some("v1"), 109, 109);
        history.read("w0", "k", None, 110, 110);
        history.assert_found(&[]);
        history.read("w1", "k", Some("v1"), 140, 141);
        history.assert_found(&[Rule::Expired]);
    }

    #[test]
    fn check_absence_before_a_ttl_can_have_passed_is_a_violation() {
        let mut history = HistoryBuilder::with_staleness(20);
        history.set_for("w0", "k", "v1", 100, (0, 10));
        history.read("w1", "k", None, 90, 91);
        history.assert_found(&[Rule::BoundedStaleness]);
    }
}
