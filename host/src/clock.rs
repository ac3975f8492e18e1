//! The monotonic clock that lives are counted by.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use flipcache_core::Moment;

/// Tells nanoseconds since a point of its own choice. Clones are the same clock.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Clock {
    /// The system's, from now on.
    pub(crate) fn system() -> Self {
        let start = Instant::now();
        Self::new(move || u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    pub(crate) fn new(nanos: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(nanos))
    }

    pub(crate) fn nanos(&self) -> u64 {
        (self.0)()
    }

    pub(crate) fn now(&self) -> Moment {
        Moment::from_nanos(self.nanos())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").finish_non_exhaustive()
    }
}
