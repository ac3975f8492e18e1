//! What the cache reads and writes in the host's store.

use super::cache::{Cache, DRAFTS, Expiry, strings, text, with_l1, without_l1};
use super::clock::Clock;
use super::hosts::Host;

#[test]
fn set_value_is_stored_plain_under_the_name_and_read() {
    for draft in DRAFTS {
        let host = Host::with(["default"]);
        let mut cache = Cache::over(&host, draft, &Clock::new(), &without_l1());
        assert_eq!(cache.get("1"), Ok(None), "{draft:?}");
        assert_eq!(cache.set("1", &text("Ada"), Expiry::Inherit), Ok(()));
        assert_eq!(host.raw("user:1"), Some(b"Ada".to_vec()));
        assert_eq!(cache.get("1"), Ok(Some(text("Ada"))));
        assert_eq!(host.calls(), ["get", "set", "get"]);
    }
}

#[test]
fn get_value_of_another_client_has_no_ttl() {
    for draft in DRAFTS {
        let host = Host::with(["default"]);
        host.put("user:1", b"Ada");
        host.put("user:2", &[0xff, b'F', b'C', 1, 0]);
        let mut cache = Cache::over(&host, draft, &Clock::new(), &without_l1());
        assert_eq!(cache.get("1"), Ok(Some(text("Ada"))), "{draft:?}");
        assert_eq!(cache.ttl("1"), Ok(Some(Expiry::Never)));
        let damaged = cache.get("2").expect_err("it is no envelope");
        assert!(format!("{damaged:?}").contains("WrongType"), "{damaged:?}");
        assert_eq!(cache.contains("2"), Ok(true), "something is there");
        assert_eq!(cache.set("2", &text("Bob"), Expiry::Inherit), Ok(()));
        assert_eq!(cache.get("2"), Ok(Some(text("Bob"))));
    }
}

#[test]
fn get_hit_makes_no_call_of_the_host() {
    for draft in DRAFTS {
        let host = Host::with(["default"]);
        let mut cache = Cache::over(&host, draft, &Clock::new(), &with_l1());
        host.put("user:1", b"Ada");
        assert_eq!(cache.get("1"), Ok(Some(text("Ada"))), "{draft:?}");
        host.calls();
        assert_eq!(cache.get("1"), Ok(Some(text("Ada"))));
        assert_eq!(host.calls(), Vec::<&str>::new());
        assert_eq!(
            (cache.stats().local_hits, cache.stats().backend_hits),
            (1, 1)
        );
    }
}

#[test]
fn calls_of_many_keys_are_one_call_of_the_host() {
    for draft in DRAFTS {
        let host = Host::with(["default"]);
        let mut cache = Cache::over(&host, draft, &Clock::new(), &without_l1());
        let entries = [("b", "2"), ("a", "1"), ("b", "3")];
        let entries = entries.map(|(key, value)| (key.to_owned(), text(value)));
        assert_eq!(cache.set_many(&entries, Expiry::Inherit), Ok(()));
        assert_eq!(host.calls(), ["set-many"], "{draft:?}");
        let values = cache.get_many(&strings(["b", "none", "a", "b"]));
        let expected = vec![Some(text("3")), None, Some(text("1")), Some(text("3"))];
        assert_eq!(values, Ok(expected), "the last value of a key counts");
        assert_eq!(host.calls(), ["get-many"]);
        let deleted = cache.delete_many(&strings(["a", "none", "a", "b"]));
        assert_eq!(deleted, Ok(2), "each that was there counts once");
        assert_eq!(host.calls(), ["get-many", "delete-many"]);
        assert_eq!(host.raw("user:a"), None);
    }
}

#[test]
fn open_uses_the_store_default_or_else_the_one_without_a_name() {
    for draft in DRAFTS {
        for (identifiers, expected) in [(vec!["", "default"], "default"), (vec![""], "")] {
            let host = Host::default();
            for identifier in &identifiers {
                let stores = &mut host.held().stores;
                stores.insert((*identifier).to_owned(), [].into());
            }
            let mut cache = Cache::over(&host, draft, &Clock::new(), &without_l1());
            assert_eq!(cache.set("1", &text("Ada"), Expiry::Inherit), Ok(()));
            let held = host.held();
            let store = &held.stores[expected];
            assert!(store.contains_key("user:1"), "{draft:?} {identifiers:?}");
        }
    }
}
