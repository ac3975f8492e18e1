//! What a caller calls in a race: all work on the key whose turn it is, so that whatever can overlap
//! does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fastrand::Rng;

use super::Options;
use super::caller::Caller;
use crate::names::{self, Values};
use crate::time::Moment;

/// How many keys that nobody writes are asked for together with the one whose turn it is: they are settled
/// before it, and meanwhile it is still under way.
const CROWD: u32 = 100;

/// Calls until it is to rest.
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
            // What one client has kept, and the other writes and does not wait for.
            0..90 if names::is_left_to_processes(now) => match self.rng.bool() {
                true => caller.get(&key).await,
                false => self.set_and_leave(caller, &key).await,
            },
            0..35 => caller.get(&key).await,
            35..50 => caller.get_among(&self.crowd, &key).await,
            50..70 => {
                caller.set(&key, &self.values.next()).await;
                caller.get(&key).await;
            }
            70..85 => self.set_and_leave(caller, &key).await,
            85..90 => caller.delete(&key).await,
            90..95 => caller.set_if_absent(&key, &self.values.next()).await,
            _ => caller.load(&key, &self.values.next()).await,
        }
    }

    /// Waits for as long as it may take until the write has left, but is not answered.
    async fn set_and_leave(&mut self, caller: &Caller, key: &str) {
        let looks = self.rng.u32(0..12);
        let value = self.values.next();
        caller.set_and_leave(key, &value, looks).await;
    }
}
