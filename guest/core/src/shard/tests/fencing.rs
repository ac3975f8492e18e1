//! What may be kept of an answer, and what is dead after which event.

use super::*;

#[test]
fn settle_after_a_foreign_write_is_refused() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    let ticket = bench.ask(&cache, "k");
    bench.invalidate("n:k");
    assert_eq!(
        bench.settle(&cache, "k", ticket, "old", None),
        Settled::PassedOn
    );
    assert_eq!(bench.get(&cache, "k"), None);
    assert_eq!(bench.shard.stats(cache.id).refused_fills, 1);
}

#[test]
fn settle_after_an_own_write_began_before_the_question_ended_is_refused() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    let reader = bench.ask(&cache, "k");
    bench.set(&cache, "k", "new");
    assert_eq!(
        bench.settle(&cache, "k", reader, "new", None),
        Settled::PassedOn
    );
    assert_eq!(bench.get(&cache, "k").as_deref(), Some("new"));
}

/// Somebody else may have written between the own write and the question, and be told of later: whoever has
/// seen that must not be answered the own value again.
#[test]
fn settle_of_another_value_than_the_entry_with_an_old_ticket_drops_both() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    let reader = bench.ask(&cache, "k");
    bench.set(&cache, "k", "own");
    assert_eq!(
        bench.settle(&cache, "k", reader, "foreign", None),
        Settled::PassedOn
    );
    assert_eq!(bench.get(&cache, "k"), None);
}

#[test]
fn end_write_of_two_that_overlap_keeps_neither() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    let first = bench.begin(&cache, "k");
    let second = bench.begin(&cache, "k");
    bench.end(&cache, "k", second, Some("second"));
    bench.end(&cache, "k", first, Some("first"));
    assert_eq!(bench.get(&cache, "k"), None);
}

#[test]
fn end_write_that_failed_leaves_nothing_and_refuses_questions_from_meanwhile() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    bench.fill(&cache, "k", "old");
    let write = bench.begin(&cache, "k");
    let reader = bench.ask(&cache, "k");
    bench.end(&cache, "k", write, None);
    assert_eq!(bench.get(&cache, "k"), None);
    assert_eq!(
        bench.settle(&cache, "k", reader, "old", None),
        Settled::PassedOn
    );
    assert_eq!(bench.keys(&cache), "");
}

#[test]
fn invalidate_all_kills_entries_and_answers_under_way() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    bench.fill(&cache, "a", "1");
    let ticket = bench.ask(&cache, "b");
    bench.shard.invalidate_all();
    assert_eq!(bench.get(&cache, "a"), None);
    assert_eq!(
        bench.settle(&cache, "b", ticket, "2", None),
        Settled::PassedOn
    );
    bench.fill(&cache, "a", "3");
    assert_eq!(bench.get(&cache, "a").as_deref(), Some("3"));
    assert_eq!(bench.shard.stats(cache.id).removals.flushed, 1);
}

#[test]
fn suspend_answers_and_keeps_nothing_and_resume_brings_nothing_back() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    bench.fill(&cache, "a", "1");
    bench.shard.suspend();
    let ticket = bench.ask(&cache, "a");
    assert_eq!(
        bench.settle(&cache, "a", ticket, "2", None),
        Settled::PassedOn
    );
    bench.set(&cache, "b", "2");
    bench.shard.resume();
    assert_eq!(
        (bench.get(&cache, "a"), bench.get(&cache, "b")),
        (None, None)
    );
    let deaf = bench.ask(&cache, "a");
    assert_eq!(
        bench.settle(&cache, "a", ticket, "old", None),
        Settled::PassedOn
    );
    assert_eq!(bench.settle(&cache, "a", deaf, "new", None), Settled::Kept);
}

#[test]
fn write_through_a_nested_name_drops_the_other_caches_entry() {
    let mut bench = Bench::new();
    let user = bench.open("user", 9, Eviction::Fifo);
    let admin = bench.open("user:admin", 9, Eviction::Fifo);
    bench.fill(&user, "admin:1", "old");
    let under_way = bench.ask(&admin, "1");
    bench.set(&admin, "1", "new");
    assert_eq!(bench.get(&user, "admin:1"), None);
    assert_eq!(
        bench.settle(&admin, "1", under_way, "old", None),
        Settled::PassedOn
    );
    bench.fill(&user, "admin:1", "new");
    bench.invalidate("user:admin:1");
    assert_eq!(
        (bench.get(&user, "admin:1"), bench.get(&admin, "1")),
        (None, None)
    );
}

#[test]
fn answered_to_a_cache_elsewhere_drops_what_differs_and_nothing_else() {
    let mut bench = Bench::new();
    let user = bench.open("user", 9, Eviction::Fifo);
    let entry = |value| Answer::Entry { value, ttl: None };
    for (answer, left) in [
        (entry(b"v"), Some("v")),
        (entry(b"w"), None),
        (NOTHING, None),
        (Answer::WrongType, None),
    ] {
        bench.set(&user, "admin:1", "v");
        bench.set(&user, "admin:2", "v");
        let hash = bench.hash(&user, "admin:1");
        bench.shard.answered(hash, "user:admin:1", answer);
        assert_eq!(bench.get(&user, "admin:1").as_deref(), left, "{answer:?}");
        assert_eq!(bench.get(&user, "admin:2").as_deref(), Some("v"));
    }
}

#[test]
fn invalidate_bucket_kills_nested_names_both_ways_and_no_others() {
    let mut bench = Bench::new();
    let [outer, inner, other] = ["user", "user:admin:x", "users"].map(|name| {
        let cache = bench.open(name, 9, Eviction::Fifo);
        bench.fill(&cache, "1", "v");
        cache
    });
    bench.shard.invalidate_bucket("user:admin");
    assert_eq!(
        (bench.get(&outer, "1"), bench.get(&inner, "1")),
        (None, None)
    );
    assert_eq!(bench.get(&other, "1").as_deref(), Some("v"));
}

/// More keys than stripes: most share one with another of the same call.
#[test]
fn end_writes_of_one_call_keep_each_other() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 5_000, Eviction::Fifo);
    let keys: Vec<String> = (0..5_000).map(|key| key.to_string()).collect();
    let hashed: Vec<_> = keys
        .iter()
        .map(|key| (bench.hash(&cache, key), key.as_str()))
        .collect();
    let tickets = bench
        .shard
        .begin_writes(cache.id, &hashed, &|| Moment::from_nanos(1));
    bench.invalidate("n:7");
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
    bench.shard.end_writes(cache.id, &writes);
    bench.shard.validate();
    assert_eq!(
        bench.get(&cache, "7"),
        None,
        "somebody else has written it meanwhile"
    );
    let kept = bench.shard.stats(cache.id).local_len;
    assert!((4_900..5_000).contains(&kept), "{kept} of 5,000 are kept");
}

#[test]
fn settle_by_one_cache_drops_what_differs_from_it_in_others_that_have_the_key() {
    let mut bench = Bench::new();
    let outer = bench.open("user", 9, Eviction::Fifo);
    let nested = bench.open("user:admin", 9, Eviction::Fifo);
    bench.fill(&nested, "1", "old");
    bench.fill(&nested, "2", "same");
    let asked = ["admin:1", "admin:2"].map(|key| (key, bench.ask(&outer, key)));
    for ((key, ticket), value) in asked.into_iter().zip(["new", "same"]) {
        bench.settle(&outer, key, ticket, value, None);
    }
    assert_eq!(
        bench.get(&nested, "1"),
        None,
        "its reader has seen the new one"
    );
    assert_eq!(bench.get(&nested, "2").as_deref(), Some("same"));
    assert_eq!(bench.get(&outer, "admin:1").as_deref(), Some("new"));
}

#[test]
fn end_write_after_l2_has_answered_a_reader_keeps_nothing() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    for key in ["new", "held"] {
        if key == "held" {
            bench.fill(&cache, key, "old");
        }
        let write = bench.begin(&cache, key);
        let ticket = bench.ask(&cache, key);
        bench.settle(&cache, key, ticket, "foreign", None);
        bench.end(&cache, key, write, Some("own"));
        assert_eq!(bench.get(&cache, key), None, "which of them came last?");
    }
}

#[test]
fn end_write_after_answers_from_before_it_keeps_its_value() {
    let mut bench = Bench::new();
    let cache = bench.open("n", 9, Eviction::Fifo);
    let ticket = bench.ask(&cache, "k");
    bench.settle(&cache, "k", ticket, "old", None);
    bench.set(&cache, "k", "own");
    assert_eq!(bench.get(&cache, "k").as_deref(), Some("own"));
}
