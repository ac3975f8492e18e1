//! Absences that are remembered.

use super::*;

impl Bench {
    /// A read that L2 answers with nothing, which is remembered for a second.
    fn miss(&mut self, cache: &Opened, key: &str) -> Settled {
        let ticket = self.ask(cache, key);
        self.settle_absent(cache, key, ticket)
    }

    fn settle_absent(&mut self, cache: &Opened, key: &str, ticket: Ticket) -> Settled {
        let hash = self.hash(cache, key);
        let answer = Answer::Absent { remember: SECOND };
        self.shard.settle(cache.id, hash, key, ticket, answer)
    }

    fn is_absent(&mut self, cache: &Opened, key: &str) -> bool {
        self.shard.validate();
        matches!(self.read(cache, key, None), Outcome::Absent)
    }
}

#[test]
fn read_of_a_remembered_absence_is_no_question_until_its_time_is_over() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    assert_eq!(bench.miss(&cache, "k"), Settled::Kept);
    bench.advance(SECOND - Duration::from_nanos(1));
    assert!(bench.is_absent(&cache, "k"));
    assert_eq!(bench.keys(&cache), "", "there is nothing to list");
    bench.advance(Duration::from_nanos(1));
    bench.ask(&cache, "k");
    let stats = bench.shard.stats(cache.id);
    assert_eq!((stats.misses, stats.absent_hits), (2, 1));
    assert_eq!((stats.removals.expired, stats.local_len), (1, 0));
}

#[test]
fn absence_ends_with_whatever_may_have_ended_it() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    let end: [fn(&mut Bench, &Opened); 5] = [
        |bench, _| bench.invalidate("n:k"),
        |bench, cache| bench.set(cache, "k", "v"),
        |bench, _| bench.shard.invalidate_all(),
        |bench, _| bench.shard.invalidate_bucket("n"),
        |bench, _| {
            bench.shard.suspend();
            bench.shard.resume();
        },
    ];
    for end in end {
        bench.shard.clear_local(cache.id);
        bench.miss(&cache, "k");
        assert!(bench.is_absent(&cache, "k"));
        end(&mut bench, &cache);
        assert!(!bench.is_absent(&cache, "k"));
    }
}

#[test]
fn absence_while_nobody_tells_of_changes_is_not_answered() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    bench.miss(&cache, "k");
    bench.shard.suspend();
    assert!(!bench.is_absent(&cache, "k"));
}

#[test]
fn absence_that_a_write_has_overtaken_is_not_remembered() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    let ticket = bench.ask(&cache, "k");
    bench.invalidate("n:k");
    assert_eq!(bench.settle_absent(&cache, "k", ticket), Settled::PassedOn);
    assert!(!bench.is_absent(&cache, "k"));
}

#[test]
fn absence_gives_way_to_an_answer_that_differs_though_it_is_not_kept() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    let old = bench.ask(&cache, "k");
    bench.invalidate("n:k");
    bench.miss(&cache, "k");
    let settled = bench.settle(&cache, "k", old, "v", None);
    assert_eq!(settled, Settled::PassedOn);
    assert!(!bench.is_absent(&cache, "k"));
}

#[test]
fn absence_counts_against_the_bounds_and_leaves_like_an_entry() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 2, Eviction::Fifo);
    bench.miss(&cache, "1");
    bench.fill(&cache, "2", "v");
    bench.miss(&cache, "3");
    assert!(!bench.is_absent(&cache, "1"));
    assert!(bench.is_absent(&cache, "3"));
    assert_eq!(bench.keys(&cache), "2");
    assert_eq!(bench.shard.stats(cache.id).removals.size, 1);
}

#[test]
fn absence_is_no_entry_to_touch_peek_or_renew() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    bench.miss(&cache, "k");
    let hash = bench.hash(&cache, "k");
    let now = Moment::from_nanos(bench.nanos.get());
    let (shard, clock) = (&mut bench.shard, &|| now);
    assert!(!shard.touch(cache.id, hash, "k", clock));
    assert_eq!(shard.peek(cache.id, hash, "k", clock), None);
    assert_eq!(shard.remaining(cache.id, hash, "k", clock), None);
    assert_eq!(shard.claim(cache.id, hash, "k", SECOND, clock), None);
    let window = Duration::MAX;
    let stale = shard.stale(cache.id, hash, "k", window, Duration::ZERO, clock);
    assert_eq!(stale, None);
    let read = shard.read(cache.id, hash, "k", Some(SECOND), clock);
    assert_eq!(read, Read::Absent);
}
