//! TTLs of entries, by one clock for both tiers that moves only on demand.

use std::time::Duration;

use flipcache::component::{CacheError, Source};
use flipcache::{Expiry, MAX_TTL, Options, Value, ValueType};

use super::world::{FakeClock, get, get_text, local, refused, set, text};

const SECOND: Duration = Duration::from_secs(1);

fn with_ttl(ttl: Duration) -> Options {
    Options {
        ttl: Some(ttl),
        ..Options::default()
    }
}

/// Q6; section 3.
#[test]
fn get_after_the_ttl_is_a_miss_in_both_tiers() {
    let clock = FakeClock::default();
    let cache = clock
        .instance(clock.backend())
        .open("n", with_ttl(SECOND))
        .expect("it must open");
    set(&cache, "k", "v");
    clock.advance(SECOND - Duration::from_millis(1));
    assert_eq!(get_text(&cache, "k"), (Some("v".into()), Source::Local));
    assert_eq!(
        cache.ttl("k").expect("it is there"),
        Some(Expiry::After(Duration::from_millis(1)))
    );
    clock.advance(Duration::from_millis(1));
    assert_eq!(get_text(&cache, "k"), (None, Source::None));
    assert!(!cache.contains("k").expect("L2 must answer"));
    assert_eq!(
        (
            local(&cache).as_str(),
            cache.ttl("k").expect("L2 must answer")
        ),
        ("", None)
    );
}

/// Q6.
#[test]
fn get_promoted_entry_expires_no_later_than_in_l2() {
    let clock = FakeClock::default();
    let cache = clock
        .instance(clock.backend())
        .open("n", with_ttl(SECOND))
        .expect("it must open");
    set(&cache, "k", "v");
    clock.advance(SECOND * 3 / 4);
    cache.local_clear().expect("the local tier must answer");
    assert_eq!(get_text(&cache, "k").1, Source::Backend);
    assert_eq!(get_text(&cache, "k").1, Source::Local);
    clock.advance(SECOND / 4);
    assert_eq!(get_text(&cache, "k"), (None, Source::None));
}

#[test]
fn set_with_an_expiry_of_its_own_takes_it_instead_of_the_caches() {
    let clock = FakeClock::default();
    let cache = clock
        .instance(clock.backend())
        .open("n", with_ttl(SECOND))
        .expect("it must open");
    cache
        .set("long", text("v"), Expiry::After(4 * SECOND))
        .expect("it must be written");
    cache
        .set("ever", text("v"), Expiry::Never)
        .expect("it must be written");
    clock.advance(2 * SECOND);
    assert_eq!(
        cache.ttl("long").expect("it is there"),
        Some(Expiry::After(2 * SECOND))
    );
    assert_eq!(cache.ttl("ever").expect("it is there"), Some(Expiry::Never));
    cache.local_clear().expect("the local tier must answer");
    assert_eq!(
        cache.ttl("long").expect("it is there"),
        Some(Expiry::After(2 * SECOND))
    );
    assert_eq!(cache.ttl("ever").expect("it is there"), Some(Expiry::Never));
}

/// Q20; section 3, rows `0` and `10**20`.
#[test]
fn set_ttl_of_zero_or_beyond_redis_is_refused_and_writes_nothing() {
    let clock = FakeClock::default();
    let cache = clock
        .instance(clock.backend())
        .open("n", Options::default())
        .expect("it must open");
    set(&cache, "k", "old");
    for ttl in [Duration::ZERO, MAX_TTL + SECOND, Duration::MAX] {
        let error = refused(cache.set("k", text("new"), Expiry::After(ttl)));
        assert!(
            matches!(error, CacheError::InvalidTtl { .. }),
            "{ttl:?}: {error:?}"
        );
        let opened = clock
            .instance(clock.backend())
            .open("n", with_ttl(ttl))
            .map(|_| ());
        let error = refused(opened);
        assert!(
            matches!(error, CacheError::InvalidOptions(_)),
            "{ttl:?}: {error:?}"
        );
    }
    assert_eq!(get_text(&cache, "k").0.as_deref(), Some("old"));
}

/// Q5.
#[test]
fn get_with_refresh_keeps_a_hot_key_alive_in_both_tiers() {
    let clock = FakeClock::default();
    let options = Options {
        refresh_ttl_on_get: true,
        ..with_ttl(8 * SECOND)
    };
    let cache = clock
        .instance(clock.backend())
        .open("n", options)
        .expect("it must open");
    set(&cache, "k", "v");
    for _ in 0..40 {
        clock.advance(SECOND / 2);
        assert_eq!(get_text(&cache, "k").0.as_deref(), Some("v"));
    }
    let stats = cache.stats().expect("the cache must tell its stats");
    assert_eq!(
        (stats.local_hits, stats.backend_hits),
        (20, 20),
        "an eighth of the TTL is two reads here"
    );
    cache.local_clear().expect("the local tier must answer");
    let left = cache.ttl("k").expect("it is there");
    assert_eq!(
        left,
        Some(Expiry::After(8 * SECOND)),
        "the last read must have extended the TTL in L2"
    );
}

#[test]
fn refresh_restarts_the_ttl_in_both_tiers() {
    let clock = FakeClock::default();
    let cache = clock
        .instance(clock.backend())
        .open("n", with_ttl(SECOND))
        .expect("it must open");
    for in_local_tier in [true, false] {
        set(&cache, "k", "v");
        clock.advance(SECOND * 3 / 4);
        if !in_local_tier {
            cache.local_clear().expect("the local tier must answer");
        }
        assert!(cache.refresh("k").expect("L2 must answer"));
        clock.advance(SECOND * 3 / 4);
        assert_eq!(
            get_text(&cache, "k").0.as_deref(),
            Some("v"),
            "local: {in_local_tier}"
        );
        cache.local_clear().expect("the local tier must answer");
        assert_eq!(
            get_text(&cache, "k").0.as_deref(),
            Some("v"),
            "local: {in_local_tier}"
        );
    }
}

#[test]
fn set_without_a_ttl_removes_one() {
    let clock = FakeClock::default();
    let instance = clock.instance(clock.backend());
    let short = instance.open("n", with_ttl(SECOND)).expect("it must open");
    set(&short, "k", "v");
    let lasting = instance
        .open("n", Options::default())
        .expect("it must open");
    set(&lasting, "k", "v");
    clock.advance(2 * SECOND);
    assert_eq!(get_text(&lasting, "k").0.as_deref(), Some("v"));
}

#[test]
fn increment_of_an_absent_key_gives_it_the_ttl_and_a_later_one_leaves_it() {
    let clock = FakeClock::default();
    let options = Options {
        value_type: ValueType::Integer,
        ..with_ttl(SECOND)
    };
    let cache = clock
        .instance(clock.backend())
        .open("n", options)
        .expect("it must open");
    cache.increment("k", 1).expect("L2 must add");
    clock.advance(SECOND / 2);
    assert_eq!(cache.increment("k", 1).expect("L2 must add"), 2);
    assert_eq!(
        cache.ttl("k").expect("it is there"),
        Some(Expiry::After(SECOND / 2))
    );
    clock.advance(SECOND / 2);
    assert_eq!(get(&cache, "k"), (None, Source::None));
    assert_eq!(cache.increment("k", 1).expect("L2 must add"), 1);
}

#[test]
fn store_default_gives_it_the_ttl() {
    let clock = FakeClock::default();
    let options = Options {
        default: Some(Value::Text("d".into())),
        store_default: true,
        ..with_ttl(SECOND)
    };
    let cache = clock
        .instance(clock.backend())
        .open("n", options)
        .expect("it must open");
    get(&cache, "k");
    assert_eq!(
        cache.ttl("k").expect("it is there"),
        Some(Expiry::After(SECOND))
    );
}
