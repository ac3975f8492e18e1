//! Operations that the interface has no call for: the adapter reads, then writes.

use super::cache::{
    BackendError, Cache, DRAFTS, Error, Expiry, Options, Source, Value, ValueType, text, with_l1,
};
use super::clock::Clock;
use super::hosts::{Fault, Host};

fn integers() -> Options {
    Options {
        value_type: ValueType::Integer,
        ttl_ms: Some(1_000),
        ..with_l1()
    }
}

#[test]
fn set_if_absent_writes_an_absent_key_and_keeps_the_value_of_another_instance() {
    for draft in DRAFTS {
        let (host, clock) = (Host::with(["default"]), Clock::new());
        let mut cache = Cache::over(&host, draft, &clock, &with_l1());
        let mut other = Cache::over(&host, draft, &clock, &with_l1());
        let expiry = || Expiry::AfterMs(1_000);
        let written = cache.set_if_absent("1", &text("Ada"), expiry());
        assert_eq!(written, Ok(true), "{draft:?}");
        assert_eq!(host.calls(), ["get", "set"]);
        assert_eq!(other.set_if_absent("1", &text("Bob"), expiry()), Ok(false));
        assert_eq!(host.calls(), ["get"]);
        for cache in [&mut cache, &mut other] {
            let found = cache.get_detailed("1").expect("it must be read");
            assert!(matches!(found.source, Source::Local), "{found:?}");
            assert_eq!(found.value, Some(text("Ada")));
        }
        clock.pass(1_000);
        let written = other.set_if_absent("1", &text("Bob"), expiry());
        assert_eq!(written, Ok(true), "what has expired is absent");
    }
}

#[test]
fn increment_adds_keeps_the_deadline_and_leaves_no_older_value_in_the_local_tier() {
    for draft in DRAFTS {
        let (host, clock) = (Host::with(["default"]), Clock::new());
        let mut cache = Cache::over(&host, draft, &clock, &integers());
        let mut other = Cache::over(&host, draft, &clock, &integers());
        assert_eq!(cache.increment("1", 5), Ok(5), "{draft:?}");
        assert_eq!(cache.get("1"), Ok(Some(Value::Integer(5))));
        clock.pass(400);
        assert_eq!(other.increment("1", 1), Ok(6));
        host.calls();
        assert_eq!(
            cache.increment("1", -8),
            Ok(-2),
            "it adds to what the store holds"
        );
        assert_eq!(host.calls(), ["get", "set"]);
        let found = cache.get_detailed("1").expect("it must be read");
        assert!(matches!(found.source, Source::Backend), "{found:?}");
        assert_eq!(found.value, Some(Value::Integer(-2)));
        assert_eq!(cache.ttl("1"), Ok(Some(Expiry::AfterMs(600))));
        clock.pass(600);
        assert_eq!(cache.get("1"), Ok(None), "it ended when it was to end");
    }
}

#[test]
fn increment_non_integer_or_overflow_is_the_error_of_other_stores() {
    for draft in DRAFTS {
        let host = Host::with(["default"]);
        let mut cache = Cache::over(&host, draft, &Clock::new(), &integers());
        let held: [(&[u8], &str); 3] = [
            (b"no number", "Undecodable"),
            (&[0xff, b'F', b'C', 1, 0], "WrongType"),
            (b"9223372036854775807", "InvalidValue"),
        ];
        for (bytes, expected) in held {
            host.put("user:1", bytes);
            let refused = format!("{:?}", cache.increment("1", 1).err());
            assert!(refused.contains(expected), "{draft:?}: {refused}");
            assert_eq!(host.raw("user:1").as_deref(), Some(bytes));
        }
    }
}

#[test]
fn refresh_starts_the_ttl_again_in_both_tiers_whether_the_entry_is_local_or_not() {
    for draft in DRAFTS {
        let (host, clock) = (Host::with(["default"]), Clock::new());
        let mut cache = Cache::over(&host, draft, &clock, &integers());
        assert_eq!(cache.set("1", &Value::Integer(1), Expiry::Inherit), Ok(()));
        for tier in ["local", "store"] {
            clock.pass(900);
            assert_eq!(cache.refresh("1"), Ok(true), "{draft:?}, {tier}");
            assert_eq!(cache.ttl("1"), Ok(Some(Expiry::AfterMs(1_000))));
            assert_eq!(cache.get("1"), Ok(Some(Value::Integer(1))));
            cache.local_clear();
        }
        assert_eq!(cache.refresh("none"), Ok(false));
        clock.pass(1_000);
        assert_eq!(cache.get("1"), Ok(None));
        assert_eq!(cache.refresh("1"), Ok(false), "what has expired stays so");
    }
}

#[test]
fn second_step_that_fails_in_the_host_is_an_error_and_caches_no_value() {
    for draft in DRAFTS {
        let host = Host::with(["default"]);
        let mut cache = Cache::over(&host, draft, &Clock::new(), &integers());
        let one = Value::Integer(1);
        assert_eq!(cache.set("1", &one, Expiry::Inherit), Ok(()));
        host.held().write_fault = Some(Fault::Other);
        let failures = [
            cache.set_if_absent("2", &one, Expiry::Inherit).err(),
            cache.increment("1", 1).err(),
            cache.refresh("1").err(),
        ];
        for failure in failures {
            let is_lost = matches!(
                failure,
                Some(Error::Backend(BackendError::OutcomeUnknown(_)))
            );
            assert!(is_lost, "{draft:?}: {failure:?}");
        }
        assert_eq!(cache.get("2"), Ok(None));
        let found = cache.get_detailed("1").expect("it must be read");
        assert!(matches!(found.source, Source::Backend), "{found:?}");
        assert_eq!(found.value, Some(one));
    }
}
