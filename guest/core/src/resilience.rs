//! Stale-on-error, negative caching, TTL jitter and bounded staleness.
//!
//! Jitter is FusionCache's jittering: shortening TTLs at random keeps clients that read the same
//! keys from missing them all at once: <https://en.wikipedia.org/wiki/Thundering_herd_problem>.
//! Stale-on-error does less than its fail-safe, which also serves an expired entry when the loader
//! fails, and gives it a new TTL. Here only a failure of L2 counts, and the entry is served no
//! longer than the window after its expiry.

use std::ops::Range;
use std::time::Duration;

use crate::options::InvalidOptions;

/// Maximum number of parts of one write that get different TTLs. Each part is a round trip.
const MOST_PARTS: usize = 8;

/// Minimum number of entries in a part.
const LEAST_PART: usize = 32;

/// The golden ratio as a fraction of 2^32. Its multiples are evenly spread.
const GOLDEN_RATIO: u32 = 0x9e37_79b9;

/// Maximum jitter; with more, a TTL would mean little.
const MAX_JITTER_PERCENT: u8 = 50;

/// How a cache behaves when L2 fails and at the edges of TTLs. All zero and `None` by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resilience {
    /// How long an entry may still be served, marked stale, while L2 fails: after its expiry, and
    /// after the last moment at which invalidations were received. Zero: never.
    pub stale_on_error: Duration,
    /// How long the absence of a key in L2 is cached (negative caching). Zero: not at all.
    pub absent_ttl: Duration,
    /// Maximum percentage by which TTLs are shortened at random on writes, so that entries written
    /// together do not expire together. At most 50.
    pub ttl_jitter_percent: u8,
    /// For a cache without invalidations, because it was composed into an application or runs in a
    /// host of its own: how long the local tier serves entries before it asks L2 for changes. Zero:
    /// it asks at every read. `None`: it never asks.
    pub max_staleness: Option<Duration>,
}

impl Resilience {
    /// Checks the options.
    ///
    /// # Errors
    ///
    /// [`InvalidOptions`] for a jitter of more than 50 percent.
    pub fn check(&self) -> Result<(), InvalidOptions> {
        if self.ttl_jitter_percent > MAX_JITTER_PERCENT {
            return Err(InvalidOptions("ttl jitter: more than 50 percent"));
        }
        Ok(())
    }

    /// Returns the TTL, shortened by a random part. It is never longer and never 0; `random` are 32
    /// random bits.
    pub fn shorten(&self, ttl: Option<Duration>, random: u32) -> Option<Duration> {
        let ttl = ttl?;
        let most = ttl / 100 * u32::from(self.ttl_jitter_percent);
        let part = most.mul_f64(f64::from(random) / f64::from(u32::MAX));
        let left = ttl.saturating_sub(part);
        // L2 counts whole milliseconds.
        Some(left.max(Duration::from_millis(1)).min(ttl))
    }

    /// Divides `count` entries of one write into parts, each with its own TTL. There is one part
    /// unless the TTL is jittered and the entries are many. `random` are 32 random bits.
    pub fn spread(
        self,
        ttl: Option<Duration>,
        count: usize,
        random: u32,
    ) -> impl Iterator<Item = (Range<usize>, Option<Duration>)> {
        let is_jittered = ttl.is_some() && self.ttl_jitter_percent > 0;
        let most = if is_jittered { MOST_PARTS } else { 1 };
        let parts = (count / LEAST_PART).clamp(1, most).min(count);
        let start = move |part: usize| part * count / parts.max(1);
        let random = move |part: u32| random.wrapping_add(part.wrapping_mul(GOLDEN_RATIO));
        let ttls = (0..).map(move |part| self.shorten(ttl, random(part)));
        (0..parts)
            .map(move |part| start(part)..start(part + 1))
            .zip(ttls)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::options::MAX_TTL;

    #[test]
    fn check_jitter_of_more_than_half_is_refused() {
        let mut resilience = Resilience {
            ttl_jitter_percent: MAX_JITTER_PERCENT + 1,
            ..Resilience::default()
        };
        assert!(resilience.check().is_err());
        resilience.ttl_jitter_percent = MAX_JITTER_PERCENT;
        assert_eq!(resilience.check(), Ok(()));
    }

    #[test]
    fn shorten_takes_off_no_more_than_the_part_and_never_all() {
        let resilience = Resilience {
            ttl_jitter_percent: 20,
            ..Resilience::default()
        };
        let second = Duration::from_secs(1);
        let shorten = |ttl, random| resilience.shorten(Some(ttl), random).expect("an end");
        assert_eq!(shorten(second, 0), second);
        assert_eq!(shorten(second, u32::MAX), second * 4 / 5);
        let half = shorten(second, u32::MAX / 2);
        assert!(
            (second * 89 / 100..=second * 91 / 100).contains(&half),
            "{half:?}"
        );
        for ttl in [Duration::from_millis(1), MAX_TTL] {
            let shortened = shorten(ttl, u32::MAX);
            assert!(shortened <= ttl && shortened >= Duration::from_millis(1));
        }
        assert_eq!(resilience.shorten(None, 7), None);
        let whole = Resilience::default().shorten(Some(second), u32::MAX);
        assert_eq!(whole, Some(second));
    }

    #[test]
    fn spread_many_entries_end_apart_and_few_together() {
        let jitter = Resilience {
            ttl_jitter_percent: 10,
            ..Resilience::default()
        };
        let ttl = Some(Duration::from_secs(100));
        let spread = |resilience: Resilience, count| -> Vec<_> {
            resilience.spread(ttl, count, 77).collect()
        };
        assert_eq!(spread(jitter, 0), []);
        assert_eq!(spread(jitter, LEAST_PART - 1).len(), 1);
        assert_eq!(spread(Resilience::default(), 9_999), [(0..9_999, ttl)]);
        let parts = spread(jitter, 1_001);
        let ends: BTreeSet<_> = parts.iter().map(|(_, ttl)| *ttl).collect();
        assert_eq!((parts.len(), ends.len()), (MOST_PARTS, MOST_PARTS));
        let all: Vec<usize> = parts.into_iter().flat_map(|(part, _)| part).collect();
        assert_eq!(all, (0..1_001).collect::<Vec<_>>());
    }
}
