//! What was found, for those who have to find out why.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use super::Violation;
use crate::history::{Call, History, Outcome};
use crate::plan::Plan;
use crate::time::Moment;
use crate::truth::Truth;

/// How many violations are told in full.
const IN_FULL: usize = 3;

/// How many events of one violation are told.
const EVENTS: usize = 60;

/// How long before and after a violation events may have to do with it.
const AROUND: Duration = Duration::from_millis(20);

/// The violations of a run, each with the events that have to do with it, in order; and how to look
/// further. `folder` is where the history is.
pub fn report(plan: &Plan, history: &History, found: &[Violation], folder: &Path) -> String {
    let mut text = format!("{} violations, the first ones in full.\n", found.len());
    let truth = Truth::of(history);
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
        tell_events(&mut text, history, &truth, violation, start);
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

fn tell_events(
    text: &mut String,
    history: &History,
    truth: &Truth,
    violation: &Violation,
    start: Moment,
) {
    let from = violation.from.before(AROUND);
    let to = violation.to.after(AROUND);
    let mut lines = Vec::new();
    for call in &history.calls {
        let has_to_do = call.key == violation.key || call.key.is_empty();
        if has_to_do && call.end >= from && call.start <= to {
            lines.push((call.start, tell_call(call, start)));
        }
    }
    for version in truth.versions(&violation.key) {
        if version.upper >= from && version.lower <= to {
            let value = version.value.as_deref().unwrap_or("(absent)");
            let line = format!(
                "Redis      {value} from {} to {}, order {}, {:?}",
                seconds(version.lower, start),
                seconds(version.upper, start),
                version.order,
                version.life
            );
            lines.push((version.upper, line));
        }
    }
    for fault in &history.faults {
        lines.push((fault.at, format!("fault      {}", fault.what)));
    }
    for stall in &history.stalls {
        let line = format!(
            "{:10} stalled {:?}",
            stall.process,
            stall.to.since(stall.from)
        );
        lines.push((stall.from, line));
    }
    lines.retain(|(at, _)| (from..=to).contains(at));
    lines.sort();
    let skipped = lines.len().saturating_sub(EVENTS);
    if skipped > 0 {
        let _ = writeln!(text, "   ({skipped} earlier events are left out)");
    }
    for (at, line) in lines.iter().skip(skipped) {
        let _ = writeln!(text, "   {} {line}", seconds(*at, start));
    }
}

fn tell_call(call: &Call, start: Moment) -> String {
    let value = call.value.as_deref().unwrap_or("");
    let outcome = match &call.outcome {
        Outcome::Found(value) => value.clone(),
        Outcome::Failed(error) => format!("failed: {error}"),
        other => format!("{other:?}").to_lowercase(),
    };
    let source = call
        .source
        .map_or_else(String::new, |source| format!(" ({source:?})"));
    format!(
        "{:10} {:?} {value} -> {outcome}{source}, ended {}",
        format!("{}.{}", call.process, call.thread),
        call.op,
        seconds(call.end, start)
    )
}

fn seconds(moment: Moment, start: Moment) -> String {
    if moment < start {
        return "  (before)".to_owned();
    }
    format!("{:10.6}", moment.since(start).as_secs_f64())
}
