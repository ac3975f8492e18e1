//! The keys and values of a run. All values are distinct.

use std::time::Duration;

use crate::time::Moment;

/// The cache's name.
pub(crate) const CACHE: &str = "check";

/// The name of the cache of integers, nested in the other name: its keys belong to both caches.
pub(crate) const COUNTERS: &str = "check:count";

/// How many counters there are.
const COUNTERS_OF_RUN: u32 = 3;

/// The key of the sentinel.
pub(crate) const SENTINEL: &str = "sentinel";

/// Returns a key of the cache as it is stored in Redis.
pub(crate) fn complete(key: &str) -> String {
    format!("{CACHE}:{key}")
}

/// Returns a key whose values do not expire.
pub(crate) fn persistent(number: u32) -> String {
    format!("k{number}")
}

/// Returns a key whose values expire.
pub(crate) fn volatile(number: u32) -> String {
    format!("t{number}")
}

/// Returns a key that is seldom written, and only by external writers: stale values of it stay
/// stale.
pub(crate) fn cold(number: u32) -> String {
    format!("c{number}")
}

/// Returns the key of a counter in the cache of counters.
pub(crate) fn counter(number: u32) -> String {
    format!("i{}", number % COUNTERS_OF_RUN)
}

/// Returns the keys of all counters.
pub(crate) fn counters() -> impl Iterator<Item = String> {
    (0..COUNTERS_OF_RUN).map(counter)
}

/// Returns the key of a counter in the outer cache.
pub(crate) fn counter_from_outside(counter: &str) -> String {
    let nested = &COUNTERS[CACHE.len() + 1..];
    format!("{nested}:{counter}")
}

/// Returns a key that is never written.
pub(crate) fn absent(number: u32) -> String {
    format!("n{number}")
}

/// How long each key of a race has its turn.
const TURN: Duration = Duration::from_millis(10);

/// Returns how many keys have one turn each in a race of this duration.
pub(crate) fn turns(millis: u64) -> u32 {
    let turns = Duration::from_millis(millis).as_nanos() / TURN.as_nanos();
    u32::try_from(turns).unwrap_or(u32::MAX).max(1)
}

/// Returns the key whose turn it is, the same for all processes and writers.
pub(crate) fn of_turn(now: Moment, keys: u32) -> String {
    let turn = turn(now) % u128::from(keys);
    persistent(u32::try_from(turn).unwrap_or(0))
}

/// Returns whether only processes write now: in the second half of every other turn, so that the
/// last write is theirs.
pub(crate) fn is_left_to_processes(now: Moment) -> bool {
    let half = TURN.as_nanos() / 2;
    turn(now) % 2 == 1 && u128::from(now.0) % TURN.as_nanos() >= half
}

fn turn(now: Moment) -> u128 {
    u128::from(now.0) / TURN.as_nanos()
}

/// Returns all keys of a run with this many persistent keys.
pub(crate) fn all(keys: u32) -> Vec<String> {
    let persistent = (0..keys).map(persistent);
    let volatile = (0..volatile_of(keys)).map(volatile);
    let cold = (0..cold_of(keys)).map(cold);
    let counters = counters().map(|counter| counter_from_outside(&counter));
    persistent
        .chain(volatile)
        .chain(cold)
        .chain(counters)
        .collect()
}

/// Returns the number of cold keys for this many persistent keys.
pub(crate) fn cold_of(keys: u32) -> u32 {
    keys.div_ceil(2)
}

/// Returns the number of keys that expire for this many persistent keys.
pub(crate) fn volatile_of(keys: u32) -> u32 {
    keys.div_ceil(2)
}

/// The values of one writer. Each value and increment identifies the writer and its position.
pub(crate) struct Values {
    writer: String,
    /// Below [`WRITERS`].
    number: i64,
    count: u64,
    increments: i64,
}

/// More writers than any run has.
const WRITERS: i64 = 1 << 10;

impl Values {
    /// Creates the values of a sequential caller of a process.
    pub(crate) fn of(process: &str, thread: u32) -> Self {
        let letters = process.bytes().map(i64::from);
        let number = letters.fold(i64::from(thread), |sum, letter| sum * 7 + letter);
        Self {
            writer: format!("{process}.{thread}"),
            number: number % WRITERS,
            count: 0,
            increments: 0,
        }
    }

    pub(crate) fn next(&mut self) -> String {
        self.count += 1;
        format!("{}.{}", self.writer, self.count)
    }

    /// Returns the next increment: positive, and distinct from all others.
    pub(crate) fn next_increment(&mut self) -> i64 {
        self.increments += 1;
        self.increments * WRITERS + self.number
    }
}
