//! Once a process has seen the sentinel, the last write of the run, nothing that it is answered is
//! older than that write. Quiet is not a time: what tells of the sentinel told of all before it.

use super::{Case, Rule, Violation, told};
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
            let versions = case.truth.versions(&quiet.key).iter();
            let mut of_token = versions.filter(|version| version.value.as_ref() == Some(token));
            of_token.next().map(|version| version.order)
        });
        found.extend(order.and_then(|order| judge(case, call, order)));
    }
    found
}

fn unseen(quiet: &Quiet) -> Option<Violation> {
    quiet.seen.is_none().then(|| Violation {
        rule: Rule::Quiet,
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
        _ if call.is_marked_stale() => format!("{}, though nothing is wrong any more", told(call)),
        _ => {
            let matches = case.truth.matches(call);
            let is_current = |index: &usize| case.was_current_after(&call.key, *index, sentinel);
            // What matches no version is another rule's matter.
            if call.answer().is_none() || matches.is_empty() || matches.iter().any(is_current) {
                return None;
            }
            format!(
                "{}, which was replaced before the sentinel was written",
                told(call)
            )
        }
    };
    let last = case.truth.last_before(&call.key, sentinel);
    Some(Violation {
        rule: Rule::Quiet,
        key: call.key.clone(),
        process: call.process.clone(),
        from: last.map_or(call.start, |last| last.lower),
        to: call.end,
        what,
    })
}

#[cfg(test)]
mod tests {
    use super::super::story::Story;
    use super::Rule;

    /// Two writes and the sentinel.
    fn at_rest() -> Story {
        let mut story = Story::with_staleness(10_000);
        story.set("f0", "k", "v1", 0, 10);
        story.set("f0", "k", "v2", 20, 30);
        story.set("f0", "sentinel", "end", 40, 50);
        story
    }

    #[test]
    fn check_old_answer_in_quiet_is_found_though_within_the_bound() {
        let mut story = at_rest();
        story.quiet("w0", "sentinel", "end", Some(60));
        story.read_in_quiet("w0", "k", Some("v1"), "end", (61, 62));
        story.assert_found(&[Rule::Quiet]);
    }

    #[test]
    fn check_last_answer_and_one_that_came_after_the_sentinel_pass() {
        let mut story = at_rest();
        story.quiet("w0", "sentinel", "end", Some(60));
        story.read_in_quiet("w0", "k", Some("v2"), "end", (61, 62));
        // A write that had timed out, and came late.
        story.heard(63, "SET k v3");
        story.read_in_quiet("w0", "k", Some("v2"), "end", (64, 65));
        story.assert_found(&[]);
    }

    #[test]
    fn check_failure_in_quiet_is_found() {
        let mut story = at_rest();
        story.quiet("w0", "sentinel", "end", Some(60));
        story.failed_in_quiet("w0", "k", "end", 61, 62);
        story.assert_found(&[Rule::Quiet]);
    }

    #[test]
    fn check_process_that_never_saw_the_sentinel_is_found() {
        let mut story = at_rest();
        story.quiet("w0", "sentinel", "end", None);
        story.assert_found(&[Rule::Quiet]);
    }
}
