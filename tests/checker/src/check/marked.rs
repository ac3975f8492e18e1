//! A value marked stale may exceed the staleness bound by the configured window at most. It must
//! not be one that its process has seen replaced.
//!
//! [`read_your_writes`](super::read_your_writes) and [`convergence`](super::convergence) check
//! marked values, too.

use std::collections::HashMap;
use std::time::Duration;

use super::{Case, Rule, Violation, bounded_staleness, describe};
use crate::history::Call;
use crate::time::Moment;

/// A read of a process: the earliest version that it can have seen, and when it ended.
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
        let says_nothing = read.read_result() == Some(None) && case.oracle.is_volatile(&read.key);
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

/// Returns the earliest version that a read within its bound can have seen.
fn least(case: &Case<'_>, read: &Call) -> Option<usize> {
    let bound = if case.may_be_stale(read) {
        Duration::MAX
    } else {
        case.history.limits.staleness()
    };
    let matches = case.oracle.matches(read).into_iter();
    matches
        .filter(|index| bounded_staleness::age_of(case, read, *index) <= bound)
        .min()
}

/// Finds a value that was replaced, or had expired, for longer than the bound and the window
/// together: the window may begin when the entry is as old as the bound allows.
fn too_old(case: &Case<'_>, read: &Call) -> Option<Violation> {
    let limits = &case.history.limits;
    let window = limits.stale_window();
    if window.is_zero() {
        let why = "though stale values are disabled";
        return Some(violation(read, read.start, why));
    }
    let over = [
        bounded_staleness::age(case, read),
        bounded_staleness::expired_for(case, read),
    ];
    let (_, over) = over.into_iter().flatten().max_by_key(|(_, over)| *over)?;
    let why =
        format!("which was replaced or expired {over:?} before the call; the window is {window:?}");
    let allowed = limits.staleness() + window + limits.tolerance();
    (over > allowed).then(|| violation(read, read.start, &why))
}

fn known_to_be_replaced(case: &Case<'_>, read: &Call, seen: &[Seen<'_>]) -> Option<Violation> {
    let last = *case.oracle.matches(read).last()?;
    let before = seen.iter().filter(|seen| seen.end < read.start);
    let later = before.max_by_key(|seen| seen.least)?;
    let what = format!("though earlier {}", describe(later.call));
    (later.least > last).then(|| violation(read, later.call.start, &what))
}

fn violation(read: &Call, from: Moment, why: &str) -> Violation {
    Violation {
        rule: Rule::Marked,
        key: read.key.clone(),
        process: read.process.clone(),
        from,
        to: read.end,
        what: format!("{}, {why}", describe(read)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::history_builder::HistoryBuilder;
    use super::Rule;

    /// Two versions, a bound of 100, a window of 1000 and a tolerance of 10.
    fn two() -> HistoryBuilder {
        let mut history = HistoryBuilder::with_window(100, 1_000);
        history.set("f0", "k", "v1", 0, 10);
        history.set("f0", "k", "v2", 20, 30);
        history
    }

    #[test]
    fn check_marked_value_beyond_the_window_is_a_violation() {
        let mut history = two();
        history.read_marked("w0", "k", "v1", 1_140, 1_141);
        history.assert_found(&[]);
        history.read_marked("w0", "k", "v1", 1_141, 1_142);
        history.assert_found(&[Rule::Marked]);
        history.stall("w0", 500, 501);
        history.assert_found(&[]);
    }

    #[test]
    fn check_marked_value_expired_beyond_the_window_is_a_violation() {
        let mut history = HistoryBuilder::with_window(100, 1_000);
        history.set_for("f0", "k", "v1", 50, (0, 10));
        history.read_marked("w0", "k", "v1", 1_170, 1_171);
        history.assert_found(&[]);
        history.read_marked("w0", "k", "v1", 1_171, 1_172);
        history.assert_found(&[Rule::Marked]);
    }

    #[test]
    fn check_loaded_value_counts_as_marked_if_stale_values_are_enabled() {
        let mut history = two();
        history.load("w0", "k", "v1", 1_140, 1_141);
        history.assert_found(&[]);
        history.load("w0", "k", "v1", 1_141, 1_142);
        history.assert_found(&[Rule::Marked]);
        let mut history = HistoryBuilder::with_staleness(100);
        history.set("f0", "k", "v1", 0, 10);
        history.set("f0", "k", "v2", 20, 30);
        history.load("w0", "k", "v1", 131, 132);
        history.assert_found(&[Rule::BoundedStaleness]);
    }

    #[test]
    fn check_marked_value_without_a_window_is_a_violation() {
        let mut history = HistoryBuilder::with_staleness(100);
        history.set("f0", "k", "v1", 0, 10);
        history.read_marked("w0", "k", "v1", 20, 21);
        history.assert_found(&[Rule::Marked]);
    }

    #[test]
    fn check_marked_value_after_its_process_saw_a_later_one_is_a_violation() {
        let mut history = two();
        history.read_in_thread("w0", 7, "k", Some("v2"), (40, 41));
        history.read_marked("w1", "k", "v1", 42, 43);
        history.read_marked("w0", "k", "v1", 41, 43);
        history.assert_found(&[]);
        history.read_marked("w0", "k", "v1", 42, 43);
        history.assert_found(&[Rule::Marked]);
    }

    #[test]
    fn check_marked_value_after_its_process_saw_a_deletion_is_a_violation() {
        let mut history = HistoryBuilder::with_window(5, 1_000);
        history.set("f0", "k", "v1", 0, 10);
        history.monitored(20, "DEL k");
        history.read("w0", "k", None, 30, 31);
        history.read_marked("w0", "k", "v1", 32, 33);
        history.assert_found(&[Rule::Marked]);
    }

    #[test]
    fn check_marked_value_after_an_own_write_is_a_violation() {
        let mut history = two();
        history.set("w0", "k", "v3", 40, 50);
        history.read_marked("w0", "k", "v2", 51, 52);
        history.assert_found(&[Rule::ReadYourWrites]);
    }

    #[test]
    fn check_marked_value_after_the_sentinel_is_a_violation_though_the_last() {
        let mut history = two();
        history.set("f0", "sentinel", "end", 40, 50);
        history.quiet("w0", "sentinel", "end", Some(60));
        history.read_marked_in_quiet("w0", "k", "v2", "end", (61, 62));
        history.assert_found(&[Rule::Convergence]);
    }
}
