//! What is answered and kept when L2 fails.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use flipcache::backend::{BackendError, FeedEvent, KvBackend, Listener};
use flipcache::component::{Cache, CacheError, Source};
use flipcache::{Expiry, Options, Value, ValueType};

use super::world::{FakeClock, get_text, local, over, refused, set, text};
use crate::double::{Double, Fault};
use crate::stores::in_memory;

fn cache_over_double(options: Options) -> (Arc<Double>, Cache) {
    let double = Double::over(in_memory().backend);
    let cache = over(double.clone())
        .open("n", options)
        .expect("it must open");
    (double, cache)
}

/// Q2.
#[test]
fn set_that_failed_is_not_answered_by_the_local_tier() {
    let (double, cache) = cache_over_double(Options::default());
    set(&cache, "k", "old");
    double.set_fault(Fault::Down);
    let error = refused(cache.set("k", text("new"), Expiry::Inherit));
    assert!(
        matches!(error, CacheError::Backend(BackendError::Unavailable(_))),
        "{error:?}"
    );
    assert_eq!(local(&cache), "");
    double.set_fault(Fault::Off);
    assert_eq!(get_text(&cache, "k"), (Some("old".into()), Source::Backend));
}

#[test]
fn set_whose_outcome_is_unknown_is_read_from_l2() {
    let (double, cache) = cache_over_double(Options::default());
    set(&cache, "k", "old");
    double.set_fault(Fault::Deaf);
    let error = refused(cache.set("k", text("new"), Expiry::Inherit));
    assert!(
        matches!(error, CacheError::Backend(BackendError::Timeout)),
        "{error:?}"
    );
    double.set_fault(Fault::Off);
    assert_eq!(get_text(&cache, "k"), (Some("new".into()), Source::Backend));
}

/// Q3.
#[test]
fn set_that_fails_five_hundred_times_never_grows_the_local_tier() {
    let (double, cache) = cache_over_double(Options {
        local_max: 2,
        ..Options::default()
    });
    double.set_fault(Fault::Down);
    for key in 0..500 {
        refused(cache.set(&key.to_string(), text("v"), Expiry::Inherit));
        let stats = cache.stats().expect("the cache must tell its stats");
        assert_eq!((stats.local_len, stats.local_bytes), (0, 0));
    }
    double.set_fault(Fault::Off);
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
    let (double, cache) = cache_over_double(Options {
        value_type: ValueType::Json,
        ..Options::default()
    });
    let entries =
        [("a", "1"), ("b", "{")].map(|(key, json)| (key.to_owned(), Value::Json(json.into())));
    let error = refused(cache.set_many(entries, Expiry::Inherit));
    assert!(matches!(error, CacheError::InvalidValue(_)), "{error:?}");
    assert_eq!(
        (double.calls(), local(&cache).as_str()),
        (vec![], ""),
        "nothing may have been sent"
    );
}

#[test]
fn delete_whose_outcome_is_unknown_is_not_answered_by_the_local_tier() {
    let (double, cache) = cache_over_double(Options::default());
    set(&cache, "k", "v");
    double.set_fault(Fault::Deaf);
    refused(cache.delete(&["k".into()]));
    double.set_fault(Fault::Off);
    assert_eq!(get_text(&cache, "k"), (None, Source::None));
}

#[test]
fn get_local_entries_answer_while_l2_is_down() {
    let (double, cache) = cache_over_double(Options::default());
    set(&cache, "k", "v");
    double.set_fault(Fault::Down);
    assert_eq!(get_text(&cache, "k"), (Some("v".into()), Source::Local));
    assert!(cache.contains("k").expect("the local tier has it"));
    refused(cache.get("other"));
    refused(cache.get_many(&["k".into(), "other".into()]));
    double.set_fault(Fault::Off);
    assert_eq!(
        get_text(&cache, "other"),
        (None, Source::None),
        "the next call must work"
    );
}

#[test]
fn get_default_that_cannot_be_stored_is_returned() {
    let (double, cache) = cache_over_double(Options {
        default: Some(text("d")),
        store_default: true,
        ..Options::default()
    });
    double.set_fault(Fault::Full);
    for _ in 0..2 {
        assert_eq!(get_text(&cache, "k"), (Some("d".into()), Source::Default));
    }
    let stats = cache.stats().expect("the cache must tell its stats");
    assert_eq!((stats.backend_errors, local(&cache).as_str()), (2, ""));
    double.set_fault(Fault::Off);
    assert_eq!(get_text(&cache, "k"), (Some("d".into()), Source::Default));
    assert_eq!(get_text(&cache, "k"), (Some("d".into()), Source::Local));
}

#[test]
fn get_that_cannot_prolong_a_life_still_answers_what_is_left_of_it() {
    let clock = FakeClock::default();
    let double = Double::over(clock.backend());
    let ttl = Duration::from_secs(8);
    let options = Options {
        ttl: Some(ttl),
        refresh_ttl_on_get: true,
        ..Options::default()
    };
    let cache = clock
        .instance(double.clone())
        .open("n", options)
        .expect("it must open");
    set(&cache, "k", "v");
    double.set_fault(Fault::Down);
    clock.advance(ttl / 2);
    assert_eq!(get_text(&cache, "k"), (Some("v".into()), Source::Local));
    refused(cache.get_many(&["k".into(), "other".into()]));
    clock.advance(ttl / 2);
    refused(cache.get("k"));
}

#[test]
fn get_many_asks_l2_once_and_only_for_what_is_missing() {
    let (double, cache) = cache_over_double(Options::default());
    set(&cache, "a", "1");
    double.calls();
    let keys: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
    cache.get_many(&keys).expect("they must be read");
    assert_eq!(double.calls(), ["get"]);
    cache.get_many(&["a".into()]).expect("it must be read");
    assert_eq!(double.calls(), [""; 0]);
    cache
        .set_many(
            keys.into_iter().map(|key| (key, text("v"))),
            Expiry::Inherit,
        )
        .expect("they must be written");
    assert_eq!(double.calls(), ["set"]);
}

#[test]
fn get_from_a_backend_that_answers_too_little_is_an_error_and_keeps_nothing() {
    let (double, cache) = cache_over_double(Options {
        store_default: true,
        default: Some(text("d")),
        ..Options::default()
    });
    double.set_fault(Fault::Short);
    let error = refused(cache.get("k"));
    assert!(
        matches!(error, CacheError::Backend(BackendError::Other(_))),
        "{error:?}"
    );
    refused(cache.set_if_absent("k", text("v"), Expiry::Inherit));
    refused(cache.ttl("k"));
    assert_eq!(local(&cache), "");
    double.set_fault(Fault::Off);
    assert_eq!(get_text(&cache, "k").0.as_deref(), Some("v"));
}

#[test]
fn get_from_a_backend_that_panics_is_an_error_and_the_next_call_works() {
    let (double, cache) = cache_over_double(Options::default());
    set(&cache, "k", "v");
    cache.local_clear().expect("the local tier must answer");
    double.set_fault(Fault::Panics);
    let error = refused(cache.get("k"));
    assert!(
        matches!(error, CacheError::Backend(BackendError::Other(_))),
        "{error:?}"
    );
    double.set_fault(Fault::Off);
    assert_eq!(get_text(&cache, "k"), (Some("v".into()), Source::Backend));
}

/// The part that was written before may take effect.
#[test]
fn write_to_a_backend_that_panics_is_told_to_others() {
    let double = Double::with_feed(in_memory().backend);
    let open = || {
        let cache = over(double.clone()).open("n", Options::default());
        cache.expect("it must open")
    };
    let (cache, feed) = (open(), double.feed().expect("it has one"));
    let told = Arc::new(Told::default());
    let listener: Arc<dyn Listener> = told.clone();
    feed.subscribe(&listener);
    double.set_fault(Fault::Panics);
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
    let (double, cache) = cache_over_double(Options::default());
    set(&cache, "k", "v");
    double.set_fault(Fault::Down);
    refused(cache.clear());
    assert_eq!(local(&cache), "");
    double.set_fault(Fault::Off);
    assert_eq!(get_text(&cache, "k"), (Some("v".into()), Source::Backend));
}

#[test]
fn get_default_that_cannot_be_stored_is_an_error() {
    let options = Options {
        default: Some(text("d")),
        store_default: true,
        ..Options::default()
    };
    let (double, cache) = cache_over_double(options);
    // The read itself finds nothing; only the write after it fails.
    double.set_fault(Fault::Deaf);
    refused(cache.get("k"));
    double.set_fault(Fault::Off);
    assert_eq!(get_text(&cache, "k"), (Some("d".into()), Source::Default));
    assert_eq!(double.calls().last(), Some(&"set_if_absent"));
}
