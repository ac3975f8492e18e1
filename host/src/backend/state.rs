//! How things stand between local tiers and their store.

use std::time::Duration;

use super::{BreakerState, Hearing, KvBackend};

/// How things stand between the local tiers and their store, at one moment.
///
/// # Examples
///
/// ```
/// use flipcache::Client;
/// use flipcache::backend::Hearing;
///
/// let client = Client::connect("memory:")?;
/// let state = client.backend_state();
/// assert_eq!((state.hearing, state.epoch, state.breaker), (Hearing::Hears, 0, None));
/// # Ok::<(), flipcache::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendState {
    /// Whether changes are heard: while it is deaf, no local tier answers.
    pub hearing: Hearing,
    /// For how long that has been so; `None`: nobody has ever told of changes.
    pub hearing_for: Option<Duration>,
    /// How many times all that local tiers held became void: the store went deaf, was emptied, or told
    /// more than could be taken in. It is counted from when the backend was opened.
    pub epoch: u64,
    /// What the circuit breaker does with the next call; `None`: there is none.
    pub breaker: Option<BreakerState>,
}

impl BackendState {
    /// That of a backend. Asks the store nothing.
    pub fn of(backend: &dyn KvBackend) -> Self {
        let feed = backend.feed();
        let feed = feed.as_deref();
        Self {
            hearing: feed.map_or(Hearing::Untold, |feed| feed.hearing()),
            hearing_for: feed.map(|feed| feed.hearing_for()),
            epoch: feed.map_or(0, |feed| feed.epoch()),
            breaker: backend.breaker(),
        }
    }
}
