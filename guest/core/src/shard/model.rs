//! Random operations over sixteen keys against a naive model, invariants checked after every one.
//!
//! The model is L2 itself: a map with lives. Drivers' steps interleave at random, so that questions
//! and writes overlap in every way; what the shard answers must be what L2 held at some moment since
//! the last acknowledged write.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::hash::Seed;
use crate::options::{Eviction, Options};
use crate::time::Moment;

const KEYS: usize = 16;

#[derive(Clone, Debug)]
enum Step {
    Read(usize),
    /// Settles the oldest question under way.
    Settle,
    /// Begins a write of a fresh value, or of nothing (a delete), with a life of so many ticks.
    Begin(usize, bool, Option<u64>),
    /// L2 carries out the oldest write under way that it has not yet; `false`: it fails it.
    Reach(bool),
    /// Ends the oldest write that L2 has carried out or failed.
    End,
    /// Somebody else writes, and tells at once.
    Foreign(usize),
    Touch(usize),
    InvalidateAll,
    SuspendAndResume,
    Advance(u64),
    Reopen(u32, Option<u64>, bool),
}

#[derive(Clone, Debug, PartialEq)]
struct Held {
    value: String,
    until: Option<u64>,
}

struct Write {
    key: usize,
    ticket: Ticket,
    value: Option<String>,
    life: Option<u64>,
    /// `None`: L2 has not seen it yet.
    reached: Option<bool>,
}

struct World {
    shard: Shard,
    cache: CacheId,
    options: Options,
    now: u64,
    l2: HashMap<usize, Held>,
    questions: Vec<(usize, Ticket, Option<Held>)>,
    writes: Vec<Write>,
    fresh: u64,
}

impl World {
    fn new(eviction: Eviction) -> Self {
        let options = Options {
            local_max: 5,
            eviction,
            ..Options::default()
        };
        let mut shard = Shard::new(3, 2_000);
        let cache = CacheId::from_number(0);
        shard.open(cache, "n", Bounds::from(&options));
        Self {
            shard,
            cache,
            options,
            now: 1,
            l2: HashMap::new(),
            questions: Vec::new(),
            writes: Vec::new(),
            fresh: 0,
        }
    }

    fn place(key: usize) -> (u64, String) {
        let key = key.to_string();
        (Seed::new(5).hash("n", &key), key)
    }

    fn in_l2(&self, key: usize) -> Option<Held> {
        let held = self.l2.get(&key)?;
        held.until
            .is_none_or(|until| until > self.now)
            .then(|| held.clone())
    }

    fn value(&mut self) -> String {
        self.fresh += 1;
        // Lengths differ, so that the bounds in bytes bite now and then.
        format!(
            "{}{}",
            self.fresh,
            "x".repeat(usize::try_from(self.fresh * 7 % 40).unwrap_or(0))
        )
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Read(key) => self.read(key),
            Step::Settle => self.settle(),
            Step::Begin(key, is_delete, life) => self.begin(key, is_delete, life),
            Step::Reach(ok) => self.reach(ok),
            Step::End => self.end(),
            Step::Foreign(key) => {
                let value = self.value();
                self.l2.insert(key, Held { value, until: None });
                let (hash, key) = Self::place(key);
                self.shard.invalidate(hash, &format!("n:{key}"));
            }
            Step::Touch(key) => {
                let ((hash, key), now) = (Self::place(key), self.now);
                self.shard
                    .touch(self.cache, hash, &key, &|| Moment::from_nanos(now));
            }
            Step::InvalidateAll => self.shard.invalidate_all(),
            Step::SuspendAndResume => {
                self.shard.suspend();
                self.shard.resume();
            }
            Step::Advance(by) => self.now += by,
            Step::Reopen(local_max, local_max_bytes, lru) => {
                self.options.local_max = local_max;
                self.options.local_max_bytes = local_max_bytes;
                self.options.eviction = if lru { Eviction::Lru } else { Eviction::Fifo };
                self.shard
                    .open(self.cache, "n", Bounds::from(&self.options));
            }
        }
    }

    fn read(&mut self, key: usize) {
        let held = self.in_l2(key);
        let ((hash, text), now) = (Self::place(key), self.now);
        match self
            .shard
            .read(self.cache, hash, &text, None, &|| Moment::from_nanos(now))
        {
            Read::Hit(wire) => {
                let answered = String::from_utf8_lossy(wire).into_owned();
                let current = held.map(|held| held.value);
                // While a write is under way, the value before it is still a right answer.
                let racing = self.writes.iter().any(|write| write.key == key);
                assert!(
                    racing || current.as_ref() == Some(&answered),
                    "{key}: {answered}, not {current:?}"
                );
            }
            Read::Miss(ticket) => self.questions.push((key, ticket, held)),
            Read::Renew(_) => panic!("nobody asked for a new TTL"),
        }
    }

    fn settle(&mut self) {
        if self.questions.is_empty() {
            return;
        }
        let (key, ticket, held) = self.questions.remove(0);
        let (hash, text) = Self::place(key);
        let answer = held.as_ref().map_or(Answer::Absent, |held| {
            let life = held.until.map(|until| until - ticket.asked.as_nanos());
            Answer::Entry {
                value: held.value.as_bytes(),
                ttl: life.map(Duration::from_nanos),
            }
        });
        self.shard.settle(self.cache, hash, &text, ticket, answer);
    }

    fn begin(&mut self, key: usize, is_delete: bool, life: Option<u64>) {
        let value = (!is_delete).then(|| self.value());
        let ((hash, text), now) = (Self::place(key), self.now);
        let ticket = self
            .shard
            .begin_write(self.cache, hash, &text, &|| Moment::from_nanos(now));
        self.writes.push(Write {
            key,
            ticket,
            value,
            life,
            reached: None,
        });
    }

    fn reach(&mut self, ok: bool) {
        let Some(write) = self.writes.iter_mut().find(|write| write.reached.is_none()) else {
            return;
        };
        write.reached = Some(ok);
        if ok {
            let until = write.life.map(|life| self.now + life);
            match write.value.clone() {
                Some(value) => self.l2.insert(write.key, Held { value, until }),
                None => self.l2.remove(&write.key),
            };
        }
    }

    fn end(&mut self) {
        let Some(at) = self.writes.iter().position(|write| write.reached.is_some()) else {
            return;
        };
        let write = self.writes.remove(at);
        let (hash, text) = Self::place(write.key);
        let life = write.life.map(Duration::from_nanos);
        let value = write.value.filter(|_| write.reached == Some(true));
        let written = value.as_ref().map(|value| (value.as_bytes(), life));
        self.shard
            .end_write(self.cache, hash, &text, write.ticket, written);
    }
}

fn step() -> impl Strategy<Value = Step> {
    let life = proptest::option::of(1..20u64);
    prop_oneof![
        8 => (0..KEYS).prop_map(Step::Read),
        8 => Just(Step::Settle),
        4 => (0..KEYS, proptest::bool::weighted(0.2), life).prop_map(|(key, is_delete, life)| Step::Begin(key, is_delete, life)),
        4 => proptest::bool::weighted(0.8).prop_map(Step::Reach),
        4 => Just(Step::End),
        2 => (0..KEYS).prop_map(Step::Foreign),
        2 => (0..KEYS).prop_map(Step::Touch),
        1 => Just(Step::InvalidateAll),
        1 => Just(Step::SuspendAndResume),
        2 => (1..10u64).prop_map(Step::Advance),
        1 => (0..8u32, proptest::option::of(0..120u64), any::<bool>()).prop_map(|(max, bytes, lru)| Step::Reopen(max, bytes, lru)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_steps_answer_what_l2_held_and_keep_the_bounds(
        lru in any::<bool>(),
        steps in proptest::collection::vec(step(), 1..300),
    ) {
        let mut world = World::new(if lru { Eviction::Lru } else { Eviction::Fifo });
        for step in steps {
            world.apply(step);
            world.shard.validate();
        }
    }
}
