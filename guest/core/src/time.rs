//! Moments of a monotonic clock that is read elsewhere, and the deadlines of entries.

use std::cell::Cell;
use std::time::Duration;

/// A moment of a monotonic clock: nanoseconds since a point of the clock's own choice. The clock should count the
/// time for which the machine sleeps, or entries outlive a suspend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// The moment `nanos` nanoseconds after the clock's origin.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the clock's origin.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }
}

/// Tells the time. Called at most once an operation.
pub type Clock<'a> = &'a dyn Fn() -> Moment;

/// The time of one operation: asks the clock when it is first needed, and then remembers.
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

/// When an entry's life ends, if it does, and whether somebody has claimed to renew it before. Eight bytes,
/// as every entry has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadline(u64);

impl Deadline {
    /// The entry does not expire.
    pub(crate) const NEVER: Self = Self(u64::MAX >> 1);

    /// The bit that a claim sets. Moments do not come so far in 292 years.
    const CLAIMED: u64 = 1 << 63;

    /// `ttl` after `start`; a sum beyond the clock's range is never.
    pub(crate) fn after(start: Moment, ttl: Option<Duration>) -> Self {
        let nanos = ttl.and_then(|ttl| u64::try_from(ttl.as_nanos()).ok());
        let end = nanos.map_or(u64::MAX, |nanos| start.0.saturating_add(nanos));
        Self(end.min(Self::NEVER.0))
    }

    /// What is left of the life. `None`: without end. Zero: it is over.
    pub(crate) fn remaining(self, now: &Now<'_>) -> Option<Duration> {
        (self != Self::NEVER).then(|| Duration::from_nanos(self.end().saturating_sub(now.get().0)))
    }

    /// Whether the life is over. Reads the clock only if it has an end.
    pub(crate) fn has_passed(self, now: &Now<'_>) -> bool {
        self.remaining(now) == Some(Duration::ZERO)
    }

    /// For how long the life has been over; zero: it is not.
    pub(crate) fn passed_for(self, now: &Now<'_>) -> Duration {
        match self {
            Self::NEVER => Duration::ZERO,
            _ => Duration::from_nanos(now.get().0.saturating_sub(self.end())),
        }
    }

    /// Claims to renew the entry, if nobody has yet and its life ends within this time.
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
    fn has_passed_without_end_does_not_read_the_clock() {
        let clock = || panic!("an entry without a deadline must not cost a reading of the clock");
        assert!(!Deadline::NEVER.has_passed(&Now::new(&clock)));
    }

    #[test]
    fn has_passed_at_the_very_deadline_is_true() {
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
    fn refresh_claim_is_given_once_and_leaves_the_end_where_it_is() {
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
