//! Reads that extend a TTL are writes to the fence: another client's write just before one is not
//! announced.

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn settle_of_a_read_from_before_an_extension_does_not_restore_the_old_value() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    let before = fixture.ask(&cache, "k");
    let begun = fixture.begin_extension(&cache, "k");
    let ticket = fixture.end_extension(&cache, "k", begun);
    assert_eq!(
        fixture.settle(&cache, "k", ticket, "new", Some(MINUTE)),
        FillOutcome::Stored
    );
    assert_eq!(
        fixture.settle(&cache, "k", before, "old", Some(MINUTE)),
        FillOutcome::NotStored
    );
    assert_eq!(
        fixture.get(&cache, "k"),
        None,
        "it is unknown which is older"
    );
}

#[test]
fn settle_of_a_read_during_an_extension_does_not_restore_the_old_value() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    for settles_first in [true, false] {
        let begun = fixture.begin_extension(&cache, "k");
        let during = fixture.ask(&cache, "k");
        if settles_first {
            fixture.settle(&cache, "k", during, "old", None);
        }
        let ticket = fixture.end_extension(&cache, "k", begun);
        fixture.settle(&cache, "k", ticket, "new", None);
        if !settles_first {
            fixture.settle(&cache, "k", during, "old", None);
        }
        assert_eq!(fixture.get(&cache, "k"), None, "{settles_first}");
    }
}

#[test]
fn begin_extensions_keeps_the_entry_and_so_does_a_failure() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    fixture.fill(&cache, "k", "v");
    let before = fixture.ask(&cache, "other");
    let begun = fixture.begin_extension(&cache, "k");
    assert_eq!(fixture.get(&cache, "k").as_deref(), Some("v"));
    fixture.end_extension(&cache, "k", begun);
    assert_eq!(fixture.get(&cache, "k").as_deref(), Some("v"));
    assert_eq!(
        fixture.settle(&cache, "other", before, "v", None),
        FillOutcome::Stored,
        "another stripe"
    );
}

#[test]
fn end_extensions_of_a_failed_read_refuses_requests_sent_during_it() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    let begun = fixture.begin_extension(&cache, "k");
    let during = fixture.ask(&cache, "k");
    // Its reply was lost: it may have been executed and have hidden a write.
    fixture.end_extension(&cache, "k", begun);
    assert_eq!(
        fixture.settle(&cache, "k", during, "old", None),
        FillOutcome::NotStored
    );
}

#[test]
fn end_extensions_after_any_other_bump_stores_nothing_outdated() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    let begun = fixture.begin_extension(&cache, "k");
    fixture.invalidate("n:k");
    let ticket = fixture.end_extension(&cache, "k", begun);
    assert!(ticket.is_void());
    fixture.settle(&cache, "k", ticket, "old", None);
    assert_eq!(fixture.get(&cache, "k"), None);

    let begun = fixture.begin_extension(&cache, "k");
    fixture.set(&cache, "k", "own");
    let ticket = fixture.end_extension(&cache, "k", begun);
    fixture.settle(&cache, "k", ticket, "old", None);
    assert_eq!(
        fixture.get(&cache, "k"),
        None,
        "it is unknown which is older"
    );
}

#[test]
fn refresh_claim_from_before_an_extension_is_outdated() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    let ticket = fixture.ask(&cache, "k");
    fixture.settle(&cache, "k", ticket, "old", Some(SECOND));
    let (hash, now) = (
        fixture.hash(&cache, "k"),
        Moment::from_nanos(fixture.nanos.get()),
    );
    let claim = fixture
        .shard
        .refresh_claim(cache.id, hash, "k", SECOND, &|| now)
        .expect("it expires within a second");
    let begun = fixture.begin_extension(&cache, "k");
    let ticket = fixture.end_extension(&cache, "k", begun);
    fixture.settle(&cache, "k", ticket, "new", Some(SECOND));
    let now = fixture.shard.ticket(cache.id, hash, "k", &|| now);
    assert!(
        !now.joins(claim),
        "a value loaded from the old one must not overwrite the new one"
    );
}

#[test]
fn extension_removes_entries_of_caches_that_share_the_key() {
    let mut fixture = Fixture::new();
    let outer = fixture.open("user", 9, Eviction::Fifo);
    let nested = fixture.open("user:admin", 9, Eviction::Fifo);
    fixture.fill(&nested, "1", "v");
    let begun = fixture.begin_extension(&outer, "admin:1");
    assert_eq!(fixture.get(&nested, "1"), None);
    fixture.fill(&nested, "1", "v");
    let ticket = fixture.end_extension(&outer, "admin:1", begun);
    assert_eq!(fixture.get(&nested, "1"), None);
    assert!(ticket.is_void(), "L2 has replied for the key meanwhile");
}

/// More keys than stripes: most share one with another of the same call.
#[test]
fn end_extensions_of_one_call_do_not_void_each_other() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 5_000, Eviction::Fifo);
    let keys: Vec<String> = (0..5_000).map(|key| key.to_string()).collect();
    let hashed: Vec<_> = keys
        .iter()
        .map(|key| (fixture.hash(&cache, key), key.as_str()))
        .collect();
    let clock = || Moment::from_nanos(1);
    let begun = fixture.shard.begin_extensions(cache.id, &hashed, &clock);
    let ended = fixture.shard.end_extensions(cache.id, &hashed, &begun);
    for (key, ticket) in keys.iter().zip(ended) {
        assert_eq!(
            fixture.settle(&cache, key, ticket, "v", None),
            FillOutcome::Stored,
            "{key}"
        );
    }
    fixture.shard.validate();
}
