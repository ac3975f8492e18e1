//! A process reads its own acknowledged write, or a later one. An answer that is marked stale is no
//! exception: a write of one's own ends what was there before.

use std::collections::HashMap;

use super::{Case, Rule, Violation, told};
use crate::history::{Call, Op};
use crate::time::Moment;

/// What a process has had acknowledged of a key, by when.
struct Own<'a> {
    end: Moment,
    /// Its place in Redis' order, at least.
    order: u64,
    call: &'a Call,
}

pub(super) fn check(case: &Case<'_>) -> Vec<Violation> {
    let mut own: HashMap<(&str, &str), Vec<Own<'_>>> = HashMap::new();
    for call in &case.history.calls {
        if let Some(order) = place(case, call) {
            let of_key = own.entry((&call.process, &call.key)).or_default();
            let end = call.end;
            of_key.push(Own { end, order, call });
        }
    }
    case.reads()
        .filter_map(|read| {
            let before = own.get(&(read.process.as_str(), read.key.as_str()))?.iter();
            let before = before.filter(|own| own.end < read.start);
            let last = before.max_by_key(|own| own.order)?;
            judge(case, read, last)
        })
        .collect()
}

/// Where an acknowledged write stands in Redis' order. One that is lost has no place.
fn place(case: &Case<'_>, call: &Call) -> Option<u64> {
    if !call.is_acknowledged_write() {
        return None;
    }
    if call.op == Op::Delete {
        // Where a deletion may go untold, the next that is told may be another.
        let tells_all = case.history.limits.tells_all_deletions;
        return tells_all.then(|| case.truth.deletion_since(&call.key, call.start))?;
    }
    let versions = case.truth.versions(&call.key).iter();
    let of_call = versions
        .filter(|version| version.value.is_some() && version.value.as_deref() == call.written());
    of_call.map(|version| version.order).next()
}

fn judge(case: &Case<'_>, read: &Call, own: &Own<'_>) -> Option<Violation> {
    let matches = case.truth.matches(read);
    let is_later = |index: &usize| case.was_current_after(&read.key, *index, own.order);
    // What matches no version is another rule's matter.
    if matches.is_empty() && read.answer() != Some(None) || matches.iter().any(is_later) {
        return None;
    }
    let written = own.call.written().unwrap_or("a deletion");
    Some(Violation {
        rule: Rule::OwnWrite,
        key: read.key.clone(),
        process: read.process.clone(),
        from: own.call.start,
        to: read.end,
        what: format!(
            "{}, though {written} of its own was acknowledged {:?} before the call",
            told(read),
            read.start.since(own.end)
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::super::story::Story;
    use super::Rule;

    #[test]
    fn check_read_of_what_came_before_an_own_write_is_found() {
        let mut story = Story::with_staleness(10_000);
        story.set("w0", "k", "v1", 0, 10);
        story.set("w0", "k", "v2", 20, 30);
        story.read("w0", "k", Some("v1"), 31, 32);
        story.assert_found(&[Rule::OwnWrite]);
    }

    #[test]
    fn check_others_and_calls_that_overlap_may_read_it() {
        let mut story = Story::with_staleness(10_000);
        story.set("w0", "k", "v1", 0, 10);
        story.set("w0", "k", "v2", 20, 30);
        story.read("w1", "k", Some("v1"), 31, 32);
        story.read("w0", "k", Some("v1"), 30, 32);
        story.assert_found(&[]);
    }

    #[test]
    fn check_later_write_of_somebody_else_passes() {
        let mut story = Story::with_staleness(10_000);
        story.set("w0", "k", "v1", 0, 10);
        story.set("f0", "k", "v2", 20, 30);
        story.read("w0", "k", Some("v2"), 31, 32);
        story.assert_found(&[]);
    }

    #[test]
    fn check_read_after_an_own_deletion_is_found_though_marked() {
        let mut story = Story::with_window(10_000, 10_000);
        story.set("f0", "k", "v1", 0, 10);
        story.delete("w0", "k", 20, 30);
        story.read_marked("w0", "k", "v1", 31, 32);
        story.assert_found(&[Rule::OwnWrite]);
    }

    #[test]
    fn check_own_deletion_that_may_go_untold_has_no_place() {
        let mut story = Story::with_staleness(10_000).without_all_deletions();
        story.delete_unheard("w0", "k", 0, 10);
        story.set("f0", "k", "v1", 20, 30);
        story.read("w0", "k", Some("v1"), 31, 32);
        story.heard(40, "DEL k");
        story.assert_found(&[]);
    }

    #[test]
    fn check_absence_after_an_own_write_is_found() {
        let mut story = Story::with_staleness(10_000);
        story.set("w0", "k", "v1", 0, 10);
        story.read("w0", "k", None, 11, 12);
        story.assert_found(&[Rule::OwnWrite]);
    }

    #[test]
    fn check_sum_from_before_an_own_increment_is_found() {
        let mut story = Story::with_staleness(10_000);
        story.increment("w0", "k", 5, "5", (0, 10));
        story.increment("w0", "k", 7, "12", (20, 30));
        story.read("w0", "k", Some("12"), 31, 32);
        story.assert_found(&[]);
        story.read("w0", "k", Some("5"), 33, 34);
        story.assert_found(&[Rule::OwnWrite, Rule::Backwards]);
    }

    #[test]
    fn check_failed_write_promises_nothing() {
        let mut story = Story::with_staleness(10_000);
        story.set("w0", "k", "v1", 0, 10);
        story.set_that_fails("w0", "k", "v2", 20, 30);
        story.heard(29, "SET k v2");
        story.read("w0", "k", Some("v1"), 31, 32);
        story.assert_found(&[]);
    }
}
