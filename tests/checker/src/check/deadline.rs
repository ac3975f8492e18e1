//! No call of the cache takes longer than the deadlines of its round trips, and none fails but as its
//! backend does.

use super::{Case, Rule, Violation};
use crate::history::{Call, Op, Outcome};

/// How failures of the backend are written down; see `worker`.
pub(crate) const BACKEND: &str = "backend: ";

pub(super) fn check(case: &Case<'_>) -> Vec<Violation> {
    let calls = case.history.calls.iter().filter(|call| !call.foreign);
    calls
        .flat_map(|call| [late(case, call), unexpected(call)])
        .flatten()
        .collect()
}

fn late(case: &Case<'_>, call: &Call) -> Option<Violation> {
    let limits = &case.history.limits;
    let allowed = limits.deadline() * round_trips(call.op)? + limits.tolerance();
    let took = case.stalls.awake(&call.process, call.start, call.end);
    (took > allowed).then(|| Violation {
        rule: Rule::Deadline,
        key: call.key.clone(),
        process: call.process.clone(),
        from: call.start,
        to: call.end,
        what: format!(
            "{:?} of {} took {took:?} (stalls left out); {allowed:?} were allowed",
            call.op, call.process
        ),
    })
}

/// How many round trips a call may have to wait for, one after the other.
fn round_trips(op: Op) -> Option<u32> {
    match op {
        // For a question that is in the air and may not be joined, then for its own.
        Op::Get | Op::GetMany => Some(2),
        // Then for the write.
        Op::Load => Some(3),
        // Then for the life, in the same way.
        Op::GetAndProlong => Some(4),
        // And to learn why there is no sum.
        Op::Increment => Some(2),
        Op::Set | Op::SetMany | Op::SetWithTtl | Op::SetIfAbsent | Op::Delete => Some(1),
        // As many as there are pages.
        Op::Clear => None,
    }
}

fn unexpected(call: &Call) -> Option<Violation> {
    let Outcome::Failed(error) = &call.outcome else {
        return None;
    };
    (!error.starts_with(BACKEND)).then(|| Violation {
        rule: Rule::Unexpected,
        key: call.key.clone(),
        process: call.process.clone(),
        from: call.start,
        to: call.end,
        what: format!("{:?} of {} failed: {error}", call.op, call.process),
    })
}

#[cfg(test)]
mod tests {
    use super::super::story::Story;
    use super::Rule;

    #[test]
    fn check_call_that_takes_longer_is_found_but_for_stalls() {
        // A deadline of 100 and a tolerance of 10.
        let mut story = Story::with_staleness(10_000);
        story.set("w0", "k", "v1", 0, 110);
        story.read("w0", "k", Some("v1"), 200, 410);
        story.assert_found(&[]);
        story.set("w0", "k", "v2", 500, 611);
        story.assert_found(&[Rule::Deadline]);
        story.stall("w0", 550, 551);
        story.assert_found(&[]);
    }

    #[test]
    fn check_failure_that_is_not_the_backends_is_found() {
        let mut story = Story::with_staleness(10_000);
        story.set_that_fails("w0", "k", "v1", 0, 10);
        story.assert_found(&[]);
        story.set_that_breaks("w0", "k", "v2", 20, 30);
        story.assert_found(&[Rule::Unexpected]);
    }

    #[test]
    fn check_plain_writers_have_no_deadline() {
        let mut story = Story::with_staleness(10_000);
        story.set("f0", "k", "v1", 0, 10_000);
        story.assert_found(&[]);
    }
}
