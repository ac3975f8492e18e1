//! Options of a cache that need more than `wasi:keyvalue` has a call for.

use super::cache::{Cache, DRAFTS, Expiry, Options, Resilience, text, with_l1};
use super::clock::Clock;
use super::hosts::{Fault, Host};

#[test]
fn refresh_ttl_on_get_extends_the_ttl_at_reads_from_either_tier() {
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
        for tier in ["local", "store"] {
            clock.pass(900);
            assert_eq!(cache.get("1"), Ok(Some(text("Ada"))), "from the {tier}");
            assert_eq!(cache.ttl("1"), Ok(Some(Expiry::AfterMs(1_000))));
            cache.local_clear();
        }
        assert_eq!(cache.stats().backend_errors, 0);
        clock.pass(1_000);
        assert_eq!(cache.get("1"), Ok(None));
    }
}

#[test]
fn store_default_is_stored_where_the_key_is_absent() {
    for draft in DRAFTS {
        let (host, clock) = (Host::with(["default"]), Clock::new());
        let options = Options {
            default: Some(text("nobody")),
            store_default: true,
            ..with_l1()
        };
        let mut cache = Cache::over(&host, draft, &clock, &options);
        assert_eq!(cache.get("1"), Ok(Some(text("nobody"))), "{draft:?}");
        assert_eq!(host.raw("user:1"), Some(b"nobody".to_vec()));
        host.put("user:2", b"Ada");
        assert_eq!(cache.get("2"), Ok(Some(text("Ada"))));
        host.held().write_fault = Some(Fault::Other);
        assert_eq!(cache.get("3"), Ok(Some(text("nobody"))));
        assert_eq!(cache.stats().backend_errors, 1);
        assert_eq!(host.raw("user:3"), None);
    }
}

#[test]
fn max_staleness_without_changes_disables_local_hits() {
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
