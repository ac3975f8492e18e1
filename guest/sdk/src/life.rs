//! How long entries live, and how a cache behaves when things go wrong.

use std::time::Duration;

use crate::bindings::flipcache::cache::cache as wit;

/// How long an entry lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// As long as the cache's options say.
    #[default]
    Inherit,
    /// Without end.
    Never,
    /// So long, in whole milliseconds. At least one.
    After(Duration),
}

/// How a cache behaves when things go wrong. All zero and `None` by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resilience {
    /// How long an entry may still answer, marked stale, while the shared tier fails: after the end of its
    /// life, and after changes were last heard of. Zero: never.
    pub stale_on_error: Duration,
    /// How long it is remembered that the shared tier has nothing for a key. Zero: not at all.
    pub absent_ttl: Duration,
    /// Each TTL that a value is written with is shortened by a random part of at most this many percent
    /// (0-50).
    pub ttl_jitter_percent: u8,
    /// For a cache that nobody tells of changes: how long the local tier may answer without asking
    /// for them; zero: it asks at every read; `None`: never.
    pub max_staleness: Option<Duration>,
}

/// A duration as WIT has it. One that 64 bits cannot hold is one that no cache takes.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl From<Expiry> for wit::Expiry {
    fn from(expiry: Expiry) -> Self {
        match expiry {
            Expiry::Inherit => Self::Inherit,
            Expiry::Never => Self::Never,
            Expiry::After(ttl) => Self::AfterMs(millis(ttl)),
        }
    }
}

impl From<wit::Expiry> for Expiry {
    fn from(expiry: wit::Expiry) -> Self {
        match expiry {
            wit::Expiry::Inherit => Self::Inherit,
            wit::Expiry::Never => Self::Never,
            wit::Expiry::AfterMs(millis) => Self::After(Duration::from_millis(millis)),
        }
    }
}

impl From<Resilience> for wit::Resilience {
    fn from(resilience: Resilience) -> Self {
        Self {
            stale_on_error_ms: millis(resilience.stale_on_error),
            absent_ttl_ms: millis(resilience.absent_ttl),
            ttl_jitter_percent: resilience.ttl_jitter_percent,
            max_staleness_ms: resilience.max_staleness.map(millis),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn millis_beyond_64_bits_is_the_longest_and_less_than_one_is_none() {
        assert_eq!(millis(Duration::MAX), u64::MAX);
        assert_eq!(millis(Duration::from_micros(999)), 0);
        assert_eq!(millis(Duration::from_micros(1_999)), 1);
    }

    #[test]
    fn expiry_there_and_back_is_the_same() {
        let after = Expiry::After(Duration::from_millis(1_500));
        for expiry in [Expiry::Inherit, Expiry::Never, after] {
            assert_eq!(Expiry::from(wit::Expiry::from(expiry)), expiry);
        }
    }
}
