//! How long entries are served, and what extends their TTL.

use super::*;

#[test]
fn read_at_the_deadline_is_a_miss_and_only_deadlines_read_the_clock() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    let ticket = fixture.ask(&cache, "k");
    assert_eq!(
        fixture.settle(&cache, "k", ticket, "v", Some(SECOND)),
        FillOutcome::Stored
    );
    fixture.advance(SECOND - Duration::from_nanos(1));
    assert_eq!(fixture.get(&cache, "k").as_deref(), Some("v"));
    fixture.advance(Duration::from_nanos(1));
    assert_eq!(fixture.get(&cache, "k"), None);
    assert_eq!(fixture.shard.stats(cache.id).removals.expired, 1);

    fixture.fill(&cache, "forever", "v");
    let hash = fixture.hash(&cache, "forever");
    let no_clock = || panic!("a hit without a deadline must not read the clock");
    assert_eq!(
        fixture
            .shard
            .read(cache.id, hash, "forever", None, &no_clock),
        Read::Hit(b"v")
    );
}

#[test]
fn find_expired_or_invalidated_is_no_hit_and_a_ticket_removes_it() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    let hash = fixture.hash(&cache, "k");
    let find = |fixture: &mut Fixture| {
        let now = Moment::from_nanos(fixture.nanos.get());
        let found = fixture.shard.find(cache.id, hash, b"k", None, &|| now);
        found.map(<[u8]>::to_vec)
    };
    let ticket = fixture.ask(&cache, "k");
    fixture.settle(&cache, "k", ticket, "v", Some(SECOND));
    assert_eq!(find(&mut fixture).as_deref(), Some(&b"v"[..]));
    fixture.advance(SECOND);
    assert_eq!(find(&mut fixture), None);
    assert_eq!(fixture.shard.stats(cache.id).local_len, 1);
    let now = Moment::from_nanos(fixture.nanos.get());
    fixture.shard.ticket(cache.id, hash, "k", &|| now);
    assert_eq!(fixture.shard.stats(cache.id).local_len, 0);
    fixture.fill(&cache, "k", "v");
    fixture.shard.invalidate_all();
    assert_eq!(find(&mut fixture), None);
    let stats = fixture.shard.stats(cache.id);
    assert_eq!((stats.removals.expired, stats.removals.flushed), (1, 1));
    assert_eq!((stats.local_hits, stats.local_len), (1, 0));
}

#[test]
fn deadline_counts_from_before_the_request() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    let ticket = fixture.ask(&cache, "k");
    fixture.advance(SECOND);
    fixture.settle(&cache, "k", ticket, "v", Some(SECOND));
    assert_eq!(fixture.get(&cache, "k"), None);
}

#[test]
fn read_that_extends_the_ttl_asks_l2_only_below_seven_eighths_of_it() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    let ticket = fixture.ask(&cache, "k");
    fixture.settle(&cache, "k", ticket, "v", Some(8 * SECOND));
    assert!(matches!(
        fixture.read(&cache, "k", Some(8 * SECOND)),
        Outcome::Hit(_)
    ));
    fixture.advance(SECOND);
    let Outcome::ExtendTtl(ticket) = fixture.read(&cache, "k", Some(8 * SECOND)) else {
        panic!("seven eighths are left: the TTL has to be extended in L2");
    };
    assert_eq!(
        fixture.get(&cache, "k").as_deref(),
        Some("v"),
        "the entry is still served"
    );
    fixture.settle(&cache, "k", ticket, "v", Some(8 * SECOND));
    assert!(matches!(
        fixture.read(&cache, "k", Some(8 * SECOND)),
        Outcome::Hit(_)
    ));
    assert!(
        matches!(
            fixture.read(&cache, "k", Some(SECOND)),
            Outcome::ExtendTtl(_)
        ),
        "its TTL is longer than the requested one"
    );
}

#[test]
fn settle_absent_removes_the_entry() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    fixture.fill(&cache, "k", "v");
    let Outcome::ExtendTtl(ticket) = fixture.read(&cache, "k", Some(SECOND)) else {
        panic!("an entry without a deadline has to be given one");
    };
    let hash = fixture.hash(&cache, "k");
    fixture.shard.settle(cache.id, hash, "k", ticket, NOTHING);
    assert_eq!(fixture.get(&cache, "k"), None);
}
