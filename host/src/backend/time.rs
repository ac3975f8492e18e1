//! Clocks, deadlines and TTLs of backends.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::runtime::Handle;
use tokio::time::Timeout;

use crate::clock;

/// The clock of a backend: returns the time since some fixed moment.
///
/// Backends that several processes share count from the Unix epoch.
pub type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// Returns a clock that cannot be set and that counts the time for which the machine sleeps, for
/// backends of one process.
pub(super) fn monotonic() -> Clock {
    Arc::new(|| Duration::from_nanos(clock::nanos()))
}

/// Returns the wall clock, for backends that several processes share. Times before 1970 read as
/// 1970.
pub(super) fn wall() -> Clock {
    Arc::new(|| {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    })
}

/// Returns `future` with a timeout at `deadline`.
///
/// The timer is that of the runtime of `handle`: the result may be awaited on any thread, in a
/// runtime or in none.
pub(crate) fn within<F: Future>(
    handle: &Handle,
    deadline: tokio::time::Instant,
    future: F,
) -> Timeout<F> {
    let _entered = handle.enter();
    tokio::time::timeout_at(deadline, future)
}

/// Returns the deadline of a call that begins now.
pub(crate) fn deadline_after(limit: Duration) -> tokio::time::Instant {
    const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    tokio::time::Instant::now() + limit.min(LONGEST)
}

/// Returns a TTL in whole milliseconds: at least 1, and at most half of the largest 64-bit integer,
/// so that a time and a TTL can be added.
pub(super) fn whole_millis(ttl: Duration) -> i64 {
    i64::try_from(ttl.as_millis())
        .unwrap_or(i64::MAX)
        .clamp(1, i64::MAX / 2)
}

/// Converts milliseconds to a `Duration`; a negative number counts as 0.
pub(super) fn from_millis(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_millis_less_than_one_counts_as_one() {
        assert_eq!(whole_millis(Duration::from_micros(1)), 1);
        assert_eq!(whole_millis(Duration::from_micros(2_900)), 2);
    }

    #[test]
    fn whole_millis_longest_duration_saturates() {
        assert_eq!(whole_millis(Duration::MAX), i64::MAX / 2);
    }

    #[test]
    fn from_millis_negative_is_zero() {
        assert_eq!(from_millis(-3), Duration::ZERO);
    }
}
