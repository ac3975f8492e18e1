//! The rules, one by one: what may be answered and kept after what.

use std::cell::Cell;
use std::time::Duration;

use super::*;
use crate::hash::Seed;
use crate::options::Eviction;
use crate::time::Moment;
use crate::value::ValueType;

const SECOND: Duration = Duration::from_secs(1);

/// A shard with a seed and a clock that moves only when told.
struct Bench {
    shard: Shard,
    seed: Seed,
    nanos: Cell<u64>,
}

impl Bench {
    fn new() -> Self {
        Self::with_budget(u64::MAX)
    }

    fn with_budget(max_bytes: u64) -> Self {
        Self {
            shard: Shard::new(0, max_bytes),
            seed: Seed::new(1),
            nanos: Cell::new(1),
        }
    }

    fn open(&mut self, name: &str, local_max: u32, eviction: Eviction) -> Opened {
        let options = Options {
            local_max,
            eviction,
            ..Options::default()
        };
        let id = self.shard.open(name, &options).expect("a valid opening");
        Opened {
            id,
            name: name.to_owned(),
        }
    }

    fn hash(&self, cache: &Opened, key: &str) -> u64 {
        self.seed.hash(&cache.name, key)
    }

    fn advance(&self, by: Duration) {
        let nanos = u64::try_from(by.as_nanos()).expect("a short time");
        self.nanos.set(self.nanos.get() + nanos);
    }

    /// A read; a hit's value as text.
    fn read(&mut self, cache: &Opened, key: &str, ttl_on_read: Option<Duration>) -> Outcome {
        let (hash, nanos) = (self.hash(cache, key), self.nanos.get());
        let clock = || Moment::from_nanos(nanos);
        match self.shard.read(cache.id, hash, key, ttl_on_read, &clock) {
            Read::Hit(wire) => Outcome::Hit(String::from_utf8_lossy(wire).into_owned()),
            Read::Renew(ticket) => Outcome::Renew(ticket),
            Read::Miss(ticket) => Outcome::Miss(ticket),
        }
    }

    fn get(&mut self, cache: &Opened, key: &str) -> Option<String> {
        match self.read(cache, key, None) {
            Outcome::Hit(value) => Some(value),
            _ => None,
        }
    }

    fn ask(&mut self, cache: &Opened, key: &str) -> Ticket {
        match self.read(cache, key, None) {
            Outcome::Miss(ticket) => ticket,
            other => panic!("{key} should have been a miss, not {other:?}"),
        }
    }

    fn settle(
        &mut self,
        cache: &Opened,
        key: &str,
        ticket: Ticket,
        value: &str,
        ttl: Option<Duration>,
    ) -> Settled {
        let answer = Answer::Entry {
            value: value.as_bytes(),
            ttl,
        };
        let hash = self.hash(cache, key);
        self.shard.settle(cache.id, hash, key, ticket, answer)
    }

    fn fill(&mut self, cache: &Opened, key: &str, value: &str) {
        let ticket = self.ask(cache, key);
        assert_eq!(self.settle(cache, key, ticket, value, None), Settled::Kept);
    }

    fn begin(&mut self, cache: &Opened, key: &str) -> Ticket {
        let (hash, nanos) = (self.hash(cache, key), self.nanos.get());
        self.shard
            .begin_write(cache.id, hash, key, &|| Moment::from_nanos(nanos))
    }

    fn end(&mut self, cache: &Opened, key: &str, ticket: Ticket, written: Option<&str>) {
        let hash = self.hash(cache, key);
        let written = written.map(|value| (value.as_bytes(), None));
        self.shard.end_write(cache.id, hash, key, ticket, written);
    }

    fn set(&mut self, cache: &Opened, key: &str, value: &str) {
        let ticket = self.begin(cache, key);
        self.end(cache, key, ticket, Some(value));
    }

    fn invalidate(&mut self, full_key: &str) {
        let hash = self.seed.hash_bytes(full_key.as_bytes());
        self.shard.invalidate(hash, full_key);
    }

    fn keys(&mut self, cache: &Opened) -> String {
        self.shard.validate();
        let nanos = self.nanos.get();
        self.shard
            .local_keys(cache.id, &|| Moment::from_nanos(nanos))
            .concat()
    }
}

struct Opened {
    id: CacheId,
    name: String,
}

#[derive(Debug)]
enum Outcome {
    Hit(String),
    Renew(Ticket),
    Miss(Ticket),
}

#[test]
fn settle_after_a_foreign_write_is_refused() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    let ticket = bench.ask(&cache, "k");
    bench.invalidate("n:k");
    assert_eq!(
        bench.settle(&cache, "k", ticket, "old", None),
        Settled::PassedOn
    );
    assert_eq!(bench.get(&cache, "k"), None);
    assert_eq!(bench.shard.stats(cache.id).refused_fills, 1);
}

#[test]
fn settle_after_an_own_write_began_before_the_question_ended_is_refused() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    let reader = bench.ask(&cache, "k");
    bench.set(&cache, "k", "new");
    assert_eq!(
        bench.settle(&cache, "k", reader, "old", None),
        Settled::PassedOn
    );
    assert_eq!(bench.get(&cache, "k").as_deref(), Some("new"));
}

#[test]
fn end_write_of_two_that_overlap_keeps_neither() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    let first = bench.begin(&cache, "k");
    let second = bench.begin(&cache, "k");
    bench.end(&cache, "k", second, Some("second"));
    bench.end(&cache, "k", first, Some("first"));
    assert_eq!(bench.get(&cache, "k"), None);
}

#[test]
fn end_write_that_failed_leaves_nothing_and_refuses_questions_from_meanwhile() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    bench.fill(&cache, "k", "old");
    let write = bench.begin(&cache, "k");
    let reader = bench.ask(&cache, "k");
    bench.end(&cache, "k", write, None);
    assert_eq!(bench.get(&cache, "k"), None);
    assert_eq!(
        bench.settle(&cache, "k", reader, "old", None),
        Settled::PassedOn
    );
    assert_eq!(bench.keys(&cache), "");
}

#[test]
fn invalidate_all_kills_entries_and_answers_under_way() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    bench.fill(&cache, "a", "1");
    let ticket = bench.ask(&cache, "b");
    bench.shard.invalidate_all();
    assert_eq!(bench.get(&cache, "a"), None);
    assert_eq!(
        bench.settle(&cache, "b", ticket, "2", None),
        Settled::PassedOn
    );
    bench.fill(&cache, "a", "3");
    assert_eq!(bench.get(&cache, "a").as_deref(), Some("3"));
    assert_eq!(bench.shard.stats(cache.id).invalidations, 1);
}

#[test]
fn suspend_answers_and_keeps_nothing_and_resume_brings_nothing_back() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    bench.fill(&cache, "a", "1");
    bench.shard.suspend();
    let ticket = bench.ask(&cache, "a");
    assert_eq!(
        bench.settle(&cache, "a", ticket, "2", None),
        Settled::PassedOn
    );
    bench.set(&cache, "b", "2");
    bench.shard.resume();
    assert_eq!(
        (bench.get(&cache, "a"), bench.get(&cache, "b")),
        (None, None)
    );
    let deaf = bench.ask(&cache, "a");
    assert_eq!(
        bench.settle(&cache, "a", ticket, "old", None),
        Settled::PassedOn
    );
    assert_eq!(bench.settle(&cache, "a", deaf, "new", None), Settled::Kept);
}

#[test]
fn write_through_a_nested_name_drops_the_other_caches_entry() {
    let mut bench = Bench::new();
    let user = bench.open("user", 9, Eviction::Fifo);
    let admin = bench.open("user:admin", 9, Eviction::Fifo);
    bench.fill(&user, "admin:1", "old");
    let under_way = bench.ask(&admin, "1");
    bench.set(&admin, "1", "new");
    assert_eq!(bench.get(&user, "admin:1"), None);
    assert_eq!(
        bench.settle(&admin, "1", under_way, "old", None),
        Settled::PassedOn
    );
    bench.fill(&user, "admin:1", "new");
    bench.invalidate("user:admin:1");
    assert_eq!(
        (bench.get(&user, "admin:1"), bench.get(&admin, "1")),
        (None, None)
    );
}

#[test]
fn invalidate_bucket_kills_nested_names_both_ways_and_no_others() {
    let mut bench = Bench::new();
    let [outer, inner, other] = ["user", "user:admin:x", "users"].map(|name| {
        let cache = bench.open(name, 9, Eviction::Fifo);
        bench.fill(&cache, "1", "v");
        cache
    });
    bench.shard.invalidate_bucket("user:admin");
    assert_eq!(
        (bench.get(&outer, "1"), bench.get(&inner, "1")),
        (None, None)
    );
    assert_eq!(bench.get(&other, "1").as_deref(), Some("v"));
}

#[test]
fn put_fifo_overwrite_keeps_its_place_and_lru_moves() {
    for (eviction, after_overwrite, after_insert) in [
        (Eviction::Fifo, "abc", "bcd"),
        (Eviction::Lru, "bca", "cad"),
    ] {
        let mut bench = Bench::new();
        let cache = bench.open("n", 3, eviction);
        for key in ["a", "b", "c"] {
            bench.fill(&cache, key, "v");
        }
        bench.set(&cache, "a", "new");
        assert_eq!(bench.keys(&cache), after_overwrite, "{eviction:?}");
        bench.fill(&cache, "d", "v");
        assert_eq!(bench.keys(&cache), after_insert, "{eviction:?}");
    }
}

#[test]
fn read_moves_under_lru_alone_and_touch_under_both() {
    for (eviction, after_read) in [(Eviction::Fifo, "abc"), (Eviction::Lru, "bca")] {
        let mut bench = Bench::new();
        let cache = bench.open("n", 3, eviction);
        for key in ["a", "b", "c"] {
            bench.fill(&cache, key, "v");
        }
        bench.get(&cache, "a");
        assert_eq!(bench.keys(&cache), after_read, "{eviction:?}");
        let hash = bench.hash(&cache, "b");
        assert!(
            bench
                .shard
                .touch(cache.id, hash, "b", &|| Moment::from_nanos(1))
        );
        assert!(bench.keys(&cache).ends_with('b'), "{eviction:?}");
    }
}

#[test]
fn put_beyond_the_bytes_evicts_and_what_is_larger_passes_through() {
    let mut bench = Bench::new();
    let options = Options {
        local_max_bytes: Some(10),
        ..Options::default()
    };
    let id = bench.shard.open("n", &options).expect("a valid opening");
    let cache = Opened {
        id,
        name: "n".into(),
    };
    bench.fill(&cache, "a", "1234");
    bench.fill(&cache, "b", "1234");
    // 5 + 5 bytes: full.
    bench.fill(&cache, "c", "1");
    assert_eq!(bench.keys(&cache), "bc");
    let ticket = bench.ask(&cache, "d");
    assert_eq!(
        bench.settle(&cache, "d", ticket, "0123456789", None),
        Settled::PassedOn
    );
    assert_eq!(bench.keys(&cache), "bc");
    bench.set(&cache, "b", "0123456789");
    assert_eq!(
        (bench.keys(&cache).as_str(), bench.get(&cache, "b")),
        ("c", None)
    );
}

#[test]
fn put_beyond_the_shards_budget_evicts_from_the_heaviest_when_the_own_tier_is_empty() {
    let mut bench = Bench::with_budget(450);
    let [full, empty] = ["full", "empty"].map(|name| bench.open(name, 9, Eviction::Fifo));
    for key in ["a", "b", "c"] {
        bench.fill(&full, key, "1");
    }
    bench.fill(&empty, "d", "1");
    assert_eq!(
        (bench.keys(&full).as_str(), bench.keys(&empty).as_str()),
        ("bc", "d")
    );
}

#[test]
fn read_at_the_deadline_is_a_miss_and_only_then_costs_a_clock() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    let ticket = bench.ask(&cache, "k");
    assert_eq!(
        bench.settle(&cache, "k", ticket, "v", Some(SECOND)),
        Settled::Kept
    );
    bench.advance(SECOND - Duration::from_nanos(1));
    assert_eq!(bench.get(&cache, "k").as_deref(), Some("v"));
    bench.advance(Duration::from_nanos(1));
    assert_eq!(bench.get(&cache, "k"), None);
    assert_eq!(bench.shard.stats(cache.id).expirations, 1);

    bench.fill(&cache, "forever", "v");
    let hash = bench.hash(&cache, "forever");
    let no_clock = || panic!("a hit without a deadline must not read the clock");
    assert_eq!(
        bench.shard.read(cache.id, hash, "forever", None, &no_clock),
        Read::Hit(b"v")
    );
}

#[test]
fn deadline_counts_from_before_the_question() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    let ticket = bench.ask(&cache, "k");
    bench.advance(SECOND);
    bench.settle(&cache, "k", ticket, "v", Some(SECOND));
    assert_eq!(bench.get(&cache, "k"), None);
}

#[test]
fn read_that_prolongs_asks_l2_only_below_seven_eighths_of_the_ttl() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    let ticket = bench.ask(&cache, "k");
    bench.settle(&cache, "k", ticket, "v", Some(8 * SECOND));
    assert!(matches!(
        bench.read(&cache, "k", Some(8 * SECOND)),
        Outcome::Hit(_)
    ));
    bench.advance(SECOND);
    let Outcome::Renew(ticket) = bench.read(&cache, "k", Some(8 * SECOND)) else {
        panic!("seven eighths are left: L2 has to hear of the use");
    };
    assert_eq!(
        bench.get(&cache, "k").as_deref(),
        Some("v"),
        "the entry still answers"
    );
    bench.settle(&cache, "k", ticket, "v", Some(8 * SECOND));
    assert!(matches!(
        bench.read(&cache, "k", Some(8 * SECOND)),
        Outcome::Hit(_)
    ));
    assert!(
        matches!(bench.read(&cache, "k", Some(SECOND)), Outcome::Renew(_)),
        "longer than asked for"
    );
}

#[test]
fn settle_absent_drops_what_was_there() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    bench.fill(&cache, "k", "v");
    let Outcome::Renew(ticket) = bench.read(&cache, "k", Some(SECOND)) else {
        panic!("an entry without a deadline has to be given one");
    };
    let hash = bench.hash(&cache, "k");
    bench
        .shard
        .settle(cache.id, hash, "k", ticket, Answer::Absent);
    assert_eq!(bench.get(&cache, "k"), None);
}

#[test]
fn settle_undecodable_keeps_nothing() {
    let mut bench = Bench::new();
    let options = Options {
        value_type: ValueType::Integer,
        ..Options::default()
    };
    let id = bench.shard.open("n", &options).expect("a valid opening");
    let cache = Opened {
        id,
        name: "n".into(),
    };
    let ticket = bench.ask(&cache, "k");
    assert_eq!(
        bench.settle(&cache, "k", ticket, "1.5", None),
        Settled::Undecodable
    );
    assert_eq!(bench.keys(&cache), "");
}

#[test]
fn open_with_no_local_tier_keeps_nothing_and_counts_no_refusal() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 0, Eviction::Lru);
    let ticket = bench.ask(&cache, "k");
    assert_eq!(
        bench.settle(&cache, "k", ticket, "v", None),
        Settled::PassedOn
    );
    bench.set(&cache, "k", "v");
    assert_eq!(bench.keys(&cache), "");
    assert_eq!(bench.shard.stats(cache.id).refused_fills, 0);
}

#[test]
fn open_again_with_less_room_evicts_the_oldest() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 3, Eviction::Fifo);
    for key in ["a", "b", "c"] {
        bench.fill(&cache, key, "v");
    }
    bench.open("n", 1, Eviction::Fifo);
    assert_eq!(bench.keys(&cache), "c");
}
