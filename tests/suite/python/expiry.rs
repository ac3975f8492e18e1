//! Lives of entries that one gave and the other sees.

use std::time::{Duration, Instant};

use flipcache::component::{Cache, Source};
use flipcache::{Expiry, Options, ValueType};

use super::meeting::{Ours, meet, unkept};
use super::peer::Peer;
use crate::component::world::{FakeClock, get_text, set, text};
use crate::stores::{PATIENCE, connect};

const HOUR: Duration = Duration::from_secs(3600);

fn for_an_hour() -> Options {
    Options {
        ttl: Some(HOUR),
        ..unkept(ValueType::Text)
    }
}

/// About so many seconds are left of the key's TTL.
#[track_caller]
fn about(ours: &Ours, key: &str, seconds: i64) {
    let left = ours.left(key);
    let expected = (seconds - 30) * 1000..=seconds * 1000;
    assert!(
        expected.contains(&left),
        "about {seconds} s must be left of {key}, not {left} ms"
    );
}

/// Returns whether the cache knows of a life of more than so many seconds.
#[track_caller]
fn lives_longer_than(cache: &Cache, key: &str, seconds: u64) -> bool {
    match cache.ttl(key).expect("L2 must answer") {
        Some(Expiry::After(left)) => left > Duration::from_secs(seconds),
        other => panic!("{key} must have an end, not {other:?}"),
    }
}

/// Section 9.5 and section 3, rows `None` and `int n > 0`: Python's TTLs are kept, in both tiers.
#[test]
fn ttl_of_a_key_of_python_is_its_remaining_time() {
    meet(|python, ours| {
        python.run("cache('n', expire_time=1000)['k'] = 'v'");
        python.run("cache('n')['lasting'] = 'v'");
        let cache = ours.open("n", Options::default());
        // From L2, then from the local tier.
        for source in [Source::Backend, Source::Local] {
            assert!(lives_longer_than(&cache, "k", 970));
            let lasting = cache.ttl("lasting").expect("L2 must answer");
            assert_eq!(lasting, Some(Expiry::Never));
            for key in ["k", "lasting"] {
                assert_eq!(get_text(&cache, key), (Some("v".into()), source));
            }
        }
    });
}

/// Section 9.5 and section 3: Python finds the TTL that was set here.
#[test]
fn set_with_a_ttl_python_sees_it() {
    meet(|python, ours| {
        set(&ours.open("n", for_an_hour()), "k", "v");
        assert_eq!(python.run("3570 < client.ttl('n:k') <= 3600"), "True");
        set(&ours.open("n", unkept(ValueType::Text)), "lasting", "v");
        assert_eq!(python.run("client.ttl('n:lasting')"), "-1");
    });
}

/// Section 9.5 and section 3: a set without a TTL clears one, whoever gave it.
#[test]
fn set_without_a_ttl_removes_that_of_the_other() {
    meet(|python, ours| {
        python.run("cache('n', expire_time=1000)['k'] = 'theirs'");
        set(&ours.open("n", unkept(ValueType::Text)), "k", "ours");
        assert_eq!(python.run("client.ttl('n:k')"), "-1");

        let hourly = ours.open("n", for_an_hour());
        set(&hourly, "k", "ours");
        python.run("cache('n')['k'] = 'theirs'");
        let left = hourly.ttl("k").expect("L2 must answer");
        assert_eq!(left, Some(Expiry::Never));
    });
}

/// Section 3: what has expired is gone for both.
#[test]
fn get_after_the_ttl_is_absent_for_both() {
    meet(|python, ours| {
        python.run("c = cache('n', local_max=0, expire_time=1)");
        python.run("c['theirs'] = 'v'");
        let cache = ours.open("n", Options::default());
        assert_eq!(get_text(&cache, "theirs").1, Source::Backend);
        wait_until("Python's entry ends in both tiers here", || {
            get_text(&cache, "theirs").0.is_none()
        });
        let soon = Expiry::After(Duration::from_millis(50));
        cache
            .set("ours", text("v"), soon)
            .expect("it must be written");
        wait_until("this cache's entry ends for Python", || {
            python.run("(c['ours'], 'ours' in c, len(c))") == "(None, False, 0)"
        });
    });
}

/// Section 2.6: `refresh` is `EXPIRE`, for the other's entries too; without a TTL it changes none.
#[test]
fn refresh_restarts_the_ttl_for_both() {
    meet(|python, ours| {
        python.run("short = cache('n', expire_time=100)");
        python.run("short['k'] = 'v'");
        let hourly = ours.open("n", for_an_hour());
        assert!(hourly.refresh("k").expect("L2 must answer"));
        about(ours, "n:k", 3600);
        python.run("short.refresh('k')");
        about(ours, "n:k", 100);
        python.run("cache('n').refresh('k')");
        let lasting = ours.open("n", unkept(ValueType::Text));
        assert!(lasting.refresh("k").expect("L2 must answer"));
        about(ours, "n:k", 100);
        assert!(!hourly.refresh("absent").expect("L2 must answer"));
        python.run("short.refresh('absent')");
        assert_eq!(ours.all_keys(), ["n:k"]);
    });
}

/// Section 9.5, and step 5 of section 2.2: a read from L2 extends only with flag and TTL.
#[test]
fn get_extends_the_others_ttl_only_with_flag_and_ttl() {
    meet(|python, ours| {
        let begin = |python: &mut Peer| python.run("client.set('n:k', 'v', ex=100)");
        for (options, seconds) in [
            (for_an_hour(), 100),
            (unkept(ValueType::Text), 100),
            (for_an_hour(), 3600),
        ] {
            begin(python);
            let refresh_ttl_on_get = seconds == 3600;
            let flagged = Options {
                refresh_ttl_on_get,
                ..options
            };
            assert_eq!(get_text(&ours.open("n", flagged), "k").1, Source::Backend);
            about(ours, "n:k", seconds);
        }
        for (options, seconds) in [
            ("expire_time=3600", 100),
            ("refresh_expire_time_on_get=True", 100),
            ("expire_time=3600, refresh_expire_time_on_get=True", 3600),
        ] {
            begin(python);
            python.run(&format!("cache('n', {options})['k']"));
            about(ours, "n:k", seconds);
        }
    });
}

/// Section 3, changed on purpose: a key that is read here alone stays alive for Python too, though
/// the local tier could answer.
#[test]
fn get_hot_key_of_the_local_tier_stays_alive_for_python() {
    meet(|python, ours| {
        let clock = FakeClock::default();
        let options = Options {
            ttl: Some(HOUR),
            refresh_ttl_on_get: true,
            ..Options::default()
        };
        let cache = clock
            .instance(connect(&ours.server.url()))
            .open("n", options)
            .expect("it must open");
        set(&cache, "k", "v");
        // Most of its life is over, by both clocks.
        python.run("client.expire('n:k', 100)");
        clock.advance(HOUR - Duration::from_secs(100));
        assert_eq!(get_text(&cache, "k").0.as_deref(), Some("v"));
        about(ours, "n:k", 3600);
        assert_eq!(python.run("cache('n')['k']"), "'v'");
        assert_eq!(get_text(&cache, "k").1, Source::Local);
    });
}

fn wait_until(what: &str, mut happens: impl FnMut() -> bool) {
    let start = Instant::now();
    while !happens() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}
