//! Reads that extend a TTL are writes to the fence: a write by another client just before one is not announced.

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn settle_of_a_read_from_before_an_extension_does_not_bring_the_old_value_back() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    let before = bench.ask(&cache, "k");
    let begun = bench.begin_extension(&cache, "k");
    let ticket = bench.end_extension(&cache, "k", begun);
    assert_eq!(
        bench.settle(&cache, "k", ticket, "new", Some(MINUTE)),
        Settled::Kept
    );
    assert_eq!(
        bench.settle(&cache, "k", before, "old", Some(MINUTE)),
        Settled::PassedOn
    );
    assert_eq!(bench.get(&cache, "k"), None, "which is older is not known");
}

#[test]
fn settle_of_a_read_during_an_extension_does_not_bring_the_old_value_back() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    for settles_first in [true, false] {
        let begun = bench.begin_extension(&cache, "k");
        let during = bench.ask(&cache, "k");
        if settles_first {
            bench.settle(&cache, "k", during, "old", None);
        }
        let ticket = bench.end_extension(&cache, "k", begun);
        bench.settle(&cache, "k", ticket, "new", None);
        if !settles_first {
            bench.settle(&cache, "k", during, "old", None);
        }
        assert_eq!(bench.get(&cache, "k"), None, "{settles_first}");
    }
}

#[test]
fn begin_extensions_leaves_the_entry_and_a_failure_does_too() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    bench.fill(&cache, "k", "v");
    let before = bench.ask(&cache, "other");
    let begun = bench.begin_extension(&cache, "k");
    assert_eq!(bench.get(&cache, "k").as_deref(), Some("v"));
    bench.end_extension(&cache, "k", begun);
    assert_eq!(bench.get(&cache, "k").as_deref(), Some("v"));
    assert_eq!(
        bench.settle(&cache, "other", before, "v", None),
        Settled::Kept,
        "another stripe"
    );
}

#[test]
fn end_extensions_of_a_failed_read_refuses_requests_from_meanwhile() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    let begun = bench.begin_extension(&cache, "k");
    let during = bench.ask(&cache, "k");
    // Its reply was lost: it may have been executed, and hidden a write.
    bench.end_extension(&cache, "k", begun);
    assert_eq!(
        bench.settle(&cache, "k", during, "old", None),
        Settled::PassedOn
    );
}

#[test]
fn end_extensions_after_any_other_bump_keeps_nothing_that_may_be_old() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    let begun = bench.begin_extension(&cache, "k");
    bench.invalidate("n:k");
    let ticket = bench.end_extension(&cache, "k", begun);
    assert!(ticket.is_void());
    bench.settle(&cache, "k", ticket, "old", None);
    assert_eq!(bench.get(&cache, "k"), None);

    let begun = bench.begin_extension(&cache, "k");
    bench.set(&cache, "k", "own");
    let ticket = bench.end_extension(&cache, "k", begun);
    bench.settle(&cache, "k", ticket, "old", None);
    assert_eq!(bench.get(&cache, "k"), None, "which is older is not known");
}

#[test]
fn claim_from_before_an_extension_is_over() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    let ticket = bench.ask(&cache, "k");
    bench.settle(&cache, "k", ticket, "old", Some(SECOND));
    let (hash, now) = (
        bench.hash(&cache, "k"),
        Moment::from_nanos(bench.nanos.get()),
    );
    let claim = bench
        .shard
        .claim(cache.id, hash, "k", SECOND, &|| now)
        .expect("it ends within a second");
    let begun = bench.begin_extension(&cache, "k");
    let ticket = bench.end_extension(&cache, "k", begun);
    bench.settle(&cache, "k", ticket, "new", Some(SECOND));
    let now = bench.shard.ticket(cache.id, hash, "k", &|| now);
    assert!(
        !now.joins(claim),
        "what was loaded of the old value must not overwrite the new one"
    );
}

#[test]
fn extension_drops_the_entries_of_caches_that_share_the_key() {
    let mut bench = Bench::new();
    let outer = bench.open("user", 9, Eviction::Fifo);
    let nested = bench.open("user:admin", 9, Eviction::Fifo);
    bench.fill(&nested, "1", "v");
    let begun = bench.begin_extension(&outer, "admin:1");
    assert_eq!(bench.get(&nested, "1"), None);
    bench.fill(&nested, "1", "v");
    let ticket = bench.end_extension(&outer, "admin:1", begun);
    assert_eq!(bench.get(&nested, "1"), None);
    assert!(ticket.is_void(), "L2 has replied about the key meanwhile");
}

/// More keys than stripes: most share one with another of the same call.
#[test]
fn end_extensions_of_one_call_do_not_void_each_other() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 5_000, Eviction::Fifo);
    let keys: Vec<String> = (0..5_000).map(|key| key.to_string()).collect();
    let hashed: Vec<_> = keys
        .iter()
        .map(|key| (bench.hash(&cache, key), key.as_str()))
        .collect();
    let clock = || Moment::from_nanos(1);
    let begun = bench.shard.begin_extensions(cache.id, &hashed, &clock);
    let ended = bench.shard.end_extensions(cache.id, &hashed, &begun);
    for (key, ticket) in keys.iter().zip(ended) {
        assert_eq!(
            bench.settle(&cache, key, ticket, "v", None),
            Settled::Kept,
            "{key}"
        );
    }
    bench.shard.validate();
}
