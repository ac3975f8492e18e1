//! An unmarked answer was current no longer ago than the bound before the call began, and had not
//! expired.

use std::time::Duration;

use super::{Case, Rule, Violation, told};
use crate::history::Call;
use crate::truth::Life;

/// How exactly Redis' clock and the machine's count the same life.
const CLOCKS: Duration = Duration::from_millis(20);

pub(super) fn check(case: &Case<'_>) -> Vec<Violation> {
    unmarked(case)
        .filter_map(|call| stale(case, call).or_else(|| expired(case, call)))
        .collect()
}

/// How long the oldest answer had been replaced.
pub(super) fn oldest(case: &Case<'_>) -> Duration {
    let ages = unmarked(case).filter_map(|call| age(case, call));
    ages.map(|(_, age)| age).max().unwrap_or_default()
}

fn unmarked<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a Call> {
    case.reads().filter(|call| !case.may_be_stale(call))
}

/// Which version an answer may be that excuses most, and how long before the call it was replaced.
pub(super) fn age(case: &Case<'_>, call: &Call) -> Option<(usize, Duration)> {
    let matches = case.truth.matches(call).into_iter();
    matches
        .map(|index| (index, age_of(case, call, index)))
        .min_by_key(|(_, age)| *age)
}

/// How long before a call a version was replaced, while the caller's process ran.
pub(super) fn age_of(case: &Case<'_>, call: &Call, index: usize) -> Duration {
    match case.truth.versions(&call.key).get(index + 1) {
        None => Duration::ZERO,
        Some(next) => case.stalls.awake(&call.process, next.upper, call.start),
    }
}

fn stale(case: &Case<'_>, call: &Call) -> Option<Violation> {
    let bound = case.history.limits.staleness();
    let (index, age) = age(case, call).filter(|(_, age)| *age > bound)?;
    let versions = case.truth.versions(&call.key);
    let next = &versions[index + 1];
    let by = next.value.as_deref().unwrap_or("its absence");
    let what = format!(
        "{}, which {by} had replaced {age:?} before the call (stalls left out); the bound is {bound:?}",
        told(call)
    );
    Some(Violation {
        rule: Rule::Stale,
        key: call.key.clone(),
        process: call.process.clone(),
        from: versions[index].lower.max(next.lower),
        to: call.end,
        what,
    })
}

fn expired(case: &Case<'_>, call: &Call) -> Option<Violation> {
    let value = call.answer()??;
    let (last, late) = expired_for(case, call).filter(|(_, late)| *late > CLOCKS)?;
    Some(Violation {
        rule: Rule::Expired,
        key: call.key.clone(),
        process: call.process.clone(),
        from: case.truth.versions(&call.key)[last].lower,
        to: call.end,
        what: format!(
            "{}; {value} had expired {late:?} before the call",
            told(call)
        ),
    })
}

/// Which version an answer may be that excuses most, and for how long its life had been over before the
/// call; `None` if it has no end that is known.
pub(super) fn expired_for(case: &Case<'_>, call: &Call) -> Option<(usize, Duration)> {
    call.answer()??;
    let last = *case.truth.matches(call).last()?;
    let version = &case.truth.versions(&call.key)[last];
    let Life::For(life) = version.life else {
        return None;
    };
    let end = version.upper.after(life);
    let end = version.prolonged.map_or(end, |until| until.max(end));
    Some((last, case.stalls.awake(&call.process, end, call.start)))
}

#[cfg(test)]
mod tests {
    use super::super::story::Story;
    use super::Rule;

    #[test]
    fn check_answer_replaced_long_ago_is_stale() {
        let mut story = Story::with_staleness(100);
        story.set("f0", "k", "v1", 0, 10);
        story.set("f0", "k", "v2", 20, 30);
        story.read("w0", "k", Some("v1"), 131, 132);
        story.assert_found(&[Rule::Stale]);
    }

    #[test]
    fn check_answer_within_the_bound_passes() {
        let mut story = Story::with_staleness(100);
        story.set("f0", "k", "v1", 0, 10);
        story.set("f0", "k", "v2", 20, 30);
        story.read("w0", "k", Some("v1"), 130, 300);
        story.assert_found(&[]);
    }

    #[test]
    fn check_write_that_nobody_acknowledged_counts_from_when_it_was_heard() {
        let mut story = Story::with_staleness(0);
        story.set("f0", "k", "v1", 0, 10);
        story.set_that_fails("f0", "k", "v2", 20, 30);
        story.read("w0", "k", Some("v1"), 39, 39);
        story.assert_found(&[]);
        story.heard(40, "SET k v2");
        story.read("w0", "k", Some("v1"), 40, 40);
        story.assert_found(&[]);
        story.read("w1", "k", Some("v1"), 41, 41);
        story.assert_found(&[Rule::Stale]);
    }

    #[test]
    fn check_stalls_of_the_reader_are_left_out() {
        let mut story = Story::with_staleness(100);
        story.set("f0", "k", "v1", 0, 10);
        story.set("f0", "k", "v2", 20, 30);
        story.stall("w0", 50, 150);
        story.read("w0", "k", Some("v1"), 200, 201);
        story.assert_found(&[]);
        story.read("w1", "k", Some("v1"), 200, 201);
        story.assert_found(&[Rule::Stale]);
    }

    #[test]
    fn check_marked_answer_may_be_old() {
        let mut story = Story::with_window(0, 1_000);
        story.set("f0", "k", "v1", 0, 10);
        story.set("f0", "k", "v2", 20, 30);
        story.read_marked("w0", "k", "v1", 500, 501);
        story.assert_found(&[]);
    }

    #[test]
    fn check_life_that_a_read_has_prolonged_ends_later() {
        let mut story = Story::with_staleness(10_000);
        story.set_for("f0", "k", "v1", 100, (0, 10));
        story.heard(90, "GETEX k PX 100");
        story.read("w0", "k", Some("v1"), 200, 201);
        // It may have come too late.
        story.read("w0", "k", None, 150, 151);
        story.assert_found(&[]);
        story.read("w0", "k", Some("v1"), 220, 221);
        story.assert_found(&[Rule::Expired]);
    }

    #[test]
    fn check_absence_after_a_write_is_stale_and_after_a_deletion_is_not() {
        let mut story = Story::with_staleness(0);
        story.set("f0", "k", "v1", 0, 10);
        story.read("w0", "k", None, 11, 12);
        story.assert_found(&[Rule::Stale]);

        let mut story = Story::with_staleness(0);
        story.set("f0", "k", "v1", 0, 10);
        story.heard(20, "DEL k");
        story.read("w0", "k", None, 30, 31);
        story.assert_found(&[]);
        story.read("w1", "k", Some("v1"), 30, 31);
        story.assert_found(&[Rule::Stale]);
    }

    #[test]
    fn check_cleared_key_may_answer_until_clear_ends() {
        let mut story = Story::with_staleness(0);
        story.set("w0", "k", "v1", 0, 10);
        story.clear("w0", 20, 50);
        story.heard(30, "DEL k");
        story.read("w0", "k", Some("v1"), 40, 41);
        story.assert_found(&[]);
        story.read("w1", "k", Some("v1"), 51, 52);
        story.assert_found(&[Rule::Stale]);
    }

    #[test]
    fn check_value_with_a_life_ends_exactly_and_its_absence_passes() {
        let mut story = Story::with_staleness(1_000);
        story.set_for("w0", "k", "v1", 100, (0, 10));
        story.read("w1", "k", Some("v1"), 109, 109);
        story.read("w0", "k", None, 110, 110);
        story.assert_found(&[]);
        story.read("w1", "k", Some("v1"), 140, 141);
        story.assert_found(&[Rule::Expired]);
    }

    #[test]
    fn check_absence_before_a_life_can_have_ended_is_stale() {
        let mut story = Story::with_staleness(20);
        story.set_for("w0", "k", "v1", 100, (0, 10));
        story.read("w1", "k", None, 90, 91);
        story.assert_found(&[Rule::Stale]);
    }
}
