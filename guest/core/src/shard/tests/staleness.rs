//! Entries that answer marked stale while L2 fails, and those that are renewed before they end.

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

impl Bench {
    fn open_keeping(&mut self, name: &str, keep_expired: Duration) -> Opened {
        let cache = self.open(name, 9, Eviction::Fifo);
        let bounds = Bounds {
            keep_expired,
            ..Bounds::from(&Options::default())
        };
        self.shard.open(cache.id, name, bounds);
        cache
    }

    fn fill_for(&mut self, cache: &Opened, key: &str, life: Duration) {
        let ticket = self.ask(cache, key);
        self.settle(cache, key, ticket, "v", Some(life));
    }

    fn stale(&mut self, cache: &Opened, window: Duration, unheard: Duration) -> Option<String> {
        self.shard.validate();
        let (hash, now) = (self.hash(cache, "k"), Moment::from_nanos(self.nanos.get()));
        let wire = self
            .shard
            .stale(cache.id, hash, "k", window, unheard, &|| now)?;
        Some(String::from_utf8_lossy(wire).into_owned())
    }

    fn claim(&mut self, cache: &Opened, within: Duration) -> Option<Ticket> {
        let (hash, now) = (self.hash(cache, "k"), Moment::from_nanos(self.nanos.get()));
        self.shard.claim(cache.id, hash, "k", within, &|| now)
    }
}

#[test]
fn stale_after_the_end_of_a_life_answers_within_the_window_only() {
    let mut bench = Bench::new();
    let cache = bench.open_keeping("n", MINUTE);
    bench.fill_for(&cache, "k", SECOND);
    bench.advance(MINUTE);
    assert_eq!(bench.get(&cache, "k"), None, "its life is over");
    let stale = bench.stale(&cache, MINUTE, Duration::ZERO);
    assert_eq!(stale.as_deref(), Some("v"));
    let shorter = bench.stale(&cache, MINUTE - SECOND, Duration::ZERO);
    assert_eq!(shorter, None, "of a handle that bears less");
    bench.advance(SECOND);
    assert_eq!(bench.stale(&cache, MINUTE, Duration::ZERO), None);
    assert_eq!(bench.get(&cache, "k"), None);
    let stats = bench.shard.stats(cache.id);
    assert_eq!(
        (stats.stale_hits, stats.removals.expired, stats.local_len),
        (1, 1, 0)
    );
}

#[test]
fn stale_in_a_tier_that_keeps_nothing_answers_what_nobody_has_met_since() {
    let mut bench = Bench::new();
    let cache = bench.open_keeping("n", Duration::ZERO);
    bench.fill_for(&cache, "k", SECOND);
    bench.advance(SECOND);
    assert_eq!(bench.get(&cache, "k"), None);
    assert_eq!(bench.stale(&cache, MINUTE, Duration::ZERO), None);
}

#[test]
fn stale_while_suspended_answers_until_it_is_resumed() {
    let mut bench = Bench::new();
    let cache = bench.open_keeping("n", MINUTE);
    bench.fill(&cache, "k", "v");
    bench.shard.suspend();
    assert_eq!(bench.get(&cache, "k"), None);
    let stale = bench.stale(&cache, MINUTE, SECOND);
    assert_eq!(stale.as_deref(), Some("v"));
    assert_eq!(
        bench.stale(&cache, MINUTE, MINUTE),
        None,
        "unheard for too long"
    );
    bench.shard.resume();
    assert_eq!(bench.stale(&cache, MINUTE, Duration::ZERO), None);
}

#[test]
fn stale_after_a_change_was_told_is_nothing() {
    let mut bench = Bench::new();
    let cache = bench.open_keeping("n", MINUTE);
    let tell: [fn(&mut Bench, &Opened); 5] = [
        |bench, _| bench.invalidate("n:k"),
        |bench, _| bench.shard.invalidate_all(),
        |bench, _| bench.shard.invalidate_bucket("n"),
        |bench, cache| {
            bench.begin(cache, "k");
        },
        |bench, cache| bench.shard.clear_local(cache.id),
    ];
    for tell in tell {
        bench.fill_for(&cache, "k", SECOND);
        bench.advance(SECOND);
        assert!(bench.stale(&cache, MINUTE, Duration::ZERO).is_some());
        tell(&mut bench, &cache);
        assert_eq!(bench.stale(&cache, MINUTE, Duration::ZERO), None);
        bench.shard.clear_local(cache.id);
    }
}

#[test]
fn stale_entry_gives_way_to_what_l2_answers() {
    let mut bench = Bench::new();
    let cache = bench.open_keeping("n", MINUTE);
    bench.fill_for(&cache, "k", SECOND);
    bench.advance(SECOND);
    let ticket = bench.ask(&cache, "k");
    let hash = bench.hash(&cache, "k");
    bench.shard.settle(cache.id, hash, "k", ticket, NOTHING);
    assert_eq!(bench.stale(&cache, MINUTE, Duration::ZERO), None);
}

#[test]
fn open_once_more_keeps_for_as_long_as_any_opening_asks() {
    let mut bench = Bench::new();
    let cache = bench.open_keeping("n", MINUTE);
    bench.open("n", 9, Eviction::Fifo);
    bench.fill_for(&cache, "k", SECOND);
    bench.advance(SECOND);
    assert_eq!(bench.get(&cache, "k"), None);
    assert!(bench.stale(&cache, MINUTE, Duration::ZERO).is_some());
}

#[test]
fn claim_is_given_once_for_an_entry_and_anew_for_the_next() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    bench.fill_for(&cache, "k", MINUTE);
    assert_eq!(bench.claim(&cache, SECOND), None, "it still has a minute");
    bench.advance(MINUTE - SECOND);
    assert!(bench.claim(&cache, SECOND).is_some());
    assert_eq!(bench.claim(&cache, SECOND), None);
    assert_eq!(bench.get(&cache, "k").as_deref(), Some("v"));
    bench.set(&cache, "k", "w");
    assert_eq!(bench.claim(&cache, MINUTE), None, "it does not end");
    bench.shard.clear_local(cache.id);
    bench.fill_for(&cache, "k", SECOND);
    assert!(bench.claim(&cache, SECOND).is_some());
}
