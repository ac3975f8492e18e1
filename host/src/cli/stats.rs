//! The counters of a cache and the state of its backend, as text and as JSON.

use flipcache::Stats;
use flipcache::backend::{BackendState, BreakerState};

/// Returns a line for each counter and state that exists.
pub(crate) fn as_text(stats: &Stats, state: &BackendState) -> String {
    let removals = stats.removals.by_cause();
    let removals = removals.map(|(cause, count)| (format!("removals_{cause}"), count.to_string()));
    let numbers = |fields: &[(&str, u64)]| {
        let fields = fields.iter();
        fields
            .map(|(name, number)| ((*name).to_owned(), number.to_string()))
            .collect::<Vec<_>>()
    };
    let states = [
        (
            "invalidation",
            Some(state.invalidation_status.name().to_owned()),
        ),
        ("invalidation_seconds", invalidation_seconds(state)),
        ("epoch", Some(state.epoch.to_string())),
        ("breaker", state.breaker.map(|it| it.name().to_owned())),
    ];
    let states = states.into_iter();
    let states = states.filter_map(|(name, state)| Some((name.to_owned(), state?)));
    let lines = numbers(&reads(stats))
        .into_iter()
        .chain(removals)
        .chain(numbers(&rest(stats)))
        .chain(states);
    lines
        .map(|(name, value)| format!("{name} {value}\n"))
        .collect()
}

/// Returns one JSON object. What does not exist is null.
pub(crate) fn as_json(stats: &Stats, state: &BackendState) -> String {
    let numbers = |fields: &[(&str, u64)]| {
        let fields = fields.iter();
        let fields = fields.map(|(name, number)| format!("\"{name}\":{number}"));
        fields.collect::<Vec<_>>().join(",")
    };
    let breaker = state.breaker.map(BreakerState::name);
    format!(
        "{{{},\"removals\":{{{}}},{},\"invalidation\":\"{}\",\"invalidation_seconds\":{},\"epoch\":{},\"breaker\":{}}}",
        numbers(&reads(stats)),
        numbers(&stats.removals.by_cause()),
        numbers(&rest(stats)),
        state.invalidation_status.name(),
        invalidation_seconds(state).unwrap_or_else(|| "null".to_owned()),
        state.epoch,
        breaker.map_or_else(|| "null".to_owned(), |name| format!("\"{name}\"")),
    )
}

fn reads(stats: &Stats) -> [(&'static str, u64); 5] {
    [
        ("local_hits", stats.local_hits),
        ("backend_hits", stats.backend_hits),
        ("misses", stats.misses),
        ("stale_hits", stats.stale_hits),
        ("absent_hits", stats.absent_hits),
    ]
}

fn rest(stats: &Stats) -> [(&'static str, u64); 5] {
    [
        ("refused_fills", stats.refused_fills),
        ("too_large", stats.too_large),
        ("backend_errors", stats.backend_errors),
        ("local_len", stats.local_len),
        ("local_bytes", stats.local_bytes),
    ]
}

fn invalidation_seconds(state: &BackendState) -> Option<String> {
    let time = state.invalidation_status_for?;
    Some(format!("{:.3}", time.as_secs_f64()))
}
