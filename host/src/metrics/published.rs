//! The published counts of the caches of one client.

use std::collections::{BTreeMap, BTreeSet};

use ::metrics::{counter, gauge};
use flipcache_core::Stats;

use super::names;

/// The last published counts of each cache. Only differences are published, so that the counts of
/// several clients with caches of one name add up.
#[derive(Debug, Default)]
pub(crate) struct Published(BTreeMap<Box<str>, Stats>);

impl Published {
    /// Publishes what a cache has counted since the last time.
    pub(crate) fn publish(&mut self, cache: &str, now: Stats) {
        let before = match self.0.get_mut(cache) {
            Some(last) => std::mem::replace(last, now),
            None => {
                self.0.insert(cache.into(), now);
                Stats::default()
            }
        };
        let reads = [
            ("local", now.local_hits, before.local_hits),
            ("backend", now.backend_hits, before.backend_hits),
            ("stale", now.stale_hits, before.stale_hits),
            ("absent", now.absent_hits, before.absent_hits),
            ("none", uncached_misses(&now), uncached_misses(&before)),
        ];
        for (source, now, before) in reads {
            let labels = [("cache", cache.to_owned()), ("source", source.to_owned())];
            counter!(names::READS, &labels).increment(increase(now, before));
        }
        let removals = now.removals.by_cause().into_iter();
        for ((cause, now), (_, before)) in removals.zip(before.removals.by_cause()) {
            let labels = [("cache", cache.to_owned()), ("cause", cause.to_owned())];
            counter!(names::REMOVALS, &labels).increment(increase(now, before));
        }
        let refused = increase(now.refused_fills, before.refused_fills);
        counter!(names::REFUSED_FILLS, "cache" => cache.to_owned()).increment(refused);
        let too_large = increase(now.too_large, before.too_large);
        counter!(names::TOO_LARGE, "cache" => cache.to_owned()).increment(too_large);
        let failed = increase(now.backend_errors, before.backend_errors);
        counter!(names::BACKEND_ERRORS, "cache" => cache.to_owned()).increment(failed);
        publish_size(cache, now, before);
    }
}

impl Published {
    /// Removes the caches that are not in `known`: their tiers are gone. Their counters keep their
    /// values.
    pub(crate) fn retain<'a>(&mut self, known: impl IntoIterator<Item = &'a str>) {
        let known: BTreeSet<&str> = known.into_iter().collect();
        self.0.retain(|cache, last| {
            let is_known = known.contains(&**cache);
            if !is_known {
                publish_size(cache, Stats::default(), *last);
            }
            is_known
        });
    }
}

impl Drop for Published {
    /// Takes the tiers' sizes back from the gauges. Counters keep their values.
    fn drop(&mut self) {
        for (cache, last) in &self.0 {
            publish_size(cache, Stats::default(), *last);
        }
    }
}

/// Returns the misses that no cached absence served.
fn uncached_misses(stats: &Stats) -> u64 {
    stats.misses.saturating_sub(stats.absent_hits)
}

/// Returns by how much a counter has grown. Counters of a shard that failed start again at 0.
fn increase(now: u64, before: u64) -> u64 {
    now.saturating_sub(before)
}

fn publish_size(cache: &str, now: Stats, before: Stats) {
    let sizes = [
        (names::LOCAL_ENTRIES, now.local_len, before.local_len),
        (names::LOCAL_BYTES, now.local_bytes, before.local_bytes),
    ];
    for (name, now, before) in sizes {
        gauge!(name, "cache" => cache.to_owned()).increment(difference(now, before));
    }
}

/// Exact below 2^53.
#[expect(clippy::cast_precision_loss, reason = "gauges are floats")]
fn difference(now: u64, before: u64) -> f64 {
    now as f64 - before as f64
}
