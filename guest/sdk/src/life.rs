//! The TTL of entries, and the behaviour of a cache when L2 fails.

use std::time::Duration;

use crate::bindings::flipcache::cache::cache as wit;

/// The TTL of an entry that is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// The TTL of the cache's options.
    #[default]
    Inherit,
    /// The entry does not expire.
    Never,
    /// The entry expires after this time, in whole milliseconds. At least one.
    After(Duration),
}

/// How a cache behaves when L2 fails and at the edges of TTLs. All zero and `None` by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resilience {
    /// How long an entry may still be served, marked stale, while L2 fails: after its expiry, and
    /// after the last moment at which invalidations were received. Zero: never.
    pub stale_on_error: Duration,
    /// How long the absence of a key in L2 is cached (negative caching). Zero: not at all.
    pub absent_ttl: Duration,
    /// Maximum percentage (0-50) by which each TTL is shortened at random on writes.
    pub ttl_jitter_percent: u8,
    /// For a cache without invalidations: how long the local tier serves entries before it asks L2
    /// for changes. Zero: it asks at every read. `None`: it never asks.
    pub max_staleness: Option<Duration>,
}

/// Converts a duration to milliseconds for WIT. No cache accepts one that does not fit.
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
