//! What is served and cached when L2 fails.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use flipcache::backend::{BackendError, FeedEvent, KvBackend, Listener};
use flipcache::component::{Cache, CacheError, Source};
use flipcache::{Expiry, Options, Value, ValueType};

use super::world::{FakeClock, get_text, local, over, refused, set, text};
use crate::faulty_backend::{Fault, FaultyBackend};
use crate::stores::in_memory;

fn cache_over_faulty(options: Options) -> (Arc<FaultyBackend>, Cache) {
    let faulty = FaultyBackend::over(in_memory().backend);
    let cache = over(faulty.clone())
        .open("n", options)
        .expect("it must open");
    (faulty, cache)
}

/// Q2.
#[test]
fn set_that_failed_is_not_served_by_the_local_tier() {
    let (faulty, cache) = cache_over_faulty(Options::default());
    set(&cache, "k", "old");
    faulty.set_fault(Fault::Down);
    let error = refused(cache.set("k", text("new"), Expiry::Inherit));
    assert!(
        matches!(error, CacheError::Backend(BackendError::Unavailable(_))),
        "{error:?}"
    );
    assert_eq!(local(&cache), "");
    faulty.set_fault(Fault::Off);
    assert_eq!(get_text(&cache, "k"), (Some("old".into()), Source::Backend));
}

#[test]
fn set_whose_outcome_is_unknown_is_read_from_l2() {
    let (faulty, cache) = cache_over_faulty(Options::default());
    set(&cache, "k", "old");
    faulty.set_fault(Fault::LostReplies);
    let error = refused(cache.set("k", text("new"), Expiry::Inherit));
    assert!(
        matches!(error, CacheError::Backend(BackendError::Timeout)),
        "{error:?}"
    );
    faulty.set_fault(Fault::Off);
    assert_eq!(get_text(&cache, "k"), (Some("new".into()), Source::Backend));
}

/// Q3.
#[test]
fn set_that_fails_five_hundred_times_never_grows_the_local_tier() {
    let (faulty, cache) = cache_over_faulty(Options {
        local_max: 2,
        ..Options::default()
    });
    faulty.set_fault(Fault::Down);
    for key in 0..500 {
        refused(cache.set(&key.to_string(), text("v"), Expiry::Inherit));
        let stats = cache.stats().expect("the cache must tell its stats");
        assert_eq!((stats.local_len, stats.local_bytes), (0, 0));
    }
    faulty.set_fault(Fault::Off);
    for key in 0..10 {
        set(&cache, &key.to_string(), "v");
    }
    assert_eq!(local(&cache), "89");
    assert_eq!(
        cache
            .stats()
            .expect("the cache must tell its stats")
            .backend_errors,
        500
    );
}

#[test]
fn set_with_a_bad_value_among_many_writes_none() {
    let (faulty, cache) = cache_over_faulty(Options {
        value_type: ValueType::Json,
        ..Options::default()
    });
    let entries =
        [("a", "1"), ("b", "{")].map(|(key, json)| (key.to_owned(), Value::Json(json.into())));
    let error = refused(cache.set_many(entries, Expiry::Inherit));
    assert!(matches!(error, CacheError::InvalidValue(_)), "{error:?}");
    assert_eq!(
        (faulty.calls(), local(&cache).as_str()),
        (vec![], ""),
        "nothing may have been sent"
    );
}

#[test]
fn delete_whose_outcome_is_unknown_is_not_served_by_the_local_tier() {
    let (faulty, cache) = cache_over_faulty(Options::default());
    set(&cache, "k", "v");
    faulty.set_fault(Fault::LostReplies);
    refused(cache.delete(&["k".into()]));
    faulty.set_fault(Fault::Off);
    assert_eq!(get_text(&cache, "k"), (None, Source::None));
}

#[test]
fn get_local_entries_are_served_while_l2_is_down() {
    let (faulty, cache) = cache_over_faulty(Options::default());
    set(&cache, "k", "v");
    faulty.set_fault(Fault::Down);
    assert_eq!(get_text(&cache, "k"), (Some("v".into()), Source::Local));
    assert!(cache.contains("k").expect("the local tier has it"));
    refused(cache.get("other"));
    refused(cache.get_many(&["k".into(), "other".into()]));
    faulty.set_fault(Fault::Off);
    assert_eq!(
        get_text(&cache, "other"),
        (None, Source::None),
        "the next call must work"
    );
}

#[test]
fn get_default_that_cannot_be_stored_is_returned() {
    let (faulty, cache) = cache_over_faulty(Options {
        default: Some(text("d")),
        store_default: true,
        ..Options::default()
    });
    faulty.set_fault(Fault::Full);
    for _ in 0..2 {
        assert_eq!(get_text(&cache, "k"), (Some("d".into()), Source::Default));
    }
    let stats = cache.stats().expect("the cache must tell its stats");
    assert_eq!((stats.backend_errors, local(&cache).as_str()), (2, ""));
    faulty.set_fault(Fault::Off);
    assert_eq!(get_text(&cache, "k"), (Some("d".into()), Source::Default));
    assert_eq!(get_text(&cache, "k"), (Some("d".into()), Source::Local));
}

#[test]
fn get_that_cannot_extend_a_ttl_still_serves_the_entry_until_it_expires() {
    let clock = FakeClock::default();
    let faulty = FaultyBackend::over(clock.backend());
    let ttl = Duration::from_secs(8);
    let options = Options {
        ttl: Some(ttl),
        refresh_ttl_on_get: true,
        ..Options::default()
    };
    let cache = clock
        .instance(faulty.clone())
        .open("n", options)
        .expect("it must open");
    set(&cache, "k", "v");
    faulty.set_fault(Fault::Down);
    clock.advance(ttl / 2);
    assert_eq!(get_text(&cache, "k"), (Some("v".into()), Source::Local));
    refused(cache.get_many(&["k".into(), "other".into()]));
    clock.advance(ttl / 2);
    refused(cache.get("k"));
}

#[test]
fn get_many_reads_l2_once_and_only_for_missing_keys() {
    let (faulty, cache) = cache_over_faulty(Options::default());
    set(&cache, "a", "1");
    faulty.calls();
    let keys: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
    cache.get_many(&keys).expect("they must be read");
    assert_eq!(faulty.calls(), ["get"]);
    cache.get_many(&["a".into()]).expect("it must be read");
    assert_eq!(faulty.calls(), [""; 0]);
    cache
        .set_many(
            keys.into_iter().map(|key| (key, text("v"))),
            Expiry::Inherit,
        )
        .expect("they must be written");
    assert_eq!(faulty.calls(), ["set"]);
}

#[test]
fn get_from_a_backend_that_returns_too_few_slots_is_an_error_and_caches_nothing() {
    let (faulty, cache) = cache_over_faulty(Options {
        store_default: true,
        default: Some(text("d")),
        ..Options::default()
    });
    faulty.set_fault(Fault::Short);
    let error = refused(cache.get("k"));
    assert!(
        matches!(error, CacheError::Backend(BackendError::Other(_))),
        "{error:?}"
    );
    refused(cache.set_if_absent("k", text("v"), Expiry::Inherit));
    refused(cache.ttl("k"));
    assert_eq!(local(&cache), "");
    faulty.set_fault(Fault::Off);
    assert_eq!(get_text(&cache, "k").0.as_deref(), Some("v"));
}

#[test]
fn get_from_a_backend_that_panics_is_an_error_and_the_next_call_works() {
    let (faulty, cache) = cache_over_faulty(Options::default());
    set(&cache, "k", "v");
    cache.local_clear().expect("the local tier must answer");
    faulty.set_fault(Fault::Panics);
    let error = refused(cache.get("k"));
    assert!(
        matches!(error, CacheError::Backend(BackendError::Other(_))),
        "{error:?}"
    );
    faulty.set_fault(Fault::Off);
    assert_eq!(get_text(&cache, "k"), (Some("v".into()), Source::Backend));
}

/// The part that was written before may take effect.
#[test]
fn write_to_a_backend_that_panics_is_published() {
    let faulty = FaultyBackend::with_feed(in_memory().backend);
    let open = || {
        let cache = over(faulty.clone()).open("n", Options::default());
        cache.expect("it must open")
    };
    let (cache, feed) = (open(), faulty.feed().expect("it has one"));
    let told = Arc::new(Told::default());
    let listener: Arc<dyn Listener> = told.clone();
    feed.subscribe(&listener);
    faulty.set_fault(Fault::Panics);
    refused(cache.set("k", text("v"), Expiry::Inherit));
    refused(cache.delete(&["l".to_owned()]));
    assert_eq!(*told.0.lock().expect("no panic in here"), ["n:k", "n:l"]);
}

#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Listener for Told {
    fn on_event(&self, event: FeedEvent<'_>) {
        if let FeedEvent::Key(key) = event {
            let mut told = self.0.lock().expect("no panic in here");
            told.push(key.to_owned());
        }
    }
}

#[test]
fn clear_that_failed_leaves_the_local_tier_empty() {
    let (faulty, cache) = cache_over_faulty(Options::default());
    set(&cache, "k", "v");
    faulty.set_fault(Fault::Down);
    refused(cache.clear());
    assert_eq!(local(&cache), "");
    faulty.set_fault(Fault::Off);
    assert_eq!(get_text(&cache, "k"), (Some("v".into()), Source::Backend));
}

#[test]
fn get_default_that_cannot_be_stored_is_an_error() {
    let options = Options {
        default: Some(text("d")),
        store_default: true,
        ..Options::default()
    };
    let (faulty, cache) = cache_over_faulty(options);
    // The read itself finds nothing; only the write after it fails.
    faulty.set_fault(Fault::LostReplies);
    refused(cache.get("k"));
    faulty.set_fault(Fault::Off);
    assert_eq!(get_text(&cache, "k"), (Some("d".into()), Source::Default));
    assert_eq!(faulty.calls().last(), Some(&"set_if_absent"));
}
