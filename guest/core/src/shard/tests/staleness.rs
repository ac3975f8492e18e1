//! Entries served stale while L2 fails, and claims to refresh entries before they expire.

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

impl Fixture {
    fn open_keeping(&mut self, name: &str, keep_expired: Duration) -> Opened {
        let cache = self.open(name, 9, Eviction::Fifo);
        let bounds = Bounds {
            keep_expired,
            ..Bounds::from(&Options::default())
        };
        self.shard.open(cache.id, name, bounds);
        cache
    }

    fn fill_for(&mut self, cache: &Opened, key: &str, ttl: Duration) {
        let ticket = self.ask(cache, key);
        self.settle(cache, key, ticket, "v", Some(ttl));
    }

    fn stale(&mut self, cache: &Opened, window: Duration, lost_for: Duration) -> Option<String> {
        self.shard.validate();
        let (hash, now) = (self.hash(cache, "k"), Moment::from_nanos(self.nanos.get()));
        let wire = self
            .shard
            .stale(cache.id, hash, "k", window, lost_for, &|| now)?;
        Some(String::from_utf8_lossy(wire).into_owned())
    }

    fn refresh_claim(&mut self, cache: &Opened, within: Duration) -> Option<Ticket> {
        let (hash, now) = (self.hash(cache, "k"), Moment::from_nanos(self.nanos.get()));
        self.shard
            .refresh_claim(cache.id, hash, "k", within, &|| now)
    }
}

#[test]
fn stale_after_the_deadline_is_served_only_within_the_window() {
    let mut fixture = Fixture::new();
    let cache = fixture.open_keeping("n", MINUTE);
    fixture.fill_for(&cache, "k", SECOND);
    fixture.advance(MINUTE);
    assert_eq!(fixture.get(&cache, "k"), None, "it has expired");
    let stale = fixture.stale(&cache, MINUTE, Duration::ZERO);
    assert_eq!(stale.as_deref(), Some("v"));
    let shorter = fixture.stale(&cache, MINUTE - SECOND, Duration::ZERO);
    assert_eq!(shorter, None, "a handle with a shorter window");
    fixture.advance(SECOND);
    assert_eq!(fixture.stale(&cache, MINUTE, Duration::ZERO), None);
    assert_eq!(fixture.get(&cache, "k"), None);
    let stats = fixture.shard.stats(cache.id);
    assert_eq!(
        (stats.stale_hits, stats.removals.expired, stats.local_len),
        (1, 1, 0)
    );
}

#[test]
fn stale_in_a_tier_that_keeps_no_expired_entries_is_none_after_a_read() {
    let mut fixture = Fixture::new();
    let cache = fixture.open_keeping("n", Duration::ZERO);
    fixture.fill_for(&cache, "k", SECOND);
    fixture.advance(SECOND);
    assert_eq!(fixture.get(&cache, "k"), None);
    assert_eq!(fixture.stale(&cache, MINUTE, Duration::ZERO), None);
}

#[test]
fn stale_while_suspended_is_served_until_it_is_resumed() {
    let mut fixture = Fixture::new();
    let cache = fixture.open_keeping("n", MINUTE);
    fixture.fill(&cache, "k", "v");
    fixture.shard.suspend();
    assert_eq!(fixture.get(&cache, "k"), None);
    let stale = fixture.stale(&cache, MINUTE, SECOND);
    assert_eq!(stale.as_deref(), Some("v"));
    assert_eq!(
        fixture.stale(&cache, MINUTE, MINUTE),
        None,
        "invalidations were lost for too long"
    );
    fixture.shard.resume();
    assert_eq!(fixture.stale(&cache, MINUTE, Duration::ZERO), None);
}

#[test]
fn stale_after_an_invalidation_is_none() {
    let mut fixture = Fixture::new();
    let cache = fixture.open_keeping("n", MINUTE);
    let invalidate: [fn(&mut Fixture, &Opened); 5] = [
        |fixture, _| fixture.invalidate("n:k"),
        |fixture, _| fixture.shard.invalidate_all(),
        |fixture, _| fixture.shard.invalidate_bucket("n"),
        |fixture, cache| {
            fixture.begin(cache, "k");
        },
        |fixture, cache| fixture.shard.clear_local(cache.id),
    ];
    for invalidate in invalidate {
        fixture.fill_for(&cache, "k", SECOND);
        fixture.advance(SECOND);
        assert!(fixture.stale(&cache, MINUTE, Duration::ZERO).is_some());
        invalidate(&mut fixture, &cache);
        assert_eq!(fixture.stale(&cache, MINUTE, Duration::ZERO), None);
        fixture.shard.clear_local(cache.id);
    }
}

#[test]
fn stale_entry_is_removed_by_a_reply_of_l2() {
    let mut fixture = Fixture::new();
    let cache = fixture.open_keeping("n", MINUTE);
    fixture.fill_for(&cache, "k", SECOND);
    fixture.advance(SECOND);
    let ticket = fixture.ask(&cache, "k");
    let hash = fixture.hash(&cache, "k");
    fixture.shard.settle(cache.id, hash, "k", ticket, NOTHING);
    assert_eq!(fixture.stale(&cache, MINUTE, Duration::ZERO), None);
}

#[test]
fn open_again_keeps_expired_entries_for_the_longest_of_all_openings() {
    let mut fixture = Fixture::new();
    let cache = fixture.open_keeping("n", MINUTE);
    fixture.open("n", 9, Eviction::Fifo);
    fixture.fill_for(&cache, "k", SECOND);
    fixture.advance(SECOND);
    assert_eq!(fixture.get(&cache, "k"), None);
    assert!(fixture.stale(&cache, MINUTE, Duration::ZERO).is_some());
}

#[test]
fn refresh_claim_is_given_once_for_an_entry_and_again_for_the_next() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    fixture.fill_for(&cache, "k", MINUTE);
    assert_eq!(
        fixture.refresh_claim(&cache, SECOND),
        None,
        "it still has a minute"
    );
    fixture.advance(MINUTE - SECOND);
    assert!(fixture.refresh_claim(&cache, SECOND).is_some());
    assert_eq!(fixture.refresh_claim(&cache, SECOND), None);
    assert_eq!(fixture.get(&cache, "k").as_deref(), Some("v"));
    fixture.set(&cache, "k", "w");
    assert_eq!(
        fixture.refresh_claim(&cache, MINUTE),
        None,
        "it does not expire"
    );
    fixture.shard.clear_local(cache.id);
    fixture.fill_for(&cache, "k", SECOND);
    assert!(fixture.refresh_claim(&cache, SECOND).is_some());
}
