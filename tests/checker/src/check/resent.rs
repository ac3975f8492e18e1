//! A write is sent to Redis once: sent again, it may overwrite what came in between.

use std::collections::HashMap;

use super::{Case, Rule, Violation};

pub(super) fn check(case: &Case<'_>) -> Vec<Violation> {
    let mut left: HashMap<(&str, &str), (u32, &str)> = HashMap::new();
    for call in &case.history.calls {
        if let Some(value) = &call.value {
            let of_value = left.entry((&call.key, value)).or_insert((0, &call.process));
            of_value.0 += 1;
        }
    }
    let mut found = Vec::new();
    for heard in &case.history.heard {
        // Every command that writes a value of a run has it there.
        let [_, key, value, ..] = heard.words.as_slice() else {
            continue;
        };
        match left.get_mut(&(key.as_str(), value.as_str())) {
            Some((0, process)) => found.push(Violation {
                rule: Rule::Resent,
                key: key.clone(),
                process: (*process).to_owned(),
                from: heard.at,
                to: heard.at,
                what: format!("{process} sent {value} more often than it was told to"),
            }),
            Some((left, _)) => *left -= 1,
            // Whoever was to write it did not live to say so, or writes no values.
            None => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::story::Story;
    use super::Rule;

    #[test]
    fn check_value_that_comes_twice_is_found() {
        let mut story = Story::with_staleness(10_000);
        story.set("w0", "k", "v1", 0, 10);
        story.assert_found(&[]);
        story.heard(11, "SET k v1");
        story.assert_found(&[Rule::Resent]);
    }

    #[test]
    fn check_increment_that_comes_twice_is_found() {
        let mut story = Story::with_staleness(10_000);
        story.increment("w0", "k", 5, "5", (0, 10));
        story.assert_found(&[]);
        story.heard(11, "INCRBY k 5");
        story.assert_found(&[Rule::Resent]);
    }

    #[test]
    fn check_calls_that_write_the_same_may_be_sent_each() {
        let mut story = Story::with_staleness(10_000);
        story.set("w0", "k", "v1", 0, 10);
        story.set("w0", "k", "v1", 20, 30);
        story.heard(40, "DEL k k");
        story.assert_found(&[]);
    }
}
