//! Once a process has seen the sentinel, the last write of the run, it reads nothing older than
//! that write. No time is involved: invalidations arrive in order, so that of the sentinel follows
//! all others.

use super::{Case, Rule, Violation, describe};
use crate::history::{Call, Outcome, Quiet};

pub(super) fn check(case: &Case<'_>) -> Vec<Violation> {
    let quiets = &case.history.quiets;
    let mut found: Vec<_> = quiets.iter().filter_map(unseen).collect();
    for call in &case.history.calls {
        let Some(token) = &call.quiet else { continue };
        let quiet = quiets
            .iter()
            .find(|quiet| quiet.token == *token && quiet.process == call.process);
        let order = quiet.and_then(|quiet| {
            let versions = case.oracle.versions(&quiet.key).iter();
            let mut of_token = versions.filter(|version| version.value.as_ref() == Some(token));
            of_token.next().map(|version| version.order)
        });
        found.extend(order.and_then(|order| judge(case, call, order)));
    }
    found
}

fn unseen(quiet: &Quiet) -> Option<Violation> {
    quiet.seen.is_none().then(|| Violation {
        rule: Rule::Convergence,
        key: quiet.key.clone(),
        process: quiet.process.clone(),
        from: quiet.since,
        to: quiet.since,
        what: format!("{} never saw the sentinel {}", quiet.process, quiet.token),
    })
}

fn judge(case: &Case<'_>, call: &Call, sentinel: u64) -> Option<Violation> {
    let what = match &call.outcome {
        Outcome::Failed(error) => format!("{} could not read: {error}", call.process),
        _ if call.is_marked_stale() => format!("{}, though all faults have ended", describe(call)),
        _ => {
            let matches = case.oracle.matches(call);
            let is_current = |index: &usize| case.was_current_after(&call.key, *index, sentinel);
            // Values that match no version are left to `thin_air`.
            if call.read_result().is_none() || matches.is_empty() || matches.iter().any(is_current)
            {
                return None;
            }
            format!(
                "{}, which was replaced before the sentinel was written",
                describe(call)
            )
        }
    };
    let last = case.oracle.last_before(&call.key, sentinel);
    Some(Violation {
        rule: Rule::Convergence,
        key: call.key.clone(),
        process: call.process.clone(),
        from: last.map_or(call.start, |last| last.lower),
        to: call.end,
        what,
    })
}

#[cfg(test)]
mod tests {
    use super::super::history_builder::HistoryBuilder;
    use super::Rule;

    /// Two writes and the sentinel.
    fn at_rest() -> HistoryBuilder {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.set("f0", "k", "v1", 0, 10);
        history.set("f0", "k", "v2", 20, 30);
        history.set("f0", "sentinel", "end", 40, 50);
        history
    }

    #[test]
    fn check_old_value_after_the_sentinel_is_a_violation_though_within_the_bound() {
        let mut history = at_rest();
        history.quiet("w0", "sentinel", "end", Some(60));
        history.read_in_quiet("w0", "k", Some("v1"), "end", (61, 62));
        history.assert_found(&[Rule::Convergence]);
    }

    #[test]
    fn check_last_value_and_value_written_after_the_sentinel_pass() {
        let mut history = at_rest();
        history.quiet("w0", "sentinel", "end", Some(60));
        history.read_in_quiet("w0", "k", Some("v2"), "end", (61, 62));
        // A write that had timed out, and was executed late.
        history.monitored(63, "SET k v3");
        history.read_in_quiet("w0", "k", Some("v2"), "end", (64, 65));
        history.assert_found(&[]);
    }

    #[test]
    fn check_error_after_the_sentinel_is_a_violation() {
        let mut history = at_rest();
        history.quiet("w0", "sentinel", "end", Some(60));
        history.failed_in_quiet("w0", "k", "end", 61, 62);
        history.assert_found(&[Rule::Convergence]);
    }

    #[test]
    fn check_process_that_never_saw_the_sentinel_is_a_violation() {
        let mut history = at_rest();
        history.quiet("w0", "sentinel", "end", None);
        history.assert_found(&[Rule::Convergence]);
    }
}
