//! Metrics, through the facade crate `metrics`: the recorder that a program installs gets them.
//!
//! Backend calls are recorded when they are made. Hits cost nothing: caches are counted in their
//! tiers, and [`publish`] passes the counts to the recorder before metrics are read.
//!
//! [`names`] lists every metric; the guide's page on observability explains them.
//!
//! # Examples
//!
//! With the crate `metrics-exporter-prometheus`:
//!
//! ```
//! # #[cfg(feature = "cli")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use flipcache::Client;
//! use metrics_exporter_prometheus::PrometheusBuilder;
//!
//! // Before the first client: earlier records are lost.
//! let prometheus = PrometheusBuilder::new().install_recorder()?;
//! flipcache::metrics::describe();
//!
//! let client = Client::connect("memory:")?;
//! let names = client.cache("name").open()?;
//! names.blocking().set("1", "Ada")?;
//! names.blocking().get("1")?;
//!
//! flipcache::metrics::publish();
//! let page = prometheus.render();
//! assert!(page.contains(r#"flipcache_reads_total{cache="name",source="local"} 1"#));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "cli"))]
//! # fn main() {}
//! ```

pub mod names;
mod published;

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use ::metrics::{counter, gauge, histogram};

use crate::backend::{BackendState, BreakerState, InvalidationStatus};
use crate::driver::Driver;
pub(crate) use published::Published;

/// The drivers of this process whose caches are published.
static DRIVERS: Mutex<Vec<Weak<Driver>>> = Mutex::new(Vec::new());

/// Describes each metric to the recorder. Call it after the recorder is installed.
pub fn describe() {
    names::ALL.iter().for_each(names::Metric::describe);
}

/// Passes to the recorder what the caches of all clients of this process have counted since the
/// last call, and the state of their backends. Call it before metrics are read, or at intervals.
///
/// Takes the lock of each shard for a moment for each cache that was ever opened.
pub fn publish() {
    let drivers: Vec<_> = {
        let mut drivers = DRIVERS.lock().unwrap_or_else(PoisonError::into_inner);
        drivers.retain(|driver| driver.strong_count() > 0);
        drivers.iter().filter_map(Weak::upgrade).collect()
    };
    for driver in drivers {
        driver.publish();
    }
}

/// Publishes a driver until it is dropped.
pub(crate) fn include(driver: &Arc<Driver>) {
    let mut drivers = DRIVERS.lock().unwrap_or_else(PoisonError::into_inner);
    drivers.retain(|driver| driver.strong_count() > 0);
    drivers.push(Arc::downgrade(driver));
}

/// Records a finished backend call.
pub(crate) fn backend_call(
    system: &'static str,
    operation: &'static str,
    outcome: &'static str,
    took: Duration,
) {
    let labels = [
        ("system", system),
        ("operation", operation),
        ("outcome", outcome),
    ];
    histogram!(names::BACKEND_CALL_SECONDS, &labels).record(took);
}

/// Records the state of a backend. All its clients record the same values.
pub(crate) fn backend_state(system: &'static str, state: &BackendState) {
    let is = |yes: bool| f64::from(u8::from(yes));
    for status in [
        InvalidationStatus::Live,
        InvalidationStatus::Lost,
        InvalidationStatus::Untracked,
    ] {
        let labels = [("system", system), ("status", status.name())];
        gauge!(names::INVALIDATION_STATUS, &labels).set(is(status == state.invalidation_status));
    }
    counter!(names::BACKEND_EPOCHS, "system" => system).absolute(state.epoch);
    let Some(breaker) = state.breaker else { return };
    for possible in [
        BreakerState::Closed,
        BreakerState::Open,
        BreakerState::HalfOpen,
    ] {
        let labels = [("system", system), ("state", possible.name())];
        gauge!(names::BACKEND_BREAKER, &labels).set(is(possible == breaker));
    }
}
