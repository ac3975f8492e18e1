//! The state of the connection between local tiers and their backend.

use std::time::Duration;

use super::{BreakerState, InvalidationStatus, KvBackend};

/// The state of the connection between local tiers and their backend, at one moment.
///
/// # Examples
///
/// ```
/// use flipcache::Client;
/// use flipcache::backend::InvalidationStatus;
///
/// let client = Client::connect("memory:")?;
/// let state = client.backend_state();
/// assert_eq!((state.invalidation_status, state.epoch, state.breaker), (InvalidationStatus::Live, 0, None));
/// # Ok::<(), flipcache::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendState {
    /// Whether changes by other clients are published. While it is lost, no local tier serves.
    pub invalidation_status: InvalidationStatus,
    /// How long the status has been the same; `None`: the backend has no feed.
    pub invalidation_status_for: Option<Duration>,
    /// How often all entries of the local tiers were invalidated at once: the status became lost,
    /// the backend was flushed, or more changes came than the log keeps. Counted from when the
    /// backend was opened.
    pub epoch: u64,
    /// The state of the circuit breaker; `None`: there is none.
    pub breaker: Option<BreakerState>,
}

impl BackendState {
    /// Returns the state of a backend, without a round trip.
    pub fn of(backend: &dyn KvBackend) -> Self {
        let feed = backend.feed();
        let feed = feed.as_deref();
        Self {
            invalidation_status: feed.map_or(InvalidationStatus::Untracked, |feed| {
                feed.invalidation_status()
            }),
            invalidation_status_for: feed.map(|feed| feed.invalidation_status_for()),
            epoch: feed.map_or(0, |feed| feed.epoch()),
            breaker: backend.breaker(),
        }
    }
}
