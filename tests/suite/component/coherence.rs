//! The interface `coherence`: the host invalidates entries of an instance.

use flipcache::Options;
use flipcache::Source;

use super::world::{get_text, local, over, set};
use crate::stores::in_memory;

/// Two instances over one store, which only the test invalidates.
fn two_instances() -> [flipcache::component::Instance; 2] {
    let store = in_memory();
    [over(store.backend.clone()), over(store.backend)]
}

/// Q7.
#[test]
fn invalidate_drops_the_keys_and_no_others() {
    let [ours, theirs] = two_instances();
    let [mine, other] = [&ours, &theirs].map(|instance| {
        instance
            .open("user", Options::default())
            .expect("it must open")
    });
    set(&mine, "a", "old");
    set(&mine, "b", "old");
    set(&other, "a", "new");
    assert_eq!(
        get_text(&mine, "a"),
        (Some("old".into()), Source::Local),
        "not invalidated yet"
    );
    ours.invalidate("user", &["a".into(), "unknown".into()])
        .expect("it must be taken");
    assert_eq!(local(&mine), "b");
    assert_eq!(get_text(&mine, "a"), (Some("new".into()), Source::Backend));
    assert_eq!(
        mine.stats()
            .expect("the cache must tell its stats")
            .removals
            .invalidated,
        1
    );
}

#[test]
fn invalidate_under_an_outer_name_reaches_the_nested_cache() {
    let [ours, _] = two_instances();
    let nested = ours
        .open("user:admin", Options::default())
        .expect("it must open");
    set(&nested, "1", "v");
    ours.invalidate("user", &["admin:1".into()])
        .expect("it must be taken");
    assert_eq!(local(&nested), "");
}

#[test]
fn invalidate_all_empties_every_tier() {
    let [ours, _] = two_instances();
    let caches = ["a", "b"].map(|name| ours.open(name, Options::default()).expect("it must open"));
    for cache in &caches {
        set(cache, "k", "v");
    }
    ours.invalidate_all().expect("it must be taken");
    for cache in &caches {
        assert_eq!(local(cache), "");
        assert_eq!(get_text(cache, "k"), (Some("v".into()), Source::Backend));
    }
}

#[test]
fn suspend_reads_l2_every_time_until_resume() {
    let [ours, _] = two_instances();
    let cache = ours.open("n", Options::default()).expect("it must open");
    set(&cache, "k", "v");
    ours.suspend().expect("it must be taken");
    for _ in 0..2 {
        assert_eq!(get_text(&cache, "k").1, Source::Backend);
    }
    set(&cache, "k", "while lost");
    assert_eq!(
        (local(&cache).as_str(), get_text(&cache, "k").1),
        ("", Source::Backend)
    );
    ours.resume().expect("it must be taken");
    assert_eq!(
        get_text(&cache, "k"),
        (Some("while lost".into()), Source::Backend)
    );
    assert_eq!(get_text(&cache, "k").1, Source::Local);
}
