//! What each metric is called, and what it is.

use ::metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Reads, by cache and source.
pub const READS: &str = "flipcache_reads_total";
/// Entries that left local tiers, by cache and cause.
pub const REMOVALS: &str = "flipcache_removals_total";
/// Answers of L2 that were not kept, by cache.
pub const REFUSED_FILLS: &str = "flipcache_refused_fills_total";
/// Values that were not kept because they are too large, by cache.
pub const TOO_LARGE: &str = "flipcache_too_large_total";
/// Questions and writes that failed, by cache.
pub const BACKEND_ERRORS: &str = "flipcache_backend_errors_total";
/// Entries in local tiers, by cache.
pub const LOCAL_ENTRIES: &str = "flipcache_local_entries";
/// Bytes in local tiers, by cache.
pub const LOCAL_BYTES: &str = "flipcache_local_bytes";
/// Calls of the store, by system, operation and outcome.
pub const BACKEND_CALL_SECONDS: &str = "flipcache_backend_call_seconds";
/// Whether changes are heard, by system: 1 for what is the case, 0 for the others.
pub const INVALIDATION_STATUS: &str = "flipcache_invalidation_status";
/// How many times everything became void, by system.
pub const BACKEND_EPOCHS: &str = "flipcache_backend_epochs_total";
/// What the circuit breaker does, by system: 1 for what is the case, 0 for the others.
pub const BACKEND_BREAKER: &str = "flipcache_backend_breaker";

/// Where the buckets of [`BACKEND_CALL_SECONDS`] end, for recorders that have buckets: 50 µs to 5 s.
pub const SECONDS: [f64; 16] = [
    0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0,
    2.0, 5.0,
];

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It is as it is now.
    Gauge,
    /// It has samples.
    Histogram,
}

/// A metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// What it is called.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// What it counts or measures.
    pub unit: Unit,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// In a sentence.
    pub help: &'static str,
}

/// All metrics.
pub const ALL: [Metric; 11] = [
    Metric {
        name: READS,
        kind: Kind::Counter,
        unit: Unit::Count,
        labels: &["cache", "source"],
        help: "Reads, by what answered them: local, backend, stale, absent (remembered), or none.",
    },
    Metric {
        name: REMOVALS,
        kind: Kind::Counter,
        unit: Unit::Count,
        labels: &["cache", "cause"],
        help: "Entries that left the local tier, by cause.",
    },
    Metric {
        name: REFUSED_FILLS,
        kind: Kind::Counter,
        unit: Unit::Count,
        labels: &["cache"],
        help: "Answers of the backend that were not kept because they may have been old.",
    },
    Metric {
        name: TOO_LARGE,
        kind: Kind::Counter,
        unit: Unit::Count,
        labels: &["cache"],
        help: "Values that were not kept because they are larger than the local tier may hold of one.",
    },
    Metric {
        name: BACKEND_ERRORS,
        kind: Kind::Counter,
        unit: Unit::Count,
        labels: &["cache"],
        help: "Questions and writes that the backend failed.",
    },
    Metric {
        name: LOCAL_ENTRIES,
        kind: Kind::Gauge,
        unit: Unit::Count,
        labels: &["cache"],
        help: "Entries in the local tier.",
    },
    Metric {
        name: LOCAL_BYTES,
        kind: Kind::Gauge,
        unit: Unit::Bytes,
        labels: &["cache"],
        help: "Bytes of keys and values in the local tier.",
    },
    Metric {
        name: BACKEND_CALL_SECONDS,
        kind: Kind::Histogram,
        unit: Unit::Seconds,
        labels: &["system", "operation", "outcome"],
        help: "How long calls of the backend take.",
    },
    Metric {
        name: INVALIDATION_STATUS,
        kind: Kind::Gauge,
        unit: Unit::Count,
        labels: &["system", "status"],
        help: "Whether changes by others are heard: 1 at hears, deaf or untold, 0 at the others.",
    },
    Metric {
        name: BACKEND_EPOCHS,
        kind: Kind::Counter,
        unit: Unit::Count,
        labels: &["system"],
        help: "How many times everything in the local tiers became void.",
    },
    Metric {
        name: BACKEND_BREAKER,
        kind: Kind::Gauge,
        unit: Unit::Count,
        labels: &["system", "state"],
        help: "The circuit breaker, if there is one: 1 at closed, open or half-open, 0 at the others.",
    },
];

impl Metric {
    /// Tells the recorder what this is.
    pub fn describe(&self) {
        let Self {
            name, unit, help, ..
        } = *self;
        match self.kind {
            Kind::Counter => describe_counter!(name, unit, help),
            Kind::Gauge => describe_gauge!(name, unit, help),
            Kind::Histogram => describe_histogram!(name, unit, help),
        }
    }
}
