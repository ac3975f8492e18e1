//! Times to live, by deadlines of the wall clock.

use super::cache::{Cache, DRAFTS, Expiry, Source, strings, text, with_l1, without_l1};
use super::clock::{Clock, START};
use super::hosts::Host;

/// Returns the stored form of a value with this deadline and TTL.
fn envelope(deadline: u64, ttl: u64, value: &[u8]) -> Vec<u8> {
    let (deadline, ttl) = (deadline.to_be_bytes(), ttl.to_be_bytes());
    [b"\xffFC\x01", &deadline[..], &ttl, value].concat()
}

#[test]
fn set_with_a_ttl_is_an_envelope_and_expires_in_both_tiers() {
    for draft in DRAFTS {
        for options in [without_l1(), with_l1()] {
            let (host, clock) = (Host::with(["default"]), Clock::new());
            let mut cache = Cache::over(&host, draft, &clock, &options);
            let written = cache.set("1", &text("Ada"), Expiry::AfterMs(1_000));
            assert_eq!(written, Ok(()), "{draft:?}");
            let stored = envelope(START + 1_000, 1_000, b"Ada");
            assert_eq!(host.raw("user:1"), Some(stored.clone()));
            clock.pass(999);
            assert_eq!(cache.get("1"), Ok(Some(text("Ada"))));
            assert_eq!(cache.ttl("1"), Ok(Some(Expiry::AfterMs(1))));
            clock.pass(1);
            assert_eq!(cache.get("1"), Ok(None));
            assert_eq!(cache.ttl("1"), Ok(None));
            assert_eq!(cache.contains("1"), Ok(false));
            assert_eq!(cache.len(), Ok(0));
            assert_eq!(cache.delete_many(&strings(["1"])), Ok(0));
            assert_eq!(
                host.raw("user:1"),
                None,
                "a delete takes what is over along"
            );
        }
    }
}

#[test]
fn get_expired_value_leaves_it_in_the_store() {
    let (host, clock) = (Host::with(["default"]), Clock::new());
    let mut cache = Cache::over(&host, DRAFTS[0], &clock, &without_l1());
    assert_eq!(cache.set("1", &text("Ada"), Expiry::AfterMs(5)), Ok(()));
    clock.pass(5);
    host.calls();
    assert_eq!(cache.get("1"), Ok(None));
    assert_eq!(
        host.calls(),
        ["get"],
        "to delete it might delete another's write"
    );
    assert!(host.raw("user:1").is_some());
}

#[test]
fn set_without_a_ttl_removes_the_previous_one() {
    let (host, clock) = (Host::with(["default"]), Clock::new());
    let mut cache = Cache::over(&host, DRAFTS[0], &clock, &with_l1());
    assert_eq!(cache.set("1", &text("Ada"), Expiry::AfterMs(5)), Ok(()));
    assert_eq!(cache.set("1", &text("Bob"), Expiry::Never), Ok(()));
    clock.pass(u32::MAX.into());
    assert_eq!(cache.get("1"), Ok(Some(text("Bob"))));
}

#[test]
fn get_fills_the_local_tier_for_the_remaining_ttl_at_most() {
    let (host, clock) = (Host::with(["default"]), Clock::new());
    let mut cache = Cache::over(&host, DRAFTS[0], &clock, &with_l1());
    host.put("user:1", &envelope(START + 50, 1_000, b"Ada"));
    for source in [Source::Backend, Source::Local] {
        let found = cache.get_detailed("1").expect("it must be read");
        assert_eq!(format!("{:?}", found.source), format!("{source:?}"));
    }
    clock.pass(50);
    assert_eq!(cache.get("1"), Ok(None));
}

#[test]
fn get_after_the_wall_clock_was_set_back_extends_the_entry_by_one_ttl_at_most() {
    let (host, clock) = (Host::with(["default"]), Clock::new());
    let mut cache = Cache::over(&host, DRAFTS[0], &clock, &with_l1());
    host.put("user:1", &envelope(START + 1_000, 1_000, b"Ada"));
    clock.set_wall(0);
    assert_eq!(cache.get("1"), Ok(Some(text("Ada"))));
    assert_eq!(cache.ttl("1"), Ok(Some(Expiry::AfterMs(1_000))));
    clock.set_wall(START + 1_000);
    assert_eq!(
        cache.get("1"),
        Ok(Some(text("Ada"))),
        "the local tier has it"
    );
    clock.pass(1_000);
    assert_eq!(cache.get("1"), Ok(None), "and not for longer");
}

#[test]
fn set_value_without_a_ttl_that_looks_like_an_envelope_is_read_unchanged() {
    let (host, clock) = (Host::with(["default"]), Clock::new());
    let mut options = without_l1();
    options.value_type = super::cache::ValueType::Bytes;
    let mut cache = Cache::over(&host, DRAFTS[0], &clock, &options);
    let value = super::cache::Value::Bytes(envelope(1, 1, b"over"));
    assert_eq!(cache.set("1", &value, Expiry::Never), Ok(()));
    assert_eq!(cache.get("1"), Ok(Some(value)));
    assert_eq!(cache.ttl("1"), Ok(Some(Expiry::Never)));
}
