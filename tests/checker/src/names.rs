//! The keys of a run, and the values, no two of which are the same.

use std::time::Duration;

use crate::time::Moment;

/// The cache's name.
pub(crate) const CACHE: &str = "check";

/// The name of the cache of integers, which nests in the other's: its keys are that one's, too.
pub(crate) const COUNTERS: &str = "check:count";

/// How many counters there are.
const COUNTERS_OF_RUN: u32 = 3;

/// The key of the sentinel.
pub(crate) const SENTINEL: &str = "sentinel";

/// A key of the cache as it stands in Redis.
pub(crate) fn complete(key: &str) -> String {
    format!("{CACHE}:{key}")
}

/// A key whose values do not expire.
pub(crate) fn lasting(number: u32) -> String {
    format!("k{number}")
}

/// A key whose values do.
pub(crate) fn fleeting(number: u32) -> String {
    format!("t{number}")
}

/// A key that is seldom written, and only past the cache: what is stale there stays so.
pub(crate) fn cold(number: u32) -> String {
    format!("c{number}")
}

/// The key of a counter in the cache of counters.
pub(crate) fn counter(number: u32) -> String {
    format!("i{}", number % COUNTERS_OF_RUN)
}

/// All of them.
pub(crate) fn counters() -> impl Iterator<Item = String> {
    (0..COUNTERS_OF_RUN).map(counter)
}

/// The same key in the cache that the other one nests in.
pub(crate) fn counter_from_outside(counter: &str) -> String {
    let nested = &COUNTERS[CACHE.len() + 1..];
    format!("{nested}:{counter}")
}

/// A key that nobody writes.
pub(crate) fn absent(number: u32) -> String {
    format!("n{number}")
}

/// How long the keys of a race have their turn.
const TURN: Duration = Duration::from_millis(10);

/// How many keys have their turn in a race of so many milliseconds, each once.
pub(crate) fn turns(millis: u64) -> u32 {
    let turns = Duration::from_millis(millis).as_nanos() / TURN.as_nanos();
    u32::try_from(turns).unwrap_or(u32::MAX).max(1)
}

/// The key whose turn it is, for all who take part.
pub(crate) fn of_turn(now: Moment, keys: u32) -> String {
    let turn = turn(now) % u128::from(keys);
    lasting(u32::try_from(turn).unwrap_or(0))
}

/// Whether the turn is one's whose second half is left to the processes: what they write there is then
/// the last.
pub(crate) fn is_left_to_processes(now: Moment) -> bool {
    let half = TURN.as_nanos() / 2;
    turn(now) % 2 == 1 && u128::from(now.0) % TURN.as_nanos() >= half
}

fn turn(now: Moment) -> u128 {
    u128::from(now.0) / TURN.as_nanos()
}

/// All keys of a run with so many lasting ones.
pub(crate) fn all(keys: u32) -> Vec<String> {
    let lasting = (0..keys).map(lasting);
    let fleeting = (0..fleeting_of(keys)).map(fleeting);
    let cold = (0..cold_of(keys)).map(cold);
    let counters = counters().map(|counter| counter_from_outside(&counter));
    lasting
        .chain(fleeting)
        .chain(cold)
        .chain(counters)
        .collect()
}

/// How many keys are cold where so many are not.
pub(crate) fn cold_of(keys: u32) -> u32 {
    keys.div_ceil(2)
}

/// How many keys expire where so many do not.
pub(crate) fn fleeting_of(keys: u32) -> u32 {
    keys.div_ceil(2)
}

/// The values of one who writes: each says who, and which. So does each increment.
pub(crate) struct Values {
    writer: String,
    /// Below [`WRITERS`].
    number: i64,
    count: u64,
    increments: i64,
}

/// No run has more writers.
const WRITERS: i64 = 1 << 10;

impl Values {
    /// Those of a process's sequential caller.
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

    /// What is added next: more than nothing, and never the same.
    pub(crate) fn next_increment(&mut self) -> i64 {
        self.increments += 1;
        self.increments * WRITERS + self.number
    }
}
