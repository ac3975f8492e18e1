//! Pages of keys, and all of them.

use super::cache::{Cache, DRAFTS, Expiry, text, without_l1};
use super::clock::Clock;
use super::hosts::{Host, HostData};

/// Returns all pages, as their keys.
fn pages(cache: &mut Cache<HostData>, limit: u32) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut cursor = None;
    loop {
        let page = cache.keys(cursor.as_deref(), limit);
        let page = page.expect("it must be listed");
        pages.push(page.keys);
        cursor = page.cursor;
        if cursor.is_none() {
            return pages;
        }
    }
}

fn filled() -> Host {
    let host = Host::with(["default"]);
    for key in ["user:1", "user:2", "user:3", "user", "users:1", "x:user:1"] {
        host.put(key, b"v");
    }
    host
}

#[test]
fn keys_are_those_of_the_name_for_any_page_length_of_the_host() {
    for draft in DRAFTS {
        let host = filled();
        let mut cache = Cache::over(&host, draft, &Clock::new(), &without_l1());
        for page in [None, Some(1), Some(2)] {
            host.held().page = page;
            for limit in [0, 1, 2, u32::MAX] {
                let listed = pages(&mut cache, limit);
                let keys = listed.concat();
                assert_eq!(keys, ["1", "2", "3"], "{draft:?} {page:?} {limit}");
                let longest = listed.iter().map(Vec::len).max();
                assert!(longest <= Some(limit.max(1) as usize), "{listed:?}");
            }
            assert_eq!(cache.len(), Ok(3), "{draft:?} {page:?}");
        }
    }
}

#[test]
fn expired_keys_are_neither_listed_nor_counted() {
    for draft in DRAFTS {
        let (host, clock) = (filled(), Clock::new());
        let mut cache = Cache::over(&host, draft, &clock, &without_l1());
        let written = cache.set("2", &text("v"), Expiry::AfterMs(5));
        assert_eq!(written, Ok(()), "{draft:?}");
        assert_eq!(cache.len(), Ok(3));
        clock.pass(5);
        assert_eq!(pages(&mut cache, 10).concat(), ["1", "3"]);
        assert_eq!(cache.len(), Ok(2));
    }
}

#[test]
fn clear_deletes_every_key_of_the_name_and_of_no_other() {
    for draft in DRAFTS {
        let host = filled();
        for key in 0..100 {
            host.put(&format!("user:nested:{key}"), b"v");
        }
        host.held().page = Some(7);
        let mut cache = Cache::over(&host, draft, &Clock::new(), &without_l1());
        assert_eq!(cache.clear(), Ok(103), "{draft:?}");
        let held = host.held();
        let left: Vec<&String> = held.stores["default"].keys().collect();
        assert_eq!(left, ["user", "users:1", "x:user:1"]);
    }
}

#[test]
fn keys_made_up_cursor_is_an_error() {
    for draft in DRAFTS {
        let host = filled();
        let mut cache = Cache::over(&host, draft, &Clock::new(), &without_l1());
        for cursor in ["", "nonsense", "9:short", ":x"] {
            let listed = cache.keys(Some(cursor), 10);
            assert!(listed.is_err(), "{draft:?} {cursor:?}: {listed:?}");
        }
    }
}
