//! Writes the events of a violation in order of time.

use std::fmt::Write;
use std::time::Duration;

use super::Violation;
use crate::history::{Call, History, Outcome};
use crate::oracle::Oracle;
use crate::time::Moment;

/// How many of the first events are written, if there are many.
const FIRST: usize = 25;

/// How many of the last events are written.
const LAST: usize = 35;

/// How long before and after a violation events are included.
const AROUND: Duration = Duration::from_millis(20);

/// Writes the events, one per line; `start` is the start of the run.
pub(super) fn write(
    text: &mut String,
    history: &History,
    oracle: &Oracle,
    violation: &Violation,
    start: Moment,
) {
    let mut lines = Vec::new();
    let calls = history.calls.iter();
    for call in calls.filter(|call| is_relevant(call, violation)) {
        lines.push((call.start, describe_call(call, start)));
    }
    for version in oracle.versions(&violation.key) {
        let line = format!(
            "Redis      {} from {} to {}, order {}, {:?}",
            version.value.as_deref().unwrap_or("(absent)"),
            seconds(version.lower, start),
            seconds(version.upper, start),
            version.order,
            version.ttl
        );
        lines.push((version.upper, line));
    }
    for fault in &history.faults {
        lines.push((fault.at, format!("fault    {}", fault.what)));
    }
    for stall in &history.stalls {
        let lasted = stall.to.since(stall.from);
        let line = format!("{:10} did not run for {lasted:?}", stall.process);
        lines.push((stall.from, line));
    }
    let around = violation.from.before(AROUND)..=violation.to.after(AROUND);
    lines.retain(|(at, _)| around.contains(at));
    lines.sort();
    let left_out = lines.len().saturating_sub(FIRST + LAST);
    for (number, (at, line)) in lines.iter().enumerate() {
        if left_out > 0 && number == FIRST {
            let _ = writeln!(text, "     ({left_out} events omitted)");
        }
        if left_out == 0 || number < FIRST || number >= FIRST + left_out {
            let _ = writeln!(text, "   {} {line}", seconds(*at, start));
        }
    }
}

/// Returns whether a call writes the key, or is of the process and the key.
fn is_relevant(call: &Call, violation: &Violation) -> bool {
    let is_of_key = call.key == violation.key || call.key.is_empty();
    let may_write = call.is_acknowledged_write() || call.is_own_load();
    let is_read = call.read_result().is_some() && !may_write;
    is_of_key && (!is_read || call.process == violation.process)
}

fn describe_call(call: &Call, start: Moment) -> String {
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
