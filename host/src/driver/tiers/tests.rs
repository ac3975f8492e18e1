use flipcache_core::{BackendReply, FillOutcome, MAX_KEY_BYTES};

use super::*;
use crate::backend::Bucket;
use crate::clock::Clock;
use crate::shard::InProcess;

const MEBIBYTE: u64 = 1 << 20;

/// Tiers in so many shards of so many bytes each.
fn tiers(count: usize, max_bytes: u64) -> Tiers {
    let shard = |_| Locked::new(InProcess::new(Clock::system(), max_bytes));
    Tiers::new((0..count).map(shard), max_bytes)
}

fn open(tiers: &Tiers, name: &str, local_max: u32) -> Opened {
    let options = Options {
        local_max,
        ..Options::default()
    };
    let opened = tiers.open(None, name, &options, Duration::ZERO);
    opened.expect("there is a place for it")
}

fn ask(tiers: &Tiers, opened: &Opened, key: &str) -> flipcache_core::Ticket {
    let hash = opened.seed.hash(key);
    tiers.with(opened, hash, |shard| shard.ticket(opened.cache, hash, key))
}

fn settle(
    tiers: &Tiers,
    opened: &Opened,
    key: &str,
    ticket: flipcache_core::Ticket,
    value: &[u8],
) -> FillOutcome {
    let hash = opened.seed.hash(key);
    let ttl = Some(Duration::from_secs(600));
    let answer = BackendReply::Entry { value, ttl };
    tiers.with(opened, hash, |shard| {
        shard.settle(opened.cache, hash, key, ticket, answer)
    })
}

fn fill(tiers: &Tiers, opened: &Opened, key: &str, value: &[u8]) -> FillOutcome {
    settle(tiers, opened, key, ask(tiers, opened, key), value)
}

fn held(tiers: &Tiers, opened: &Opened, key: &str) -> Option<Vec<u8>> {
    let hash = opened.seed.hash(key);
    tiers.with(opened, hash, |shard| {
        let held = shard.peek(opened.cache, hash, key);
        held.map(<[u8]>::to_vec)
    })
}

#[test]
fn open_again_with_bounds_that_hold_the_entries_keeps_them_all() {
    for (before, after) in [(1_000, 127), (1_000, 40), (127, 1_000), (40, u32::MAX)] {
        let tiers = tiers(2, MEBIBYTE);
        let opened = open(&tiers, "n", before);
        let keys: Vec<String> = (0..40).map(|key| key.to_string()).collect();
        for key in &keys {
            assert_eq!(
                fill(&tiers, &opened, key, key.as_bytes()),
                FillOutcome::Stored
            );
        }
        let again = open(&tiers, "n", after);
        for key in &keys {
            let value = held(&tiers, &again, key);
            assert_eq!(
                value.as_deref(),
                Some(key.as_bytes()),
                "{before} to {after}"
            );
            let hash = again.seed.hash(key);
            let left = tiers.with(&again, hash, |shard| {
                shard.remaining(again.cache, hash, key)
            });
            let left = left.flatten().expect("it has an end still");
            assert!(left <= Duration::from_secs(600), "no life becomes longer");
        }
        assert_eq!(tiers.stats(&again).local_len, 40);
    }
}

#[test]
fn open_again_that_moves_a_cache_makes_answers_under_way_void_and_leaves_others_alone() {
    let tiers = tiers(2, MEBIBYTE);
    let [opened, inner] = ["n", "n:inner"].map(|name| open(&tiers, name, 1_000));
    fill(&tiers, &inner, "k", b"v");
    let keys: Vec<String> = (0..40).map(|key| key.to_string()).collect();
    let asked: Vec<_> = keys.iter().map(|key| ask(&tiers, &opened, key)).collect();
    // There and back: the tickets are of the shards where the keys are again.
    for local_max in [10, 1_000] {
        open(&tiers, "n", local_max);
    }
    for (key, ticket) in keys.iter().zip(asked) {
        let settled = settle(&tiers, &opened, key, ticket, b"old");
        assert_eq!(settled, FillOutcome::NotStored);
    }
    assert!(
        held(&tiers, &inner, "k").is_some(),
        "its bounds are as they were"
    );
}

#[test]
fn with_each_while_a_cache_moves_works_on_every_key_once_and_where_it_is() {
    let tiers = tiers(2, MEBIBYTE);
    let opened = open(&tiers, "n", 1_000);
    let texts: Vec<String> = (0..100).map(|key| key.to_string()).collect();
    let keys: Vec<_> = texts
        .iter()
        .map(|key| (opened.seed.hash(key), key.as_str()))
        .collect();
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                for local_max in [10, 1_000] {
                    open(&tiers, "n", local_max);
                }
            }
        });
        for _ in 0..300 {
            let mut worked = vec![0; keys.len()];
            tiers.with_each(&opened, &keys, |_, indices| {
                assert!(indices.is_sorted());
                for at in indices {
                    worked[*at] += 1;
                }
            });
            assert_eq!(worked, vec![1; keys.len()]);
        }
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn fill_with_a_value_that_the_bytes_of_a_cache_hold_is_kept_in_any_number_of_shards() {
    let tiers = tiers(64, 16 * MEBIBYTE);
    let options = Options {
        local_max: 10_000,
        local_max_bytes: Some(8 * MEBIBYTE),
        ..Options::default()
    };
    let opened = tiers.open(None, "n", &options, Duration::ZERO);
    let opened = opened.expect("there is a place for it");
    assert_eq!(
        fill(&tiers, &opened, "k", &[0; 130 << 10]),
        FillOutcome::Stored
    );
    assert_eq!(tiers.stats(&opened).too_large, 0);
    let beyond = vec![0; 9 << 20];
    assert_eq!(fill(&tiers, &opened, "l", &beyond), FillOutcome::NotStored);
    assert_eq!(
        tiers.stats(&opened).too_large,
        1,
        "what is refused is counted"
    );
}

#[test]
fn hear_of_a_key_that_is_too_long_for_any_cache_drops_nothing() {
    let tiers = tiers(1, MEBIBYTE);
    let opened = open(&tiers, "n", 100);
    fill(&tiers, &opened, "k", b"v");
    for foreign in ["k".repeat(2 << 20), ":".repeat(MAX_KEY_BYTES + 1)] {
        tiers.on_event(FeedEvent::Key(&format!("n:{foreign}")));
        assert!(held(&tiers, &opened, "k").is_some());
    }
    tiers.on_event(FeedEvent::Key("n:k"));
    assert!(held(&tiers, &opened, "k").is_none());
}

#[test]
fn open_any_number_of_names_one_after_the_other_finds_a_place_and_old_entries_nowhere() {
    let tiers = tiers(2, MEBIBYTE);
    let kept = open(&tiers, "kept", 100);
    fill(&tiers, &kept, "k", b"kept");
    for number in 0..1_000 {
        let opened = open(&tiers, &format!("name{number}"), 100);
        assert_eq!(held(&tiers, &opened, "k"), None, "it is a new cache");
        assert_eq!(tiers.stats(&opened), Stats::default());
        fill(&tiers, &opened, "k", b"v");
        tiers.close(&opened);
    }
    assert_eq!(tiers.stats_of_all().len(), 256, "the others have ended");
    assert_eq!(held(&tiers, &kept, "k").as_deref(), Some(&b"kept"[..]));
    let recent = open(&tiers, "name999", 100);
    assert!(held(&tiers, &recent, "k").is_some(), "it was closed lately");
    let local_len = |opened| tiers.stats(opened).local_len;
    assert_eq!(local_len(&kept) + local_len(&recent), 2);
}

#[test]
fn open_of_a_name_whose_place_was_anothers_hears_only_of_its_own_keys() {
    let tiers = tiers(2, MEBIBYTE);
    // Names that nest are each other's kin. A name that has ended must be no other's.
    for number in 0..1_000 {
        let opened = open(&tiers, &format!("outer:{number}"), 100);
        tiers.close(&opened);
    }
    let outer = open(&tiers, "outer", 100);
    assert!(outer.place.has_kin());
    fill(&tiers, &outer, "7:k", b"v");
    let bucket = Bucket::new("outer:7").expect("it is a name");
    tiers.on_event(FeedEvent::Bucket(&bucket));
    assert_eq!(held(&tiers, &outer, "7:k"), None);
    for number in 0..300 {
        let opened = open(&tiers, &format!("other{number}"), 100);
        tiers.close(&opened);
    }
    assert!(!outer.place.has_kin(), "its kin has ended");
}

#[test]
fn open_more_names_than_a_tenants_share_is_refused_to_it_alone() {
    let tiers = tiers(2, MEBIBYTE);
    let open = |tenant: &str, number: usize| {
        let name = format!("{tenant}:{number}");
        tiers.open(Some(tenant), &name, &Options::default(), Duration::ZERO)
    };
    let opened: Vec<_> = (0..256)
        .map_while(|number| open("acme", number).ok())
        .collect();
    assert_eq!(opened.len(), 32, "an eighth of the names");
    assert_eq!(open("acme", 99).err(), Some(OpenError::TooManyOfTenant(32)));
    assert!(open("other", 0).is_ok());
    tiers.close(&opened[0]);
    assert!(open("acme", 99).is_ok(), "one of its own has given way");
}
