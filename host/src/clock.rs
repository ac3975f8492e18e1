//! The clocks of TTLs and leases. They include the time for which the machine sleeps: an entry must
//! not outlive a suspend.
//!
//! `std::time::Instant` stops during a suspend on Linux and macOS. So Linux reads `CLOCK_BOOTTIME`,
//! and other Unix systems `CLOCK_MONOTONIC`, which includes sleep on macOS. Windows reads
//! `Instant`, whose performance counter runs during sleep.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flipcache_core::Moment;

/// A clock of nanoseconds since an arbitrary point. Clones are the same clock.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Clock {
    /// Returns the system's clock.
    pub(crate) fn system() -> Self {
        Self::new(nanos)
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

/// Returns nanoseconds since a point of the system's choice. Costs some 30 ns.
#[cfg(unix)]
pub(crate) fn nanos() -> u64 {
    use nix::time::ClockId;

    #[cfg(any(target_os = "linux", target_os = "android"))]
    const CLOCK: ClockId = ClockId::CLOCK_BOOTTIME;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const CLOCK: ClockId = ClockId::CLOCK_MONOTONIC;

    let now = CLOCK.now().expect("the system must have this clock");
    let now = std::time::Duration::from(now);
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
}

/// Returns nanoseconds since a point of this process's choice.
#[cfg(not(unix))]
pub(crate) fn nanos() -> u64 {
    use std::sync::LazyLock;
    use std::time::Instant;

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    // Not zero, which means never elsewhere.
    u64::try_from(START.elapsed().as_nanos()).map_or(u64::MAX, |nanos| nanos.saturating_add(1))
}

/// Returns [`nanos`] as of some moment of the current tick of the system: at most a hundredth of a
/// second ago. Costs a third of it.
#[inline]
pub(crate) fn coarse_nanos() -> u64 {
    static COARSE: Coarse = Coarse::new();
    let tick = coarsetime::Instant::now_without_cache_update().as_ticks();
    COARSE.now(tick, nanos)
}

/// The exact clock, read once in each tick of a cheap one.
///
/// No system has a cheap clock that includes sleep. But a cheap clock shows another tick after a
/// suspend than before, as the system updates it when it goes to sleep. So the first read after a
/// suspend reads the exact clock, on whichever thread it is.
struct Coarse {
    tick: AtomicU64,
    /// The exact clock's time at or after the start of `tick`.
    nanos: AtomicU64,
}

impl Coarse {
    const fn new() -> Self {
        Self {
            tick: AtomicU64::new(u64::MAX),
            nanos: AtomicU64::new(0),
        }
    }

    #[inline]
    fn now(&self, tick: u64, exact: impl FnOnce() -> u64) -> u64 {
        if self.tick.load(Ordering::Acquire) == tick {
            return self.nanos.load(Ordering::Relaxed);
        }
        // A thread that was preempted here must not set the clock back for others.
        let now = exact();
        let now = now.max(self.nanos.fetch_max(now, Ordering::AcqRel));
        self.tick.store(tick, Ordering::Release);
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000_000_000;

    #[test]
    fn now_within_one_tick_reads_the_exact_clock_once() {
        let coarse = Coarse::new();
        assert_eq!(coarse.now(7, || 700), 700);
        assert_eq!(coarse.now(7, || panic!("it has been read")), 700);
        assert_eq!(coarse.now(8, || 800), 800);
    }

    #[test]
    fn now_first_look_after_a_suspend_counts_the_time_asleep() {
        let coarse = Coarse::new();
        assert_eq!(coarse.now(7, || 700), 700);
        // Only the rest of the tick has passed by the cheap clock.
        assert_eq!(coarse.now(8, || 701 + HOUR), 701 + HOUR);
    }

    #[test]
    fn now_by_a_thread_that_was_stopped_does_not_go_back() {
        let coarse = Coarse::new();
        let late = coarse.now(7, || {
            coarse.now(8, || 800 + HOUR);
            700
        });
        assert_eq!(late, 800 + HOUR);
        assert_eq!(coarse.now(9, || 900 + HOUR), 900 + HOUR);
    }

    #[test]
    fn coarse_nanos_is_behind_the_exact_clock_and_never_ahead() {
        let mut last = 0;
        for _ in 0..1000 {
            let coarse = coarse_nanos();
            assert!(last <= coarse && coarse <= nanos());
            last = coarse;
        }
    }
}
