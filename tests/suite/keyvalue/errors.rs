//! What the host refuses or fails.

use super::cache::{
    BackendError, Cache, DRAFTS, Error, Expiry, Resilience, strings, text, with_l1, without_l1,
};
use super::clock::Clock;
use super::hosts::{Fault, Host};

#[test]
fn open_denied_or_missing_store_fails_with_a_reason() {
    for draft in DRAFTS {
        let host = Host::with(["default"]);
        host.held().open_fault = Some(Fault::Denied);
        let denied = Cache::try_over(&host, draft, &Clock::new(), &without_l1()).err();
        assert!(
            matches!(denied, Some(Error::Denied(_))),
            "{draft:?}: {denied:?}"
        );
        let none = Host::with(["another"]);
        let absent = Cache::try_over(&none, draft, &Clock::new(), &without_l1()).err();
        let Some(Error::Backend(BackendError::Other(why))) = absent else {
            panic!("{draft:?}: {absent:?}");
        };
        assert!(why.contains("no key-value store"), "{why}");
    }
}

#[test]
fn calls_that_fail_in_the_host_are_errors_of_their_kind_and_cache_no_value() {
    for draft in DRAFTS {
        let host = Host::with(["default"]);
        let mut cache = Cache::over(&host, draft, &Clock::new(), &with_l1());
        assert_eq!(cache.set("1", &text("Ada"), Expiry::Inherit), Ok(()));
        let down = ["Unavailable", "OutcomeUnknown"].map(|kind| {
            // A write may have happened.
            format!("{kind}(\"the network is down\")")
        });
        for (fault, [read, written]) in [
            (Fault::Other, down.each_ref().map(String::as_str)),
            (Fault::Denied, ["AccessDenied"; 2]),
            (Fault::NoSuchStore, ["Other"; 2]),
        ] {
            host.held().fault = Some(fault);
            let failures = [
                format!("{:?}", cache.get("2").err()),
                format!("{:?}", cache.get_many(&strings(["2", "3"])).err()),
                format!("{:?}", cache.delete_many(&strings(["1"])).err()),
                format!("{:?}", cache.keys(None, 1).err()),
                format!("{:?}", cache.len().err()),
            ];
            for failure in failures {
                assert!(failure.contains(read), "{draft:?} {fault:?}: {failure}");
            }
            let failure = cache.set("1", &text("Bob"), Expiry::Inherit).err();
            let failure = format!("{failure:?}");
            assert!(failure.contains(written), "{draft:?} {fault:?}: {failure}");
        }
        host.held().fault = None;
        assert_eq!(cache.get("1"), Ok(Some(text("Ada"))), "from the store");
        assert_eq!(
            cache.stats().local_hits,
            0,
            "a write that failed was dropped"
        );
    }
}

#[test]
fn get_while_the_host_fails_is_served_stale() {
    let (host, clock) = (Host::with(["default"]), Clock::new());
    let mut cache = Cache::over(&host, DRAFTS[0], &clock, &with_l1());
    let lenient = Resilience {
        stale_on_error_ms: 60_000,
        absent_ttl_ms: 0,
        ttl_jitter_percent: 0,
        max_staleness_ms: None,
    };
    cache.open_with(&with_l1(), lenient);
    assert_eq!(cache.set("1", &text("Ada"), Expiry::AfterMs(1_000)), Ok(()));
    clock.pass(1_000);
    host.held().fault = Some(Fault::Other);
    assert_eq!(cache.get("1"), Ok(Some(text("Ada"))));
    assert_eq!(cache.stats().stale_hits, 1);
}
