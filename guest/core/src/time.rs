//! Moments of a monotonic clock that is read elsewhere, and the deadlines of entries.

use std::cell::Cell;
use std::time::Duration;

/// A moment of a monotonic clock: nanoseconds since a point of the clock's own choice.
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

/// When an entry's life ends, if it does. Eight bytes, as every entry has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadline(u64);

impl Deadline {
    /// The entry does not expire.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// `ttl` after `start`; a sum beyond the clock's range is never.
    pub(crate) fn after(start: Moment, ttl: Option<Duration>) -> Self {
        let nanos = ttl.and_then(|ttl| u64::try_from(ttl.as_nanos()).ok());
        Self(nanos.map_or(u64::MAX, |nanos| start.0.saturating_add(nanos)))
    }

    /// What is left of the life. `None`: without end. Zero: it is over.
    pub(crate) fn remaining(self, now: &Now<'_>) -> Option<Duration> {
        (self != Self::NEVER).then(|| Duration::from_nanos(self.0.saturating_sub(now.get().0)))
    }

    /// Whether the life is over. Reads the clock only if it has an end.
    pub(crate) fn has_passed(self, now: &Now<'_>) -> bool {
        self.remaining(now) == Some(Duration::ZERO)
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
