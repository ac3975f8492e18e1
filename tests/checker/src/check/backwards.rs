//! One who reads a key again and again never sees it go backwards in Redis' order.
//!
//! Answers that are marked stale are left out, and so are absences of keys that end by themselves.

use std::collections::HashMap;

use super::{Case, Rule, Violation, told};
use crate::history::Call;

pub(super) fn check(case: &Case<'_>) -> Vec<Violation> {
    // Whoever reads: the index of the version that it has seen, at least, and when.
    let mut seen: HashMap<(&str, u32, &str), (usize, &Call)> = HashMap::new();
    let mut found = Vec::new();
    for read in case.reads().filter(|read| !case.may_be_stale(read)) {
        let is_absent = read.answer() == Some(None);
        let matches = case.truth.matches(read);
        if matches.is_empty() || is_absent && case.truth.is_fleeting(&read.key) {
            continue;
        }
        let reader = (read.process.as_str(), read.thread, read.key.as_str());
        let last = seen.get(&reader).copied();
        let least = last.map_or(0, |(index, _)| index);
        match (matches.iter().find(|index| **index >= least), last) {
            (Some(index), _) => {
                seen.insert(reader, (*index, read));
            }
            (None, Some((_, before))) => found.push(violation(read, before)),
            // Without a version before, every one is late enough.
            (None, None) => {}
        }
    }
    found
}

fn violation(read: &Call, before: &Call) -> Violation {
    Violation {
        rule: Rule::Backwards,
        key: read.key.clone(),
        process: read.process.clone(),
        from: before.start,
        to: read.end,
        what: format!(
            "{} in thread {}, where before {}; Redis held them in the other order",
            told(read),
            read.thread,
            told(before)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::Story;
    use super::Rule;

    /// Two versions, and what follows is late enough to see both.
    fn two() -> Story {
        let mut story = Story::with_staleness(10_000);
        story.set("f0", "k", "v1", 0, 10);
        story.set("f0", "k", "v2", 20, 30);
        story
    }

    #[test]
    fn check_older_value_after_a_newer_is_found() {
        let mut story = two();
        story.read("w0", "k", Some("v2"), 40, 41);
        story.read("w0", "k", Some("v1"), 42, 43);
        story.assert_found(&[Rule::Backwards]);
    }

    #[test]
    fn check_another_thread_may_be_behind() {
        let mut story = two();
        story.read("w0", "k", Some("v2"), 40, 41);
        story.read("w1", "k", Some("v1"), 42, 43);
        story.read_in_thread("w0", 7, "k", Some("v1"), (42, 43));
        story.assert_found(&[]);
    }

    #[test]
    fn check_absence_that_was_before_is_found_and_one_that_came_after_passes() {
        let mut story = two();
        story.read("w0", "k", Some("v1"), 40, 41);
        story.read("w0", "k", None, 42, 43);
        story.assert_found(&[Rule::Backwards]);

        let mut story = two();
        story.read("w0", "k", Some("v1"), 40, 41);
        story.heard(50, "DEL k");
        story.set("f0", "k", "v3", 60, 70);
        story.read("w0", "k", None, 80, 81);
        story.read("w0", "k", Some("v3"), 82, 83);
        story.assert_found(&[]);
    }

    #[test]
    fn check_absence_of_a_key_with_a_life_says_nothing() {
        let mut story = Story::with_staleness(10_000);
        story.set_for("f0", "k", "v1", 5, (0, 10));
        story.set_for("f0", "k", "v2", 10_000, (20, 30));
        story.read("w0", "k", Some("v2"), 40, 41);
        story.read("w0", "k", None, 42, 43);
        story.assert_found(&[]);
    }
}
