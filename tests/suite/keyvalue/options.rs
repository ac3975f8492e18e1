//! Options of a cache that need what `wasi:keyvalue` cannot do.

use super::cache::{
    BackendError, Cache, DRAFTS, Error, Expiry, Options, Resilience, text, with_l1,
};
use super::clock::Clock;
use super::hosts::Host;

#[test]
fn refresh_ttl_on_get_reads_the_value_and_does_not_prolong_it() {
    for draft in DRAFTS {
        let (host, clock) = (Host::with(["default"]), Clock::new());
        let options = Options {
            ttl_ms: Some(1_000),
            refresh_ttl_on_get: true,
            ..with_l1()
        };
        let mut cache = Cache::over(&host, draft, &clock, &options);
        assert_eq!(
            cache.set("1", &text("Ada"), Expiry::Inherit),
            Ok(()),
            "{draft:?}"
        );
        let stored = host.raw("user:1");
        clock.pass(900);
        for tier in ["local", "store"] {
            assert_eq!(cache.get("1"), Ok(Some(text("Ada"))), "from the {tier}");
            cache.local_clear();
        }
        assert_eq!(host.raw("user:1"), stored);
        assert_eq!(cache.stats().backend_errors, 2, "the refusals are counted");
        clock.pass(100);
        assert_eq!(cache.get("1"), Ok(None), "it ended when it was to end");
    }
}

#[test]
fn store_default_is_refused_at_the_read_that_would_store_it() {
    for draft in DRAFTS {
        let host = Host::with(["default"]);
        let options = Options {
            default: Some(text("nobody")),
            ..with_l1()
        };
        let mut cache = Cache::over(&host, draft, &Clock::new(), &options);
        assert_eq!(
            cache.get("1"),
            Ok(Some(text("nobody"))),
            "a default alone is none"
        );
        let options = Options {
            store_default: true,
            ..options
        };
        let mut cache = Cache::over(&host, draft, &Clock::new(), &options);
        let refused = cache.get("1");
        assert!(
            matches!(&refused, Err(Error::Backend(BackendError::Unsupported(_)))),
            "{draft:?}: {refused:?}"
        );
        host.put("user:1", b"Ada");
        assert_eq!(cache.get("1"), Ok(Some(text("Ada"))));
    }
}

#[test]
fn max_staleness_asks_for_news_that_do_not_come_so_the_local_tier_answers_nothing() {
    let host = Host::with(["default"]);
    let mut cache = Cache::over(&host, DRAFTS[0], &Clock::new(), &with_l1());
    let asking = Resilience {
        stale_on_error_ms: 0,
        absent_ttl_ms: 0,
        ttl_jitter_percent: 0,
        max_staleness_ms: Some(0),
    };
    cache.open_with(&with_l1(), asking);
    assert_eq!(cache.set("1", &text("Ada"), Expiry::Inherit), Ok(()));
    host.put("user:1", b"Bob");
    assert_eq!(cache.get("1"), Ok(Some(text("Bob"))));
    assert_eq!(cache.stats().local_hits, 0);
}
