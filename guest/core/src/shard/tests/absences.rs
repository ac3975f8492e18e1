//! Absences that are remembered.

use super::*;

impl Fixture {
    /// A read that L2 answers with nothing, which is remembered for a second.
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
fn read_of_a_remembered_absence_is_no_question_until_its_time_is_over() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    assert_eq!(fixture.miss(&cache, "k"), FillOutcome::Stored);
    fixture.advance(SECOND - Duration::from_nanos(1));
    assert!(fixture.is_absent(&cache, "k"));
    assert_eq!(fixture.keys(&cache), "", "there is nothing to list");
    fixture.advance(Duration::from_nanos(1));
    fixture.ask(&cache, "k");
    let stats = fixture.shard.stats(cache.id);
    assert_eq!((stats.misses, stats.absent_hits), (2, 1));
    assert_eq!((stats.removals.expired, stats.local_len), (1, 0));
}

#[test]
fn absence_ends_with_whatever_may_have_ended_it() {
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
fn absence_while_nobody_tells_of_changes_is_not_answered() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    fixture.miss(&cache, "k");
    fixture.shard.suspend();
    assert!(!fixture.is_absent(&cache, "k"));
}

#[test]
fn absence_that_a_write_has_overtaken_is_not_remembered() {
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
fn absence_gives_way_to_an_answer_that_differs_though_it_is_not_kept() {
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
fn absence_counts_against_the_bounds_and_leaves_like_an_entry() {
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
fn absence_is_no_entry_to_touch_peek_or_renew() {
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
