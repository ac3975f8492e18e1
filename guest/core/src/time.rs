//! Moments of a monotonic clock that the caller reads, and the deadlines of entries.

use std::cell::Cell;
use std::time::Duration;

/// A moment of a monotonic clock, in nanoseconds since an origin that the clock chooses. The clock
/// should advance while the machine sleeps; otherwise entries outlive a suspend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// Creates the moment `nanos` nanoseconds after the clock's origin.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns the nanoseconds since the clock's origin.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }
}

/// Returns the current time. Called at most once an operation.
pub type Clock<'a> = &'a dyn Fn() -> Moment;

/// The time of one operation: reads the clock when first needed and caches the result.
pub(crate) struct Now<'a> {
    clock: Clock<'a>,
    read: Cell<Option<Moment>>,
}

impl<'a> Now<'a> {
    pub(crate) fn new(clock: Clock<'a>) -> Self {
        Self {
            clock,
            read: Cell::new(None),
        }
    }

    pub(crate) fn get(&self) -> Moment {
        let moment = self.read.get().unwrap_or_else(|| (self.clock)());
        self.read.set(Some(moment));
        moment
    }
}

/// When an entry expires, if it does, and whether its refresh has been claimed. Eight bytes, as
/// every entry has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadline(u64);

impl Deadline {
    /// The entry does not expire.
    pub(crate) const NEVER: Self = Self(u64::MAX >> 1);

    /// The bit that a refresh claim sets. Moments do not reach it for 292 years.
    const CLAIMED: u64 = 1 << 63;

    /// Returns the deadline `ttl` after `start`; [`NEVER`](Self::NEVER) if the clock cannot count
    /// so far.
    pub(crate) fn after(start: Moment, ttl: Option<Duration>) -> Self {
        let nanos = ttl.and_then(|ttl| u64::try_from(ttl.as_nanos()).ok());
        let end = nanos.map_or(u64::MAX, |nanos| start.0.saturating_add(nanos));
        Self(end.min(Self::NEVER.0))
    }

    /// Returns the remaining TTL. `None`: no expiry. Zero: expired.
    pub(crate) fn remaining(self, now: &Now<'_>) -> Option<Duration> {
        (self != Self::NEVER).then(|| Duration::from_nanos(self.end().saturating_sub(now.get().0)))
    }

    /// Returns whether the entry has expired. Reads the clock only if there is a deadline.
    pub(crate) fn has_passed(self, now: &Now<'_>) -> bool {
        self.remaining(now) == Some(Duration::ZERO)
    }

    /// Returns how long ago the entry expired; zero: it has not.
    pub(crate) fn passed_for(self, now: &Now<'_>) -> Duration {
        match self {
            Self::NEVER => Duration::ZERO,
            _ => Duration::from_nanos(now.get().0.saturating_sub(self.end())),
        }
    }

    /// Claims the refresh of an entry that expires within this time, unless it is claimed already.
    pub(crate) fn refresh_claim(&mut self, within: Duration, now: &Now<'_>) -> bool {
        let is_due = self.remaining(now).is_some_and(|left| left <= within);
        let is_free = self.0 & Self::CLAIMED == 0;
        if is_due && is_free {
            self.0 |= Self::CLAIMED;
        }
        is_due && is_free
    }

    fn end(self) -> u64 {
        self.0 & !Self::CLAIMED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_passed_without_deadline_does_not_read_the_clock() {
        let clock = || panic!("an entry without a deadline must not read the clock");
        assert!(!Deadline::NEVER.has_passed(&Now::new(&clock)));
    }

    #[test]
    fn has_passed_at_the_deadline_is_true() {
        let deadline = Deadline::after(Moment(5), Some(Duration::from_nanos(10)));
        assert!(!deadline.has_passed(&Now::new(&|| Moment(14))));
        assert!(deadline.has_passed(&Now::new(&|| Moment(15))));
    }

    #[test]
    fn after_ttl_beyond_the_clock_is_never() {
        assert_eq!(
            Deadline::after(Moment(1), Some(Duration::MAX)),
            Deadline::NEVER
        );
        assert_eq!(
            Deadline::after(Moment(1), Some(Duration::from_nanos(u64::MAX))),
            Deadline::NEVER
        );
    }

    #[test]
    fn refresh_claim_is_given_once_and_keeps_the_deadline() {
        let (within, now) = (Duration::from_nanos(4), Now::new(&|| Moment(7)));
        let mut deadline = Deadline::after(Moment(2), Some(Duration::from_nanos(10)));
        assert!(
            !deadline.refresh_claim(within, &now),
            "five nanoseconds are left"
        );
        let now = Now::new(&|| Moment(8));
        assert!(deadline.refresh_claim(within, &now));
        assert!(!deadline.refresh_claim(within, &now));
        assert_eq!(deadline.remaining(&now), Some(within));
        let mut never = Deadline::NEVER;
        assert!(!never.refresh_claim(Duration::MAX, &now));
    }

    #[test]
    fn passed_for_counts_from_the_deadline() {
        let deadline = Deadline::after(Moment(5), Some(Duration::from_nanos(10)));
        let passed = |at| deadline.passed_for(&Now::new(&|| Moment(at)));
        assert_eq!(passed(14), Duration::ZERO);
        assert_eq!(passed(15), Duration::ZERO);
        assert_eq!(passed(18), Duration::from_nanos(3));
    }

    #[test]
    fn get_twice_reads_the_clock_once() {
        let calls = Cell::new(0);
        let clock = || {
            calls.set(calls.get() + 1);
            Moment(calls.get())
        };
        let now = Now::new(&clock);
        assert_eq!(
            (now.get(), now.get(), calls.get()),
            (Moment(1), Moment(1), 1)
        );
    }
}
