//! Formats violations for the analysis of a run.

use std::fmt::Write;
use std::path::Path;

use super::{Violation, timeline};
use crate::history::History;
use crate::oracle::Oracle;
use crate::plan::Plan;
use crate::time::Moment;

/// How many violations are reported in full.
const IN_FULL: usize = 3;

/// Formats the violations of a run with their events in order of time, and the commands that check
/// or run it again. `folder` holds the history.
pub fn report(plan: &Plan, history: &History, found: &[Violation], folder: &Path) -> String {
    let mut text = format!("{} violations, the first ones in full.\n", found.len());
    let oracle = Oracle::of(history);
    let start = history.calls.first().map_or(Moment(0), |call| call.start);
    for (at, violation) in found.iter().take(IN_FULL).enumerate() {
        let Violation {
            rule, key, what, ..
        } = violation;
        let seconds = violation.to.since(start).as_secs_f64();
        let _ = writeln!(
            text,
            "\n{}. rule {rule:?}: {rule}\n   key {key:?}, {seconds:.6} s after the first call\n   {what}",
            at + 1
        );
        timeline::write(&mut text, history, &oracle, violation, start);
    }
    let mut others: Vec<_> = found.iter().map(|violation| violation.rule).collect();
    others.sort();
    let _ = write!(text, "\nall, by rule:");
    for rules in others.chunk_by(|a, b| a == b) {
        let _ = write!(text, " {:?} {},", rules[0], rules.len());
    }
    let folder = folder.display();
    let _ = writeln!(
        text,
        "\n\nseed {}, profile {:?}, {} s; history in {folder}\n\
         check it again:  cargo run -p flipcache-checker -- check {folder}\n\
         run it again:    cargo run -p flipcache-checker -- run {}",
        plan.seed,
        plan.profile,
        plan.millis / 1000,
        plan.arguments()
    );
    text
}

#[cfg(test)]
mod tests {
    use super::super::history_builder::HistoryBuilder;
    use super::*;
    use std::time::Duration;

    use crate::plan::Profile;

    #[test]
    fn report_violation_contains_rule_key_events_and_commands() {
        let mut history = HistoryBuilder::with_staleness(0);
        history.set("f0", "k", "v1", 0, 10);
        history.set("f0", "other", "v9", 0, 10);
        history.set("f0", "k", "v2", 20, 30);
        history.read("w0", "k", Some("v1"), 131, 132);
        let history = history.build();
        let found = super::super::check(&history);
        let plan = Plan::new(42, Profile::Several, Duration::from_secs(3));

        let text = report(&plan, &history, &found, Path::new("some/folder"));

        for part in [
            "rule BoundedStaleness",
            "key \"k\"",
            "f0.0       Set v2 -> done",
            "w0.0       Get  -> v1",
            "seed 42",
            "check some/folder",
            "run --profile several --seed 42 --millis 3000",
        ] {
            assert!(text.contains(part), "{part:?} must be in\n{text}");
        }
        assert!(!text.contains("v9"), "{text}");
    }
}
