//! How long entries answer, and what prolongs them.

use super::*;

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
    assert_eq!(bench.shard.stats(cache.id).removals.expired, 1);

    bench.fill(&cache, "forever", "v");
    let hash = bench.hash(&cache, "forever");
    let no_clock = || panic!("a hit without a deadline must not read the clock");
    assert_eq!(
        bench.shard.read(cache.id, hash, "forever", None, &no_clock),
        Read::Hit(b"v")
    );
}

#[test]
fn find_what_is_over_or_dead_is_no_hit_and_a_ticket_drops_it() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    let hash = bench.hash(&cache, "k");
    let find = |bench: &mut Bench| {
        let now = Moment::from_nanos(bench.nanos.get());
        let found = bench.shard.find(cache.id, hash, b"k", None, &|| now);
        found.map(<[u8]>::to_vec)
    };
    let ticket = bench.ask(&cache, "k");
    bench.settle(&cache, "k", ticket, "v", Some(SECOND));
    assert_eq!(find(&mut bench).as_deref(), Some(&b"v"[..]));
    bench.advance(SECOND);
    assert_eq!(find(&mut bench), None);
    assert_eq!(bench.shard.stats(cache.id).local_len, 1);
    let now = Moment::from_nanos(bench.nanos.get());
    bench.shard.ticket(cache.id, hash, "k", &|| now);
    assert_eq!(bench.shard.stats(cache.id).local_len, 0);
    bench.fill(&cache, "k", "v");
    bench.shard.invalidate_all();
    assert_eq!(find(&mut bench), None);
    let stats = bench.shard.stats(cache.id);
    assert_eq!((stats.removals.expired, stats.removals.flushed), (1, 1));
    assert_eq!((stats.local_hits, stats.local_len), (1, 0));
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
    bench.shard.settle(cache.id, hash, "k", ticket, NOTHING);
    assert_eq!(bench.get(&cache, "k"), None);
}
