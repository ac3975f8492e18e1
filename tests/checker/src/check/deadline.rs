//! No call of the cache takes longer than the deadlines of its round trips. Calls fail only with
//! errors of the backend.

use super::{Case, Rule, Violation};
use crate::history::{Call, Op, Outcome};

/// The prefix of backend errors in a history; see `worker`.
pub(crate) const BACKEND: &str = "backend: ";

pub(super) fn check(case: &Case<'_>) -> Vec<Violation> {
    let calls = case.history.calls.iter().filter(|call| !call.external);
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
            "{:?} of {} took {took:?} (without stalls); the limit is {allowed:?}",
            call.op, call.process
        ),
    })
}

/// Returns the maximum number of sequential round trips of a call.
fn round_trips(op: Op) -> Option<u32> {
    match op {
        // A fetch in flight that it may not join, then its own.
        Op::Get | Op::GetMany => Some(2),
        // The same, then the write.
        Op::Load => Some(3),
        // The same again, to extend the TTL.
        Op::GetAndExtendTtl => Some(4),
        // The second one finds out why there is no sum.
        Op::Increment => Some(2),
        Op::Set | Op::SetMany | Op::SetWithTtl | Op::SetIfAbsent | Op::Delete => Some(1),
        // One per page.
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
    use super::super::history_builder::HistoryBuilder;
    use super::Rule;

    #[test]
    fn check_call_over_its_deadline_is_a_violation_without_stalls() {
        // A deadline of 100 and a tolerance of 10.
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.set("w0", "k", "v1", 0, 110);
        history.read("w0", "k", Some("v1"), 200, 410);
        history.assert_found(&[]);
        history.set("w0", "k", "v2", 500, 611);
        history.assert_found(&[Rule::Deadline]);
        history.stall("w0", 550, 551);
        history.assert_found(&[]);
    }

    #[test]
    fn check_error_not_of_the_backend_is_a_violation() {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.set_that_fails("w0", "k", "v1", 0, 10);
        history.assert_found(&[]);
        history.set_that_breaks("w0", "k", "v2", 20, 30);
        history.assert_found(&[Rule::Unexpected]);
    }

    #[test]
    fn check_external_writers_have_no_deadline() {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.set("f0", "k", "v1", 0, 10_000);
        history.assert_found(&[]);
    }
}
