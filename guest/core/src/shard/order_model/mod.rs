//! Random operations in sequence against a naive tier: the keys it holds, their eviction order, and
//! their expiry. The invariants are checked after every one.

mod naive;

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::hash::Seed;
use crate::options::{Eviction, Options};
use crate::time::Moment;
use naive::{Held, Naive};

const KEYS: usize = 64;

#[derive(Clone, Debug)]
enum Step {
    /// Reads, and fills a miss with a value of this length and TTL in ticks.
    Read(usize, usize, Option<u64>),
    Write(usize, usize, Option<u64>),
    Delete(usize),
    Touch(usize),
    Invalidate(usize),
    Clear,
    Advance(u64),
    Reopen(Sizes),
}

/// Eviction policy, entries, bytes.
type Sizes = (Eviction, usize, usize);

fn key_of(key: usize) -> (u64, String) {
    let key = key.to_string();
    (Seed::new(5).hash("n", &key), key)
}

/// Chooses a few keys most often, so that they recur.
fn key() -> impl Strategy<Value = usize> {
    prop_oneof![2 => 0..8usize, 1 => 0..16usize, 1 => 0..KEYS]
}

fn sizes() -> impl Strategy<Value = Sizes> {
    let eviction = prop_oneof![
        1 => Just(Eviction::Fifo),
        1 => Just(Eviction::Lru),
        3 => Just(Eviction::S3Fifo),
    ];
    let max_entries = prop_oneof![2 => 0..8usize, 1 => 8..48usize];
    (
        eviction,
        max_entries,
        prop_oneof![10..200usize, 200..1_000usize],
    )
}

fn step() -> impl Strategy<Value = Step> {
    let (len, ttl_nanos) = (0..30usize, proptest::option::of(1..30u64));
    prop_oneof![
        32 => (key(), len.clone(), ttl_nanos.clone()).prop_map(|(key, len, ttl_nanos)| Step::Read(key, len, ttl_nanos)),
        24 => (key(), len, ttl_nanos).prop_map(|(key, len, ttl_nanos)| Step::Write(key, len, ttl_nanos)),
        4 => key().prop_map(Step::Delete),
        8 => key().prop_map(Step::Touch),
        2 => key().prop_map(Step::Invalidate),
        1 => Just(Step::Clear),
        8 => (1..10u64).prop_map(Step::Advance),
        1 => sizes().prop_map(Step::Reopen),
    ]
}

fn bounds((eviction, max_entries, max_bytes): Sizes) -> Bounds {
    let options = Options {
        local_max: u32::try_from(max_entries).expect("a small bound"),
        local_max_bytes: Some(max_bytes as u64),
        eviction,
        ..Options::default()
    };
    Bounds::from(&options)
}

/// The real tier and the naive one, side by side.
struct Pair {
    shard: Shard,
    cache: CacheId,
    naive: Naive,
    now: u64,
}

impl Pair {
    fn new(sizes: Sizes) -> Self {
        let mut shard = Shard::new(0, u64::MAX);
        let cache = CacheId::from_number(0);
        shard.open(cache, "n", bounds(sizes));
        let (eviction, max_entries, max_bytes) = sizes;
        Self {
            shard,
            cache,
            naive: Naive::new(eviction, max_entries, max_bytes),
            now: 1,
        }
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Read(key, len, ttl_nanos) => self.read(key, len, ttl_nanos),
            Step::Write(key, len, ttl_nanos) => {
                self.write(key, Some((len, ttl_nanos)));
                let until = ttl_nanos.map(|ttl_nanos| self.now + ttl_nanos);
                self.naive.put(Held::new(key, len, until));
            }
            Step::Delete(key) => {
                self.write(key, None);
                self.naive.remove(key);
            }
            Step::Touch(key) => {
                let ((hash, text), now) = (key_of(key), self.now);
                let marked = self
                    .shard
                    .touch(self.cache, hash, &text, &|| Moment::from_nanos(now));
                assert_eq!(marked, self.naive.read(key, now, true));
            }
            Step::Invalidate(key) => {
                let (hash, text) = key_of(key);
                self.shard.invalidate(hash, &format!("n:{text}"));
                self.naive.remove(key);
            }
            Step::Clear => {
                self.shard.invalidate_bucket("n");
                self.naive.clear();
            }
            Step::Advance(by) => self.now += by,
            Step::Reopen(sizes) => {
                let (eviction, max_entries, max_bytes) = sizes;
                self.shard.open(self.cache, "n", bounds(sizes));
                self.naive.reopen(eviction, max_entries, max_bytes);
            }
        }
    }

    fn read(&mut self, key: usize, len: usize, ttl_nanos: Option<u64>) {
        let ((hash, text), now) = (key_of(key), self.now);
        let clock = || Moment::from_nanos(now);
        let missed = match self.shard.read(self.cache, hash, &text, None, &clock) {
            Read::Hit(_) => None,
            Read::Miss(ticket) => Some(ticket),
            Read::ExtendTtl(_) | Read::Absent => panic!("neither was requested"),
        };
        assert_eq!(self.naive.read(key, now, false), missed.is_none());
        if let Some(ticket) = missed {
            let ttl = ttl_nanos.map(Duration::from_nanos);
            let reply = BackendReply::Entry {
                value: &vec![b'v'; len],
                ttl,
            };
            self.shard.settle(self.cache, hash, &text, ticket, reply);
            self.naive.put(Held::new(
                key,
                len,
                ttl_nanos.map(|ttl_nanos| now + ttl_nanos),
            ));
        }
    }

    fn write(&mut self, key: usize, written: Option<(usize, Option<u64>)>) {
        let ((hash, text), now) = (key_of(key), self.now);
        let ticket = self
            .shard
            .begin_write(self.cache, hash, &text, &|| Moment::from_nanos(now));
        let value = vec![b'v'; written.map_or(0, |(len, _)| len)];
        let kept = written.map(|(_, ttl_nanos)| (&value[..], ttl_nanos.map(Duration::from_nanos)));
        self.shard.end_write(self.cache, hash, &text, ticket, kept);
    }

    fn compare(&mut self) {
        self.shard.validate();
        let now = self.now;
        let all = self.naive.in_eviction_order().into_iter();
        let live = all.filter(|held| held.is_live(now));
        let live: Vec<_> = live.map(|held| held.key.to_string()).collect();
        let held = self
            .shard
            .local_keys(self.cache, &|| Moment::from_nanos(now));
        assert_eq!(held, live);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_steps_hold_the_keys_of_a_naive_tier_in_eviction_order(
        sizes in sizes(),
        steps in proptest::collection::vec(step(), 1..200),
    ) {
        let mut pair = Pair::new(sizes);
        for step in steps {
            pair.apply(step);
            pair.compare();
        }
    }
}
