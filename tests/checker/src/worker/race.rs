//! The calls of a caller in a race: all callers use the key whose turn it is, so that their calls
//! overlap.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fastrand::Rng;

use super::Options;
use super::caller::Caller;
use crate::names::{self, Values};
use crate::time::Moment;

/// The number of absent keys that are read together with the key whose turn it is. They are settled
/// first, which delays the fill of that key.
const CROWD: u32 = 100;

/// Calls until it must stop.
pub(super) async fn work(caller: Caller, options: Options, is_resting: Arc<AtomicBool>) {
    let seed = options.seed ^ u64::from(caller.thread).rotate_left(32);
    let mut race = Race {
        rng: Rng::with_seed(seed),
        values: Values::of(&caller.process, caller.thread),
        keys: options.keys,
        crowd: (0..CROWD).map(names::absent).collect(),
    };
    while !is_resting.load(Ordering::Acquire) {
        race.call(&caller).await;
        let pause = Duration::from_micros(race.rng.u64(0..2_000));
        tokio::time::sleep(pause).await;
    }
}

struct Race {
    rng: Rng,
    values: Values,
    keys: u32,
    crowd: Vec<String>,
}

impl Race {
    async fn call(&mut self, caller: &Caller) {
        let now = Moment::now();
        let key = names::of_turn(now, self.keys);
        match self.rng.u32(0..100) {
            // One client reads a cached value while the other writes without waiting.
            0..90 if names::is_left_to_processes(now) => {
                if self.rng.bool() {
                    caller.get(&key).await;
                } else {
                    self.set_and_drop(caller, &key).await;
                }
            }
            0..35 => caller.get(&key).await,
            35..50 => caller.get_among(&self.crowd, &key).await,
            50..70 => {
                caller.set(&key, &self.values.next()).await;
                caller.get(&key).await;
            }
            70..85 => self.set_and_drop(caller, &key).await,
            85..90 => caller.delete(&key).await,
            90..95 => caller.set_if_absent(&key, &self.values.next()).await,
            _ => caller.load(&key, &self.values.next()).await,
        }
    }

    /// Drops the write after it may have been sent, but before the reply.
    async fn set_and_drop(&mut self, caller: &Caller, key: &str) {
        let polls = self.rng.u32(0..12);
        let value = self.values.next();
        caller.set_and_drop(key, &value, polls).await;
    }
}
