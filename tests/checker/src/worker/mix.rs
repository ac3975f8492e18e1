//! What a caller calls: a sequence that follows from the seed, whatever is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fastrand::Rng;

use super::Options;
use super::caller::Caller;
use crate::names::{self, Values};

/// How many keys a call with many has.
const MANY: usize = 3;

/// How often a key is looked at that is watched.
const WATCH: Duration = Duration::from_millis(12);

/// A process that does not write all keys leaves out one of so many: those that it has read stay in its
/// local tier until somebody tells it of a write.
const SPARED: u32 = 3;

/// Calls until it is to rest.
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

/// Reads one key until it is to rest. When all others wait for a Redis that is silent, whoever reads what
/// is in the local tier still is answered, and finds how long that goes on.
pub(super) async fn watch(caller: Caller, key: String, is_resting: Arc<AtomicBool>) {
    while !is_resting.load(Ordering::Acquire) {
        caller.get(&key).await;
        tokio::time::sleep(WATCH).await;
    }
}

/// The keys that a process spares, and those that all do.
pub(super) fn watched(options: &Options) -> Vec<String> {
    let Some(spares) = options.spares else {
        return Vec::new();
    };
    let spared = (0..options.keys).filter(|key| key % SPARED == spares % SPARED);
    let cold = 0..names::cold_of(options.keys);
    spared
        .map(names::lasting)
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
        let fleeting = names::fleeting(self.rng.u32(0..names::fleeting_of(self.keys)));
        let lasting = names::lasting(self.written(read));
        match self.rng.u32(0..1_000) {
            // Rare: it empties the local tier, and hides what stands there too long.
            0 if self.rng.u32(0..5) == 0 => caller.clear().await,
            0..470 => caller.get(&names::lasting(read)).await,
            470..500 => caller.get_counter(&names::counter(read)).await,
            500..520 => {
                let counter = names::counter(read);
                caller.get(&names::counter_from_outside(&counter)).await;
            }
            520..560 => caller.get_and_prolong(&fleeting).await,
            560..620 => caller.get(&fleeting).await,
            620..690 => caller.get_many(&self.some_keys(false)).await,
            690..730 => {
                let delta = self.values.next_increment();
                caller.increment(&names::counter(read), delta).await;
            }
            730..820 => {
                caller.set(&lasting, &self.values.next()).await;
            }
            820..870 => {
                let ttl = Duration::from_millis(self.rng.u64(50..500));
                caller
                    .set_with_ttl(&fleeting, &self.values.next(), ttl)
                    .await;
            }
            870..900 => {
                let keys = self.some_keys(true);
                let entries = keys.into_iter().map(|key| (key, self.values.next()));
                caller.set_many(&entries.collect::<Vec<_>>()).await;
            }
            900..930 => caller.delete(&lasting).await,
            930..940 => caller.delete(&fleeting).await,
            940..970 => caller.set_if_absent(&lasting, &self.values.next()).await,
            _ => caller.load(&lasting, &self.values.next()).await,
        }
    }

    /// A key that this process writes, beside one that it may only read.
    fn written(&self, key: u32) -> u32 {
        match self.spares {
            Some(spared) if key % SPARED == spared % SPARED => (key + 1) % self.keys,
            _ => key,
        }
    }

    /// Distinct ones that do not expire.
    fn some_keys(&mut self, are_written: bool) -> Vec<String> {
        let numbers = self.rng.choose_multiple(0..self.keys, MANY);
        let mut numbers: Vec<_> = numbers
            .into_iter()
            .map(|key| if are_written { self.written(key) } else { key })
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().map(names::lasting).collect()
    }
}
