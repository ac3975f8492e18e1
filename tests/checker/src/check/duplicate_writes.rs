//! A write is sent to Redis once: a duplicate may overwrite a write in between.

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
    for line in &case.history.monitored {
        // Every command that writes a value of a run has it in this position.
        let [_, key, value, ..] = line.words.as_slice() else {
            continue;
        };
        match left.get_mut(&(key.as_str(), value.as_str())) {
            Some((0, process)) => found.push(Violation {
                rule: Rule::DuplicateWrites,
                key: key.clone(),
                process: (*process).to_owned(),
                from: line.at,
                to: line.at,
                what: format!("{process} sent {value} more often than it was called"),
            }),
            Some((left, _)) => *left -= 1,
            // The writer ended before it recorded the call, or writes no values.
            None => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::history_builder::HistoryBuilder;
    use super::Rule;

    #[test]
    fn check_value_sent_twice_is_a_violation() {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.set("w0", "k", "v1", 0, 10);
        history.assert_found(&[]);
        history.monitored(11, "SET k v1");
        history.assert_found(&[Rule::DuplicateWrites]);
    }

    #[test]
    fn check_increment_sent_twice_is_a_violation() {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.increment("w0", "k", 5, "5", (0, 10));
        history.assert_found(&[]);
        history.monitored(11, "INCRBY k 5");
        history.assert_found(&[Rule::DuplicateWrites]);
    }

    #[test]
    fn check_two_calls_with_the_same_value_pass() {
        let mut history = HistoryBuilder::with_staleness(10_000);
        history.set("w0", "k", "v1", 0, 10);
        history.set("w0", "k", "v1", 20, 30);
        history.monitored(40, "DEL k k");
        history.assert_found(&[]);
    }
}
