//! What is answered has been in Redis, under that key, and not later than the answer: the local tier is
//! never ahead.

use std::collections::HashMap;

use super::{Case, Rule, Violation, told};
use crate::history::Call;
use crate::truth::{is_just_before_a_kill, may_be_unheard};

pub(super) fn check(case: &Case<'_>) -> Vec<Violation> {
    let calls = case.history.calls.iter();
    let writers: HashMap<&str, &Call> = calls
        .filter_map(|call| Some((call.value.as_deref()?, call)))
        .collect();
    case.reads()
        .filter_map(|read| judge(case, read, writers.get(read.answer()??).copied()))
        .collect()
}

fn judge(case: &Case<'_>, read: &Call, writer: Option<&Call>) -> Option<Violation> {
    let versions = case.truth.versions(&read.key);
    let matches = case.truth.matches(read);
    if matches
        .iter()
        .any(|index| versions[*index].lower <= read.end)
    {
        return None;
    }
    let why = match writer {
        _ if !matches.is_empty() => "which was written only after that",
        // A sum may hold an increment that nobody was told of.
        _ if case.truth.is_counted(&read.key) && is_just_before_a_kill(case.history, read) => {
            return None;
        }
        None => "which nobody wrote",
        Some(writer) if writer.key != read.key => "which was written to another key",
        Some(writer) if may_be_unheard(case.history, writer) => return None,
        Some(_) => "which Redis was asked to hold, but never did",
    };
    Some(Violation {
        rule: Rule::Unwritten,
        key: read.key.clone(),
        process: read.process.clone(),
        from: writer.map_or(read.start, |writer| writer.start.min(read.start)),
        to: read.end,
        what: format!("{}, {why}", told(read)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::story::Story;
    use super::Rule;

    #[test]
    fn check_value_that_never_came_to_redis_is_found() {
        let mut story = Story::with_staleness(0);
        story.set_that_fails("w0", "k", "v1", 0, 10);
        story.read("w0", "k", Some("v1"), 20, 21);
        story.assert_found(&[Rule::Unwritten]);
    }

    #[test]
    fn check_value_of_another_key_or_of_nobody_is_found() {
        let mut story = Story::with_staleness(0);
        story.set("w0", "a", "v1", 0, 10);
        story.read("w0", "b", Some("v1"), 20, 21);
        story.read("w0", "b", Some("v9"), 20, 21);
        story.assert_found(&[Rule::Unwritten, Rule::Unwritten]);
    }

    #[test]
    fn check_value_from_the_future_is_found() {
        let mut story = Story::with_staleness(0);
        story.read("w0", "k", Some("v1"), 0, 1);
        story.set("f0", "k", "v1", 2, 10);
        story.assert_found(&[Rule::Unwritten]);
    }

    #[test]
    fn check_sum_that_a_kill_kept_from_being_heard_passes_and_no_other() {
        let mut story = Story::with_staleness(10_000);
        story.increment("w0", "k", 5, "5", (0, 10));
        story.increment_unheard("w0", "k", 7, "12", (40, 45));
        story.read("w1", "k", Some("12"), 46, 47);
        story.restart(50, true, &[("k", "15")]);
        story.assert_found(&[]);
        story.read("w1", "k", Some("13"), 60, 61);
        story.assert_found(&[Rule::Unwritten]);
    }

    #[test]
    fn check_value_that_a_kill_kept_from_being_heard_passes() {
        let mut story = Story::with_staleness(0);
        story.set_that_fails("w0", "k", "v1", 0, 10);
        story.read("w1", "k", Some("v1"), 8, 9);
        story.restart(50, true, &[("k", "v1")]);
        story.read("w1", "k", Some("v1"), 60, 61);
        story.assert_found(&[]);
    }
}
