//! What was acknowledged is in Redis until the next write, unless Redis was killed and did not promise
//! to keep it.

use super::{Case, Rule, Violation};
use crate::history::{Call, Op, Survey};
use crate::time::Moment;
use crate::truth::{Life, may_be_unheard};

pub(super) fn check(case: &Case<'_>) -> Vec<Violation> {
    let calls = case.history.calls.iter();
    let mut found: Vec<_> = calls.filter_map(|call| unheard(case, call)).collect();
    for survey in &case.history.surveys {
        if survey.durable || !survey.restarted {
            let keys = case.truth.keys();
            found.extend(keys.filter_map(|key| not_held(case, survey, key)));
        }
    }
    found
}

/// A write that was acknowledged and did not happen.
fn unheard(case: &Case<'_>, call: &Call) -> Option<Violation> {
    if !call.is_acknowledged_write() || call.op == Op::Clear {
        return None;
    }
    let (is_heard, what) = match call.written() {
        Some(value) => {
            let versions = case.truth.versions(&call.key);
            let mut of_call = versions.iter().map(|version| version.value.as_deref());
            (of_call.any(|held| held == Some(value)), value)
        }
        None if !case.history.limits.tells_all_deletions => return None,
        None => {
            let heard = case.truth.deletion_since(&call.key, call.start);
            (heard.is_some(), "a deletion")
        }
    };
    if is_heard || may_be_unheard(case.history, call) {
        return None;
    }
    Some(Violation {
        rule: Rule::Lost,
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

/// A key that holds what an acknowledged write had replaced.
fn not_held(case: &Case<'_>, survey: &Survey, key: &str) -> Option<Violation> {
    let last = case.truth.last_before(key, survey.order)?;
    let held = survey.values.get(key);
    let has_ended = held.is_none() && last.value.is_some() && last.life != Life::Lasting;
    if last.value.as_ref() == held || has_ended {
        return None;
    }
    let versions = case.truth.versions(key);
    let before = versions
        .iter()
        .filter(|version| version.order < survey.order);
    let since = before
        .clone()
        .rev()
        .find(|version| version.value.as_ref() == held);
    // Without such a version, the value's own write may have come last, and not have been heard.
    let since = match since {
        None => return None,
        Some(_) if survey.restarted && is_deleted_unheard(case, survey, key, last.lower) => {
            return None;
        }
        Some(version) => version.order,
    };
    let lost = before
        .filter(|version| version.order > since)
        .find(|version| is_acknowledged(case, key, version.value.as_deref()))?;
    let (lost, held) = (lost.value.as_deref(), held.map(String::as_str));
    Some(Violation {
        rule: Rule::Lost,
        key: key.to_owned(),
        process: String::new(),
        from: last.lower,
        to: survey.at,
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

/// Whether somebody may have deleted the key so shortly before the kill that nobody heard of it.
fn is_deleted_unheard(case: &Case<'_>, survey: &Survey, key: &str, after: Moment) -> bool {
    let calls = case.history.calls.iter();
    !survey.values.contains_key(key)
        && calls
            .filter(|call| call.op == Op::Clear || call.op == Op::Delete && call.key == key)
            .any(|call| call.start <= survey.at && call.end >= after)
}

#[cfg(test)]
mod tests {
    use super::super::story::Story;
    use super::Rule;

    #[test]
    fn check_acknowledged_write_that_was_not_executed_is_found() {
        let mut story = Story::with_staleness(10_000);
        story.set_unheard("w0", "k", "v1", 0, 10);
        story.delete_unheard("w0", "k", 20, 30);
        story.assert_found(&[Rule::Lost, Rule::Lost]);
    }

    #[test]
    fn check_increment_that_was_not_executed_or_has_another_sum_is_found() {
        let mut story = Story::with_staleness(10_000);
        story.increment("w0", "k", 5, "5", (0, 10));
        story.increment("w0", "k", 7, "13", (20, 30));
        story.assert_found(&[Rule::Unwritten, Rule::Lost]);

        let mut story = Story::with_staleness(10_000);
        story.increment("w0", "k", 5, "5", (0, 10));
        story.increment_unheard("w0", "k", 7, "12", (20, 30));
        story.assert_found(&[Rule::Unwritten, Rule::Lost]);
    }

    #[test]
    fn check_older_value_after_a_restart_is_found_unless_nothing_was_promised() {
        for (durable, rules) in [(true, &[Rule::Lost][..]), (false, &[])] {
            let mut story = Story::with_staleness(10_000);
            story.set("w0", "k", "v1", 0, 10);
            story.set("w0", "k", "v2", 20, 30);
            story.restart(50, durable, &[("k", "v1")]);
            story.assert_found(rules);
        }
    }

    #[test]
    fn check_older_value_in_the_end_is_found() {
        let mut story = Story::with_staleness(10_000);
        story.set("w0", "k", "v1", 0, 10);
        story.set("w0", "k", "v2", 20, 30);
        story.survey(50, &[("k", "v1")]);
        story.assert_found(&[Rule::Lost]);
    }

    #[test]
    fn check_last_values_pass_and_so_does_what_has_expired() {
        let mut story = Story::with_staleness(10_000);
        story.set("w0", "k", "v1", 0, 10);
        story.set_for("w0", "t", "v2", 5, (0, 10));
        story.delete("w0", "d", 11, 12);
        story.survey(50, &[("k", "v1")]);
        story.assert_found(&[]);
    }

    #[test]
    fn check_last_writes_before_a_kill_need_not_be_heard() {
        let mut story = Story::with_staleness(10_000);
        story.set("w0", "k", "v1", 0, 10);
        story.set("w0", "d", "v2", 0, 10);
        story.set_unheard("w0", "k", "v3", 40, 45);
        story.delete_unheard("w0", "d", 40, 45);
        story.restart(50, true, &[("k", "v3")]);
        story.assert_found(&[]);
    }

    #[test]
    fn check_unheard_write_before_one_that_was_heard_is_found_though_redis_was_killed() {
        let mut story = Story::with_staleness(10_000);
        story.set_unheard("w0", "k", "v1", 0, 10);
        story.set("w0", "a", "v2", 20, 30);
        story.restart(50, true, &[("a", "v2")]);
        story.assert_found(&[Rule::Lost]);
    }
}
