//! Which replies may be stored, and which event invalidates which entries.

use super::*;

#[test]
fn settle_after_an_external_write_is_refused() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    let ticket = fixture.ask(&cache, "k");
    fixture.invalidate("n:k");
    assert_eq!(
        fixture.settle(&cache, "k", ticket, "old", None),
        FillOutcome::NotStored
    );
    assert_eq!(fixture.get(&cache, "k"), None);
    assert_eq!(fixture.shard.stats(cache.id).refused_fills, 1);
}

#[test]
fn settle_after_an_own_write_during_the_request_is_refused() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    let reader = fixture.ask(&cache, "k");
    fixture.set(&cache, "k", "new");
    assert_eq!(
        fixture.settle(&cache, "k", reader, "new", None),
        FillOutcome::NotStored
    );
    assert_eq!(fixture.get(&cache, "k").as_deref(), Some("new"));
}

/// Another client may have written between the own write and the request, and its invalidation may
/// still be in flight. A reader that has seen its value must not see the own one again.
#[test]
fn settle_of_a_different_value_with_an_outdated_ticket_removes_the_entry() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    let reader = fixture.ask(&cache, "k");
    fixture.set(&cache, "k", "own");
    assert_eq!(
        fixture.settle(&cache, "k", reader, "foreign", None),
        FillOutcome::NotStored
    );
    assert_eq!(fixture.get(&cache, "k"), None);
}

#[test]
fn end_write_of_two_that_overlap_stores_neither() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    let first = fixture.begin(&cache, "k");
    let second = fixture.begin(&cache, "k");
    fixture.end(&cache, "k", second, Some("second"));
    fixture.end(&cache, "k", first, Some("first"));
    assert_eq!(fixture.get(&cache, "k"), None);
}

#[test]
fn end_write_that_failed_leaves_nothing_and_refuses_requests_sent_during_it() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    fixture.fill(&cache, "k", "old");
    let write = fixture.begin(&cache, "k");
    let reader = fixture.ask(&cache, "k");
    fixture.end(&cache, "k", write, None);
    assert_eq!(fixture.get(&cache, "k"), None);
    assert_eq!(
        fixture.settle(&cache, "k", reader, "old", None),
        FillOutcome::NotStored
    );
    assert_eq!(fixture.keys(&cache), "");
}

#[test]
fn invalidate_all_covers_entries_and_replies_in_flight() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    fixture.fill(&cache, "a", "1");
    let ticket = fixture.ask(&cache, "b");
    fixture.shard.invalidate_all();
    assert_eq!(fixture.get(&cache, "a"), None);
    assert_eq!(
        fixture.settle(&cache, "b", ticket, "2", None),
        FillOutcome::NotStored
    );
    fixture.fill(&cache, "a", "3");
    assert_eq!(fixture.get(&cache, "a").as_deref(), Some("3"));
    assert_eq!(fixture.shard.stats(cache.id).removals.flushed, 1);
}

#[test]
fn suspend_serves_and_stores_nothing_and_resume_restores_nothing() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    fixture.fill(&cache, "a", "1");
    fixture.shard.suspend();
    let ticket = fixture.ask(&cache, "a");
    assert_eq!(
        fixture.settle(&cache, "a", ticket, "2", None),
        FillOutcome::NotStored
    );
    fixture.set(&cache, "b", "2");
    fixture.shard.resume();
    assert_eq!(
        (fixture.get(&cache, "a"), fixture.get(&cache, "b")),
        (None, None)
    );
    let after = fixture.ask(&cache, "a");
    assert_eq!(
        fixture.settle(&cache, "a", ticket, "old", None),
        FillOutcome::NotStored
    );
    assert_eq!(
        fixture.settle(&cache, "a", after, "new", None),
        FillOutcome::Stored
    );
}

#[test]
fn write_through_a_nested_name_removes_the_other_caches_entry() {
    let mut fixture = Fixture::new();
    let user = fixture.open("user", 9, Eviction::Fifo);
    let admin = fixture.open("user:admin", 9, Eviction::Fifo);
    fixture.fill(&user, "admin:1", "old");
    let in_flight = fixture.ask(&admin, "1");
    fixture.set(&admin, "1", "new");
    assert_eq!(fixture.get(&user, "admin:1"), None);
    assert_eq!(
        fixture.settle(&admin, "1", in_flight, "old", None),
        FillOutcome::NotStored
    );
    fixture.fill(&user, "admin:1", "new");
    fixture.invalidate("user:admin:1");
    assert_eq!(
        (fixture.get(&user, "admin:1"), fixture.get(&admin, "1")),
        (None, None)
    );
}

#[test]
fn observe_a_reply_of_another_shard_removes_only_differing_entries() {
    let mut fixture = Fixture::new();
    let user = fixture.open("user", 9, Eviction::Fifo);
    let entry = |value| BackendReply::Entry { value, ttl: None };
    for (reply, left) in [
        (entry(b"v"), Some("v")),
        (entry(b"w"), None),
        (NOTHING, None),
        (BackendReply::WrongType, None),
    ] {
        fixture.set(&user, "admin:1", "v");
        fixture.set(&user, "admin:2", "v");
        let hash = fixture.hash(&user, "admin:1");
        fixture.shard.observe(hash, "user:admin:1", reply);
        assert_eq!(fixture.get(&user, "admin:1").as_deref(), left, "{reply:?}");
        assert_eq!(fixture.get(&user, "admin:2").as_deref(), Some("v"));
    }
}

#[test]
fn invalidate_bucket_covers_nested_names_both_ways_and_no_others() {
    let mut fixture = Fixture::new();
    let [outer, inner, other] = ["user", "user:admin:x", "users"].map(|name| {
        let cache = fixture.open(name, 9, Eviction::Fifo);
        fixture.fill(&cache, "1", "v");
        cache
    });
    fixture.shard.invalidate_bucket("user:admin");
    assert_eq!(
        (fixture.get(&outer, "1"), fixture.get(&inner, "1")),
        (None, None)
    );
    assert_eq!(fixture.get(&other, "1").as_deref(), Some("v"));
}

/// More keys than stripes: most share one with another of the same call.
#[test]
fn end_writes_of_one_call_do_not_void_each_other() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 5_000, Eviction::Fifo);
    let keys: Vec<String> = (0..5_000).map(|key| key.to_string()).collect();
    let hashed: Vec<_> = keys
        .iter()
        .map(|key| (fixture.hash(&cache, key), key.as_str()))
        .collect();
    let tickets = fixture
        .shard
        .begin_writes(cache.id, &hashed, &|| Moment::from_nanos(1));
    fixture.invalidate("n:7");
    let writes = hashed
        .iter()
        .zip(&tickets)
        .map(|((hash, key), ticket)| Write {
            hash: *hash,
            key,
            ticket: *ticket,
            written: Some((b"v", None)),
        });
    let writes: Vec<_> = writes.collect();
    fixture.shard.end_writes(cache.id, &writes);
    fixture.shard.validate();
    assert_eq!(
        fixture.get(&cache, "7"),
        None,
        "another client has written it meanwhile"
    );
    let kept = fixture.shard.stats(cache.id).local_len;
    assert!((4_900..5_000).contains(&kept), "{kept} of 5,000 are stored");
}

#[test]
fn settle_by_one_cache_removes_differing_entries_of_others_that_have_the_key() {
    let mut fixture = Fixture::new();
    let outer = fixture.open("user", 9, Eviction::Fifo);
    let nested = fixture.open("user:admin", 9, Eviction::Fifo);
    fixture.fill(&nested, "1", "old");
    fixture.fill(&nested, "2", "same");
    let asked = ["admin:1", "admin:2"].map(|key| (key, fixture.ask(&outer, key)));
    for ((key, ticket), value) in asked.into_iter().zip(["new", "same"]) {
        fixture.settle(&outer, key, ticket, value, None);
    }
    assert_eq!(
        fixture.get(&nested, "1"),
        None,
        "its reader has seen the new one"
    );
    assert_eq!(fixture.get(&nested, "2").as_deref(), Some("same"));
    assert_eq!(fixture.get(&outer, "admin:1").as_deref(), Some("new"));
}

#[test]
fn end_write_after_l2_replied_to_a_read_during_it_stores_nothing() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    for key in ["new", "held"] {
        if key == "held" {
            fixture.fill(&cache, key, "old");
        }
        let write = fixture.begin(&cache, key);
        let ticket = fixture.ask(&cache, key);
        fixture.settle(&cache, key, ticket, "foreign", None);
        fixture.end(&cache, key, write, Some("own"));
        assert_eq!(
            fixture.get(&cache, key),
            None,
            "it is unknown which came last"
        );
    }
}

#[test]
fn end_write_after_replies_from_before_it_stores_its_value() {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 9, Eviction::Fifo);
    let ticket = fixture.ask(&cache, "k");
    fixture.settle(&cache, "k", ticket, "old", None);
    fixture.set(&cache, "k", "own");
    assert_eq!(fixture.get(&cache, "k").as_deref(), Some("own"));
}
