//! Cached absences.

use super::*;

impl Fixture {
    /// Reads a key that L2 does not have; its absence is cached for a second.
    fn miss(&mut self, cache: &Opened, key: &str) -> FillOutcome {
        let ticket = self.ask(cache, key);
        self.settle_absent(cache, key, ticket)
    }

    fn settle_absent(&mut self, cache: &Opened, key: &str, ticket: Ticket) -> FillOutcome {
        let hash = self.hash(cache, key);
        let reply = BackendReply::Absent { remember: SECOND };
        self.shard.settle(cache.id, hash, key, ticket, reply)
    }

    fn is_absent(&mut self, cache: &Opened, key: &str) -> bool {
        self.shard.validate();
        matches!(self.read(cache, key, None), Outcome::Absent)
    }
}

#[test]
fn read_of_a_cached_absence_sends_no_request_until_it_expires() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    assert_eq!(fixture.miss(&cache, "k"), FillOutcome::Stored);
    fixture.advance(SECOND - Duration::from_nanos(1));
    assert!(fixture.is_absent(&cache, "k"));
    assert_eq!(fixture.keys(&cache), "", "an absence is not listed");
    fixture.advance(Duration::from_nanos(1));
    fixture.ask(&cache, "k");
    let stats = fixture.shard.stats(cache.id);
    assert_eq!((stats.misses, stats.absent_hits), (2, 1));
    assert_eq!((stats.removals.expired, stats.local_len), (1, 0));
}

#[test]
fn absence_after_any_possible_change_is_not_served() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    let end: [fn(&mut Fixture, &Opened); 5] = [
        |fixture, _| fixture.invalidate("n:k"),
        |fixture, cache| fixture.set(cache, "k", "v"),
        |fixture, _| fixture.shard.invalidate_all(),
        |fixture, _| fixture.shard.invalidate_bucket("n"),
        |fixture, _| {
            fixture.shard.suspend();
            fixture.shard.resume();
        },
    ];
    for end in end {
        fixture.shard.clear_local(cache.id);
        fixture.miss(&cache, "k");
        assert!(fixture.is_absent(&cache, "k"));
        end(&mut fixture, &cache);
        assert!(!fixture.is_absent(&cache, "k"));
    }
}

#[test]
fn absence_while_suspended_is_not_served() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    fixture.miss(&cache, "k");
    fixture.shard.suspend();
    assert!(!fixture.is_absent(&cache, "k"));
}

#[test]
fn absence_of_a_key_invalidated_in_flight_is_not_cached() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    let ticket = fixture.ask(&cache, "k");
    fixture.invalidate("n:k");
    assert_eq!(
        fixture.settle_absent(&cache, "k", ticket),
        FillOutcome::NotStored
    );
    assert!(!fixture.is_absent(&cache, "k"));
}

#[test]
fn absence_is_removed_by_a_different_reply_that_is_not_stored() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    let old = fixture.ask(&cache, "k");
    fixture.invalidate("n:k");
    fixture.miss(&cache, "k");
    let settled = fixture.settle(&cache, "k", old, "v", None);
    assert_eq!(settled, FillOutcome::NotStored);
    assert!(!fixture.is_absent(&cache, "k"));
}

#[test]
fn absence_counts_against_the_bounds_and_is_evicted_like_a_value() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 2, Eviction::Fifo);
    fixture.miss(&cache, "1");
    fixture.fill(&cache, "2", "v");
    fixture.miss(&cache, "3");
    assert!(!fixture.is_absent(&cache, "1"));
    assert!(fixture.is_absent(&cache, "3"));
    assert_eq!(fixture.keys(&cache), "2");
    assert_eq!(fixture.shard.stats(cache.id).removals.size, 1);
}

#[test]
fn absence_is_no_entry_to_touch_peek_or_refresh() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    fixture.miss(&cache, "k");
    let hash = fixture.hash(&cache, "k");
    let now = Moment::from_nanos(fixture.nanos.get());
    let (shard, clock) = (&mut fixture.shard, &|| now);
    assert!(!shard.touch(cache.id, hash, "k", clock));
    assert_eq!(shard.peek(cache.id, hash, "k", clock), None);
    assert_eq!(shard.remaining(cache.id, hash, "k", clock), None);
    assert_eq!(
        shard.refresh_claim(cache.id, hash, "k", SECOND, clock),
        None
    );
    let window = Duration::MAX;
    let stale = shard.stale(cache.id, hash, "k", window, Duration::ZERO, clock);
    assert_eq!(stale, None);
    let read = shard.read(cache.id, hash, "k", Some(SECOND), clock);
    assert_eq!(read, Read::Absent);
}
