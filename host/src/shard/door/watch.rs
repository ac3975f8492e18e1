//! The watch over running calls: a call that computes for too long is ended.
//!
//! Counted is the time for which the calling thread has computed, where the system tells it. Time for which the
//! thread waited for a core, or the machine was suspended, is not the shard's doing.

use std::time::Duration;

/// The budget of a call, and the part of it that is used.
#[derive(Debug)]
pub(super) struct Watch {
    budget: Duration,
    /// The thread's time at the first tick within the call. Reading it at each start would cost more than a hit.
    since: Option<Duration>,
}

impl Watch {
    pub(super) fn new(budget: Duration) -> Self {
        Self {
            budget,
            since: None,
        }
    }

    /// Begins a call.
    pub(super) fn begin(&mut self) {
        self.since = None;
    }

    /// Returns whether the call has used its budget. Ticks that come while the thread does not run cost it nothing.
    pub(super) fn is_over(&mut self, now: Duration) -> bool {
        let since = *self.since.get_or_insert(now);
        now.saturating_sub(since) >= self.budget
    }
}

/// Returns the time for which the calling thread has computed.
#[cfg(unix)]
pub(super) fn thread_time() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::ThreadCPUTime);
    // Both are in their ranges: it is a clock that begins at zero.
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

/// Returns monotonic time: this system has no clock of a thread.
#[cfg(not(unix))]
pub(super) fn thread_time() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn call_is_over_after_its_time_from_the_first_tick() {
        let mut watch = Watch::new(10 * MS);
        assert!(!watch.is_over(100 * MS));
        assert!(!watch.is_over(109 * MS));
        assert!(watch.is_over(110 * MS));
        watch.begin();
        assert!(!watch.is_over(200 * MS), "another call has its own time");
    }

    #[test]
    fn call_of_a_thread_that_does_not_run_is_never_over() {
        let mut watch = Watch::new(MS);
        assert!((0..1_000).all(|_| !watch.is_over(5 * MS)));
    }

    #[cfg(unix)]
    #[test]
    fn thread_time_stands_still_while_the_thread_sleeps_and_moves_while_it_computes() {
        let before = thread_time();
        std::thread::sleep(500 * MS);
        assert!(thread_time() - before < 400 * MS);
        let before = thread_time();
        while thread_time() == before {
            std::hint::spin_loop();
        }
    }
}
