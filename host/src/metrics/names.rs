//! Names and descriptions of all metrics.

use ::metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Reads, by cache and source.
pub const READS: &str = "flipcache_reads_total";
/// Entries that left local tiers, by cache and cause.
pub const REMOVALS: &str = "flipcache_removals_total";
/// Values read from L2 that were not cached, by cache.
pub const REFUSED_FILLS: &str = "flipcache_refused_fills_total";
/// Values that were not cached because they are too large, by cache.
pub const TOO_LARGE: &str = "flipcache_too_large_total";
/// Reads and writes that failed in L2, by cache.
pub const BACKEND_ERRORS: &str = "flipcache_backend_errors_total";
/// Entries in local tiers, by cache.
pub const LOCAL_ENTRIES: &str = "flipcache_local_entries";
/// Bytes in local tiers, by cache.
pub const LOCAL_BYTES: &str = "flipcache_local_bytes";
/// Duration of backend calls, by system, operation and outcome.
pub const BACKEND_CALL_SECONDS: &str = "flipcache_backend_call_seconds";
/// Status of invalidations, by system: 1 for the current one, 0 for the others.
pub const INVALIDATION_STATUS: &str = "flipcache_invalidation_status";
/// How many times all local tiers were flushed, by system.
pub const BACKEND_EPOCHS: &str = "flipcache_backend_epochs_total";
/// State of the circuit breaker, by system: 1 for the current one, 0 for the others.
pub const BACKEND_BREAKER: &str = "flipcache_backend_breaker";

/// Upper bounds of the buckets of [`BACKEND_CALL_SECONDS`], for recorders that have buckets: 50 µs
/// to 5 s.
pub const SECONDS: [f64; 16] = [
    0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0,
    2.0, 5.0,
];

/// The kind of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A value that only grows.
    Counter,
    /// A value that goes up and down.
    Gauge,
    /// A distribution of samples.
    Histogram,
}

/// A metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// The quantity that it counts or measures.
    pub unit: Unit,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// A description in one sentence.
    pub help: &'static str,
}

/// All metrics.
pub const ALL: [Metric; 11] = [
    Metric {
        name: READS,
        kind: Kind::Counter,
        unit: Unit::Count,
        labels: &["cache", "source"],
        help: "Reads, by source: local, backend, stale, absent (cached absence), or none.",
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
        help: "Values of the backend that were not cached because they may have been outdated.",
    },
    Metric {
        name: TOO_LARGE,
        kind: Kind::Counter,
        unit: Unit::Count,
        labels: &["cache"],
        help: "Values that were not cached because they are larger than the local tier accepts.",
    },
    Metric {
        name: BACKEND_ERRORS,
        kind: Kind::Counter,
        unit: Unit::Count,
        labels: &["cache"],
        help: "Reads and writes that failed in the backend.",
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
        help: "Duration of backend calls.",
    },
    Metric {
        name: INVALIDATION_STATUS,
        kind: Kind::Gauge,
        unit: Unit::Count,
        labels: &["system", "status"],
        help: "Status of invalidations by others: 1 at live, lost or untracked, 0 at the others.",
    },
    Metric {
        name: BACKEND_EPOCHS,
        kind: Kind::Counter,
        unit: Unit::Count,
        labels: &["system"],
        help: "How many times all local tiers were flushed.",
    },
    Metric {
        name: BACKEND_BREAKER,
        kind: Kind::Gauge,
        unit: Unit::Count,
        labels: &["system", "state"],
        help: "State of the circuit breaker, if any: 1 at closed, open or half-open, 0 at the others.",
    },
];

impl Metric {
    /// Describes this metric to the recorder.
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
