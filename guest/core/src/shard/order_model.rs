//! Random operations, one after the other, against a naive tier: which keys it holds, in which
//! order they leave, and when they expire. Invariants are checked after every one.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::hash::Seed;
use crate::options::{Eviction, Options};
use crate::time::Moment;

const KEYS: usize = 16;

#[derive(Clone, Debug)]
enum Step {
    /// Reads, and fills what is missing with a value so long that lives so many ticks.
    Read(usize, usize, Option<u64>),
    Write(usize, usize, Option<u64>),
    Delete(usize),
    Touch(usize),
    Invalidate(usize),
    Clear,
    Advance(u64),
}

/// A tier as one would write it on a napkin.
struct Naive {
    lru: bool,
    max_entries: usize,
    max_bytes: usize,
    /// The next to leave first: key, length of the value, end of life.
    entries: Vec<(usize, usize, Option<u64>)>,
}

impl Naive {
    fn cost(&(key, len, _): &(usize, usize, Option<u64>)) -> usize {
        key.to_string().len() + len
    }

    fn place(&self, key: usize) -> Option<usize> {
        self.entries.iter().position(|entry| entry.0 == key)
    }

    /// Drops an entry whose life is over; answers the place of one that lives.
    fn live(&mut self, key: usize, now: u64) -> Option<usize> {
        let place = self.place(key)?;
        if self.entries[place].2.is_some_and(|until| until <= now) {
            self.entries.remove(place);
            return None;
        }
        Some(place)
    }

    fn read(&mut self, key: usize, now: u64) -> bool {
        let place = self.live(key, now);
        if let Some(place) = place.filter(|_| self.lru) {
            self.touch_at(place);
        }
        place.is_some()
    }

    fn touch_at(&mut self, place: usize) {
        let entry = self.entries.remove(place);
        self.entries.push(entry);
    }

    fn put(&mut self, entry: (usize, usize, Option<u64>)) {
        let old = self.place(entry.0);
        let fits = self.max_entries > 0 && Self::cost(&entry) <= self.max_bytes;
        match old {
            Some(place) if !fits => drop(self.entries.remove(place)),
            Some(place) => {
                self.entries[place] = entry;
                if self.lru {
                    self.touch_at(place);
                }
            }
            None if fits => self.entries.push(entry),
            None => {}
        }
        let bytes = |entries: &[_]| -> usize { entries.iter().map(Self::cost).sum() };
        while self.entries.len() > self.max_entries || bytes(&self.entries) > self.max_bytes {
            let spared = usize::from(self.entries[0].0 == entry.0);
            self.entries.remove(spared);
        }
    }
}

fn key_of(key: usize) -> (u64, String) {
    let key = key.to_string();
    (Seed::new(5).hash("n", &key), key)
}

fn step() -> impl Strategy<Value = Step> {
    let (len, life) = (0..30usize, proptest::option::of(1..30u64));
    prop_oneof![
        8 => (0..KEYS, len.clone(), life.clone()).prop_map(|(key, len, life)| Step::Read(key, len, life)),
        6 => (0..KEYS, len, life).prop_map(|(key, len, life)| Step::Write(key, len, life)),
        2 => (0..KEYS).prop_map(Step::Delete),
        3 => (0..KEYS).prop_map(Step::Touch),
        1 => (0..KEYS).prop_map(Step::Invalidate),
        1 => Just(Step::Clear),
        3 => (1..10u64).prop_map(Step::Advance),
    ]
}

/// The real tier and the naive one, side by side.
struct Pair {
    shard: Shard,
    cache: CacheId,
    naive: Naive,
    now: u64,
}

impl Pair {
    fn new(lru: bool, max_entries: usize, max_bytes: usize) -> Self {
        let options = Options {
            local_max: u32::try_from(max_entries).expect("a small bound"),
            local_max_bytes: Some(max_bytes as u64),
            eviction: if lru { Eviction::Lru } else { Eviction::Fifo },
            ..Options::default()
        };
        let mut shard = Shard::new(0, u64::MAX);
        let cache = CacheId::from_number(0);
        shard.open(cache, "n", Bounds::from(&options));
        let naive = Naive {
            lru,
            max_entries,
            max_bytes,
            entries: Vec::new(),
        };
        Self {
            shard,
            cache,
            naive,
            now: 1,
        }
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Read(key, len, life) => self.read(key, len, life),
            Step::Write(key, len, life) => {
                self.write(key, Some((len, life)));
                self.naive.put((key, len, life.map(|life| self.now + life)));
            }
            Step::Delete(key) => {
                self.write(key, None);
                self.naive.entries.retain(|entry| entry.0 != key);
            }
            Step::Touch(key) => {
                let ((hash, text), now) = (key_of(key), self.now);
                let place = self.naive.live(key, now);
                let moved = self
                    .shard
                    .touch(self.cache, hash, &text, &|| Moment::from_nanos(now));
                assert_eq!(moved, place.is_some());
                if let Some(place) = place {
                    self.naive.touch_at(place);
                }
            }
            Step::Invalidate(key) => {
                let (hash, text) = key_of(key);
                self.shard.invalidate(hash, &format!("n:{text}"));
                self.naive.entries.retain(|entry| entry.0 != key);
            }
            Step::Clear => {
                self.shard.invalidate_bucket("n");
                self.naive.entries.clear();
            }
            Step::Advance(by) => self.now += by,
        }
    }

    fn read(&mut self, key: usize, len: usize, life: Option<u64>) {
        let ((hash, text), now) = (key_of(key), self.now);
        let clock = || Moment::from_nanos(now);
        let missed = match self.shard.read(self.cache, hash, &text, None, &clock) {
            Read::Hit(_) => None,
            Read::Miss(ticket) => Some(ticket),
            Read::Renew(_) | Read::Absent => panic!("nobody asked for that"),
        };
        assert_eq!(self.naive.read(key, now), missed.is_none());
        if let Some(ticket) = missed {
            let ttl = life.map(Duration::from_nanos);
            let answer = Answer::Entry {
                value: &vec![b'v'; len],
                ttl,
            };
            self.shard.settle(self.cache, hash, &text, ticket, answer);
            self.naive.put((key, len, life.map(|life| now + life)));
        }
    }

    fn write(&mut self, key: usize, written: Option<(usize, Option<u64>)>) {
        let ((hash, text), now) = (key_of(key), self.now);
        let ticket = self
            .shard
            .begin_write(self.cache, hash, &text, &|| Moment::from_nanos(now));
        let value = vec![b'v'; written.map_or(0, |(len, _)| len)];
        let kept = written.map(|(_, life)| (&value[..], life.map(Duration::from_nanos)));
        self.shard.end_write(self.cache, hash, &text, ticket, kept);
    }

    fn compare(&mut self) {
        self.shard.validate();
        let now = self.now;
        let lives = |entry: &&(usize, usize, Option<u64>)| entry.2.is_none_or(|until| until > now);
        let alive = self.naive.entries.iter().filter(lives);
        let alive: Vec<_> = alive.map(|entry| entry.0.to_string()).collect();
        let held = self
            .shard
            .local_keys(self.cache, &|| Moment::from_nanos(now));
        assert_eq!(held, alive);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_steps_hold_the_keys_of_a_naive_tier_in_its_order(
        lru in any::<bool>(),
        max_entries in 0..8usize,
        max_bytes in 10..200usize,
        steps in proptest::collection::vec(step(), 1..200),
    ) {
        let mut pair = Pair::new(lru, max_entries, max_bytes);
        for step in steps {
            pair.apply(step);
            pair.compare();
        }
    }
}
