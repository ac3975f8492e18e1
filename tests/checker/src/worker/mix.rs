//! The calls of a caller: a sequence that follows from the seed, independent of results.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fastrand::Rng;

use super::Options;
use super::caller::Caller;
use crate::names::{self, Values};

/// The number of keys of a call with several.
const MANY: usize = 3;

/// The interval between reads of a watched key.
const WATCH: Duration = Duration::from_millis(12);

/// A process with spared keys does not write one key of this many: once read, they stay in its
/// local tier until an invalidation arrives.
const SPARED: u32 = 3;

/// Calls until it must stop.
pub(super) async fn work(caller: Caller, options: Options, is_resting: Arc<AtomicBool>) {
    let seed = options.seed ^ u64::from(caller.thread).rotate_left(32);
    let mut mix = Mix {
        rng: Rng::with_seed(seed),
        values: Values::of(&caller.process, caller.thread),
        keys: options.keys,
        spares: options.spares,
    };
    while !is_resting.load(Ordering::Acquire) {
        mix.call(&caller).await;
        let pause = Duration::from_micros(mix.rng.u64(0..4_000));
        tokio::time::sleep(pause).await;
    }
}

/// Reads one key until it must stop. While other callers wait for a Redis that does not reply,
/// these reads still hit the local tier, and show for how long.
pub(super) async fn watch(caller: Caller, key: String, is_resting: Arc<AtomicBool>) {
    while !is_resting.load(Ordering::Acquire) {
        caller.get(&key).await;
        tokio::time::sleep(WATCH).await;
    }
}

/// Returns the keys that this process does not write, and those that no process writes.
pub(super) fn watched(options: &Options) -> Vec<String> {
    let Some(spares) = options.spares else {
        return Vec::new();
    };
    let spared = (0..options.keys).filter(|key| key % SPARED == spares % SPARED);
    let cold = 0..names::cold_of(options.keys);
    spared
        .map(names::persistent)
        .chain(cold.map(names::cold))
        .collect()
}

struct Mix {
    rng: Rng,
    values: Values,
    keys: u32,
    spares: Option<u32>,
}

impl Mix {
    async fn call(&mut self, caller: &Caller) {
        let read = self.rng.u32(0..self.keys);
        let volatile = names::volatile(self.rng.u32(0..names::volatile_of(self.keys)));
        let persistent = names::persistent(self.written(read));
        match self.rng.u32(0..1_000) {
            // Rare: it empties the local tier, and hides stale entries.
            0 if self.rng.u32(0..5) == 0 => caller.clear().await,
            0..470 => caller.get(&names::persistent(read)).await,
            470..500 => caller.get_counter(&names::counter(read)).await,
            500..520 => {
                let counter = names::counter(read);
                caller.get(&names::counter_from_outside(&counter)).await;
            }
            520..560 => caller.get_and_extend_ttl(&volatile).await,
            560..620 => caller.get(&volatile).await,
            620..690 => caller.get_many(&self.some_keys(false)).await,
            690..730 => {
                let delta = self.values.next_increment();
                caller.increment(&names::counter(read), delta).await;
            }
            730..820 => {
                caller.set(&persistent, &self.values.next()).await;
            }
            820..870 => {
                let ttl = Duration::from_millis(self.rng.u64(50..500));
                caller
                    .set_with_ttl(&volatile, &self.values.next(), ttl)
                    .await;
            }
            870..900 => {
                let keys = self.some_keys(true);
                let entries = keys.into_iter().map(|key| (key, self.values.next()));
                caller.set_many(&entries.collect::<Vec<_>>()).await;
            }
            900..930 => caller.delete(&persistent).await,
            930..940 => caller.delete(&volatile).await,
            940..970 => caller.set_if_absent(&persistent, &self.values.next()).await,
            _ => caller.load(&persistent, &self.values.next()).await,
        }
    }

    /// Returns the key, or the next one if this process only reads it.
    fn written(&self, key: u32) -> u32 {
        match self.spares {
            Some(spared) if key % SPARED == spared % SPARED => (key + 1) % self.keys,
            _ => key,
        }
    }

    /// Chooses distinct keys that do not expire.
    fn some_keys(&mut self, are_written: bool) -> Vec<String> {
        let numbers = self.rng.choose_multiple(0..self.keys, MANY);
        let mut numbers: Vec<_> = numbers
            .into_iter()
            .map(|key| if are_written { self.written(key) } else { key })
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().map(names::persistent).collect()
    }
}
