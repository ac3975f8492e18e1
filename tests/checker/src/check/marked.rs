//! An answer that is marked stale may be older than the bound, but by no more than the window that was
//! asked for, and is nothing that its process knows to be replaced.
//!
//! Own writes are [`own_write`](super::own_write)'s matter, and quiet is [`quiet`](super::quiet)'s: both
//! look at marked answers, too.

use std::collections::HashMap;
use std::time::Duration;

use super::{Case, Rule, Violation, stale, told};
use crate::history::Call;
use crate::time::Moment;

/// What a process was answered of a key: not before which version that can have been, and when.
struct Seen<'a> {
    end: Moment,
    least: usize,
    call: &'a Call,
}

pub(super) fn check(case: &Case<'_>) -> Vec<Violation> {
    let marked = || case.reads().filter(|read| case.may_be_stale(read));
    if marked().next().is_none() {
        return Vec::new();
    }
    let mut seen: HashMap<(&str, &str), Vec<Seen<'_>>> = HashMap::new();
    for read in case.reads() {
        let says_nothing = read.answer() == Some(None) && case.truth.is_fleeting(&read.key);
        if let Some(least) = least(case, read).filter(|_| !says_nothing) {
            let of_key = seen.entry((&read.process, &read.key)).or_default();
            of_key.push(Seen {
                end: read.end,
                least,
                call: read,
            });
        }
    }
    marked()
        .filter_map(|read| {
            let of_key = seen.get(&(read.process.as_str(), read.key.as_str()));
            let of_key = of_key.map_or(&[][..], Vec::as_slice);
            too_old(case, read).or_else(|| known_to_be_replaced(case, read, of_key))
        })
        .collect()
}

/// The first version that an answer can have been, if it was no older than it may be.
fn least(case: &Case<'_>, read: &Call) -> Option<usize> {
    let bound = match case.may_be_stale(read) {
        true => Duration::MAX,
        false => case.history.limits.staleness(),
    };
    let matches = case.truth.matches(read).into_iter();
    matches
        .filter(|index| stale::age_of(case, read, *index) <= bound)
        .min()
}

/// Replaced, or at the end of its life, for longer than the bound and the window together: an entry is as
/// old as the bound allows when the window begins.
fn too_old(case: &Case<'_>, read: &Call) -> Option<Violation> {
    let limits = &case.history.limits;
    let window = limits.stale_window();
    if window.is_zero() {
        let why = "though nobody had asked for such answers";
        return Some(violation(read, read.start, why));
    }
    let over = [stale::age(case, read), stale::expired_for(case, read)];
    let (_, over) = over.into_iter().flatten().max_by_key(|(_, over)| *over)?;
    let why = format!("which was over {over:?} before the call; the window is {window:?}");
    let allowed = limits.staleness() + window + limits.tolerance();
    (over > allowed).then(|| violation(read, read.start, &why))
}

fn known_to_be_replaced(case: &Case<'_>, read: &Call, seen: &[Seen<'_>]) -> Option<Violation> {
    let last = *case.truth.matches(read).last()?;
    let before = seen.iter().filter(|seen| seen.end < read.start);
    let later = before.max_by_key(|seen| seen.least)?;
    let what = format!("though before {}", told(later.call));
    (later.least > last).then(|| violation(read, later.call.start, &what))
}

fn violation(read: &Call, from: Moment, why: &str) -> Violation {
    Violation {
        rule: Rule::Marked,
        key: read.key.clone(),
        process: read.process.clone(),
        from,
        to: read.end,
        what: format!("{}, {why}", told(read)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::Story;
    use super::Rule;

    /// Two versions, a bound of 100, a window of 1000 and a tolerance of 10.
    fn two() -> Story {
        let mut story = Story::with_window(100, 1_000);
        story.set("f0", "k", "v1", 0, 10);
        story.set("f0", "k", "v2", 20, 30);
        story
    }

    #[test]
    fn check_marked_answer_within_the_window_passes_and_an_older_one_is_found() {
        let mut story = two();
        story.read_marked("w0", "k", "v1", 1_140, 1_141);
        story.assert_found(&[]);
        story.read_marked("w0", "k", "v1", 1_141, 1_142);
        story.assert_found(&[Rule::Marked]);
        story.stall("w0", 500, 501);
        story.assert_found(&[]);
    }

    #[test]
    fn check_marked_answer_that_had_expired_within_the_window_passes_and_an_older_one_is_found() {
        let mut story = Story::with_window(100, 1_000);
        story.set_for("f0", "k", "v1", 50, (0, 10));
        story.read_marked("w0", "k", "v1", 1_170, 1_171);
        story.assert_found(&[]);
        story.read_marked("w0", "k", "v1", 1_171, 1_172);
        story.assert_found(&[Rule::Marked]);
    }

    #[test]
    fn check_loaded_answer_counts_as_marked_where_some_are() {
        let mut story = two();
        story.load("w0", "k", "v1", 1_140, 1_141);
        story.assert_found(&[]);
        story.load("w0", "k", "v1", 1_141, 1_142);
        story.assert_found(&[Rule::Marked]);
        let mut story = Story::with_staleness(100);
        story.set("f0", "k", "v1", 0, 10);
        story.set("f0", "k", "v2", 20, 30);
        story.load("w0", "k", "v1", 131, 132);
        story.assert_found(&[Rule::Stale]);
    }

    #[test]
    fn check_marked_answer_that_nobody_asked_for_is_found() {
        let mut story = Story::with_staleness(100);
        story.set("f0", "k", "v1", 0, 10);
        story.read_marked("w0", "k", "v1", 20, 21);
        story.assert_found(&[Rule::Marked]);
    }

    #[test]
    fn check_marked_answer_after_its_process_saw_a_later_one_is_found() {
        let mut story = two();
        story.read_in_thread("w0", 7, "k", Some("v2"), (40, 41));
        story.read_marked("w1", "k", "v1", 42, 43);
        story.read_marked("w0", "k", "v1", 41, 43);
        story.assert_found(&[]);
        story.read_marked("w0", "k", "v1", 42, 43);
        story.assert_found(&[Rule::Marked]);
    }

    #[test]
    fn check_marked_answer_after_its_process_saw_a_deletion_is_found() {
        let mut story = Story::with_window(5, 1_000);
        story.set("f0", "k", "v1", 0, 10);
        story.heard(20, "DEL k");
        story.read("w0", "k", None, 30, 31);
        story.read_marked("w0", "k", "v1", 32, 33);
        story.assert_found(&[Rule::Marked]);
    }

    #[test]
    fn check_marked_answer_after_an_own_write_is_found() {
        let mut story = two();
        story.set("w0", "k", "v3", 40, 50);
        story.read_marked("w0", "k", "v2", 51, 52);
        story.assert_found(&[Rule::OwnWrite]);
    }

    #[test]
    fn check_marked_answer_in_quiet_is_found_though_it_is_the_last() {
        let mut story = two();
        story.set("f0", "sentinel", "end", 40, 50);
        story.quiet("w0", "sentinel", "end", Some(60));
        story.read_marked_in_quiet("w0", "k", "v2", "end", (61, 62));
        story.assert_found(&[Rule::Quiet]);
    }
}
