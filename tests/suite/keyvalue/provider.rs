//! `wasi:keyvalue` by the cache.

use std::sync::Arc;
use std::time::Duration;

use flipcache::backend::memory::MemoryBackend;
use flipcache::backend::{KvBackend, Slot};
use flipcache::{Options, Resilience};
use wasmtime::component::ResourceAny;

use super::cache::{DRAFTS, Draft, strings};
use super::provided::{Buckets, Platform, acme};
use crate::faulty_backend::{Fault, FaultyBackend};
use crate::stores::{bucket, get, in_redis, lasting, pairs};

fn in_memory() -> (Platform, Arc<MemoryBackend>) {
    let backend = Arc::new(MemoryBackend::new());
    (Platform::over(backend.clone()), backend)
}

fn some(value: &str) -> Option<Vec<u8>> {
    Some(value.as_bytes().to_vec())
}

fn held(backend: &dyn KvBackend, name: &str, key: &str) -> Slot {
    pollster::block_on(get(backend, &bucket(name), key))
}

#[test]
fn calls_read_and_write_a_cache_of_the_tenant() {
    let (platform, backend) = in_memory();
    for draft in DRAFTS {
        let mut app = platform.run(draft, &acme().build());
        let user = app.open("user").expect("it must open");
        assert_eq!(app.get(user, "1"), Ok(None), "{draft:?}");
        assert_eq!(app.set(user, "1", b"Ada"), Ok(()));
        assert_eq!(held(&*backend, "acme:user", "1"), lasting("Ada"));
        assert_eq!(
            (app.get(user, "1"), app.exists(user, "1")),
            (Ok(some("Ada")), Ok(true))
        );
        assert_eq!(
            app.set_many(user, &pairs([("2", "Bob"), ("3", "Eve")])),
            Ok(())
        );
        let values = app.get_many(user, &strings(["3", "none", "1", "3"]));
        assert_eq!(
            values,
            Ok(vec![some("Eve"), None, some("Ada"), some("Eve")])
        );
        assert_eq!(app.delete(user, "1"), Ok(()));
        assert_eq!(app.delete(user, "1"), Ok(()), "an absent key is no error");
        assert_eq!(app.delete_many(user, &strings(["2", "none"])), Ok(()));
        assert_eq!(app.exists(user, "2"), Ok(false));
        assert_eq!(app.list(user, None), Ok((strings(["3"]), None)));
        assert_eq!(app.delete(user, "3"), Ok(()));
        assert_eq!(app.list(user, None), Ok((vec![], None)));
    }
}

#[test]
fn open_without_an_identifier_is_the_cache_default() {
    let (platform, backend) = in_memory();
    for (draft, value) in DRAFTS.into_iter().zip(["Ada", "Bob"]) {
        let mut app = platform.run(draft, &acme().build());
        let nameless = app.open("").expect("it must open");
        assert_eq!(app.set(nameless, "1", value.as_bytes()), Ok(()));
        assert_eq!(held(&*backend, "acme:default", "1"), lasting(value));
        let named = app.open("default").expect("it must open");
        assert_eq!(app.get(named, "1"), Ok(some(value)), "{draft:?}");
    }
}

#[test]
fn get_hit_is_served_by_the_local_tier_that_all_instances_share() {
    let faulty = FaultyBackend::over(Arc::new(MemoryBackend::new()));
    let platform = Platform::over(faulty.clone());
    let mut writer = platform.run(Draft::First, &acme().build());
    let user = writer.open("user").expect("it must open");
    assert_eq!(writer.set(user, "1", b"Ada"), Ok(()));
    faulty.set_fault(Fault::Down);
    for draft in DRAFTS {
        let mut reader = platform.run(draft, &acme().build());
        let user = reader.open("user").expect("it must open");
        assert_eq!(reader.get(user, "1"), Ok(some("Ada")), "{draft:?}");
        assert_eq!(
            reader.get_many(user, &strings(["1"])),
            Ok(vec![some("Ada")])
        );
    }
}

#[test]
fn calls_that_fail_say_why_without_the_key() {
    let faulty = FaultyBackend::over(Arc::new(MemoryBackend::new()));
    let platform = Platform::over(faulty.clone());
    for draft in DRAFTS {
        faulty.set_fault(Fault::Off);
        let mut app = platform.run(draft, &acme().build());
        let user = app.open("user").expect("it must open");
        for (fault, why) in [
            (Fault::Down, "cannot be reached"),
            (Fault::LostReplies, "in time"),
        ] {
            faulty.set_fault(fault);
            let keys = strings(["s3cret"]);
            let entries = pairs([("s3cret", "v")]);
            let failures = [
                app.get(user, "s3cret").err(),
                app.set(user, "s3cret", b"v").err(),
                app.delete(user, "s3cret").err(),
                app.exists(user, "s3cret").err(),
                app.list(user, None).err(),
                app.get_many(user, &keys).err(),
                app.set_many(user, &entries).err(),
                app.delete_many(user, &keys).err(),
            ];
            for failure in failures {
                let failure = failure.expect("it must fail");
                assert!(failure.contains("Error::Other"), "{draft:?}: {failure}");
                assert!(failure.contains(why), "{draft:?}: {failure}");
                assert!(!failure.contains("s3cret"), "{draft:?}: {failure}");
            }
        }
    }
}

#[test]
fn open_invalid_or_not_granted_name_is_refused_with_the_matching_error() {
    let (platform, _) = in_memory();
    for draft in DRAFTS {
        let mut app = platform.run(draft, &acme().name("user").build());
        for (name, why) in [
            ("n".repeat(5_000), "Error::NoSuchStore"),
            ("other".to_owned(), "Error::AccessDenied"),
            (String::new(), "Error::AccessDenied"),
        ] {
            let refused = app.open(&name).expect_err("it must be refused");
            assert_eq!(refused, why, "{draft:?} {name}");
        }
        assert!(app.open("user").is_ok());
    }
}

#[test]
fn hostile_keys_and_values_are_errors_or_plain_bytes() {
    let (platform, _) = in_memory();
    for draft in DRAFTS {
        let mut app = platform.run(draft, &acme().max_value_bytes(10).build());
        let user = app.open("user").expect("it must open");
        for key in ["", ":", "a:b", "\0", "*", "ä\u{10ffff}", " \n"] {
            assert_eq!(app.set(user, key, &[0, 255]), Ok(()), "{draft:?} {key:?}");
            assert_eq!(app.get(user, key), Ok(Some(vec![0, 255])), "{key:?}");
            assert_eq!(app.delete(user, key), Ok(()));
        }
        for refused in [
            app.get(user, &"k".repeat(70_000)).err(),
            app.set(user, "k", &[0; 11]).err(),
        ] {
            let refused = refused.expect("it is too large");
            assert!(refused.contains("too large"), "{draft:?}: {refused}");
        }
    }
}

/// Returns all pages, as how many keys each has.
fn page_lengths(app: &mut dyn Buckets, bucket: ResourceAny) -> Vec<usize> {
    let mut lengths = Vec::new();
    let mut cursor = None;
    loop {
        let (keys, next) = app.list(bucket, cursor.as_deref()).expect("it must list");
        lengths.push(keys.len());
        cursor = next;
        if cursor.is_none() {
            return lengths;
        }
    }
}

#[test]
fn batches_and_lists_beyond_one_call_of_the_cache_are_complete() {
    let (platform, _) = in_memory();
    for draft in DRAFTS {
        let mut app = platform.run(draft, &acme().build());
        // Last keys of pages that are numbers, and some that are none.
        for (name, prefix) in [("numbers", ""), ("texts", "k")] {
            let many = app.open(name).expect("it must open");
            let keys: Vec<String> = (0..2_500).map(|key| format!("{prefix}{key}")).collect();
            let entries = keys
                .iter()
                .map(|key| (key.clone(), key.clone().into_bytes()));
            assert_eq!(app.set_many(many, &entries.collect::<Vec<_>>()), Ok(()));
            let values = app.get_many(many, &keys).expect("they must be read");
            let expected = keys.iter().map(|key| some(key));
            assert!(values.into_iter().eq(expected), "{draft:?}");
            assert_eq!(
                page_lengths(&mut *app, many),
                [1_000, 1_000, 500],
                "{draft:?}"
            );
            assert_eq!(app.delete_many(many, &keys), Ok(()));
            assert_eq!(page_lengths(&mut *app, many), [0]);
        }
    }
}

#[test]
fn list_cursor_that_is_a_number_of_another_bucket_is_refused() {
    let (platform, _) = in_memory();
    let mut app = platform.run(Draft::First, &acme().build());
    let many = app.open("many").expect("it must open");
    let entries = (0..1_500).map(|key| (format!("k{key}"), vec![]));
    assert_eq!(app.set_many(many, &entries.collect::<Vec<_>>()), Ok(()));
    let (_, cursor) = app.list(many, None).expect("it must be listed");
    let cursor = cursor.expect("there are more");
    let another = app.open("many").expect("it must open");
    let refused = app
        .list(another, Some(&cursor))
        .expect_err("it is not told there");
    assert!(refused.contains("cursor"), "{refused}");
    assert_eq!(
        app.list(many, Some(&cursor)).expect("it is here").0.len(),
        500
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn list_made_up_cursor_of_any_draft_says_that_it_is_invalid() {
    let store = in_redis();
    let platform = Platform::over(store.backend.clone());
    // 0 is where Redis begins and ends.
    for (draft, cursor) in [(Draft::First, "0"), (Draft::Second, "made up")] {
        let mut app = platform.run(draft, &acme().build());
        let user = app.open("user").expect("it must open");
        let listed = app.list(user, Some(cursor));
        let refused = listed.expect_err("no page had it");
        assert!(refused.contains("invalid cursor"), "{draft:?}: {refused}");
        assert_eq!(app.list(user, None), Ok((vec![], None)));
    }
}

#[test]
fn options_of_the_grant_are_those_of_the_caches() {
    let faulty = FaultyBackend::over(Arc::new(MemoryBackend::new()));
    let platform = Platform::over(faulty.clone());
    let options = Options {
        local_max: 1,
        ttl: Some(Duration::from_secs(60)),
        ..Options::default()
    };
    let resilience = Resilience {
        absent_ttl: Duration::from_secs(60),
        ..Resilience::default()
    };
    let grant = acme().options(options).resilience(resilience).build();
    for draft in DRAFTS {
        let mut app = platform.run(draft, &grant);
        let user = app.open("user").expect("it must open");
        assert_eq!(app.set(user, "1", b"Ada"), Ok(()));
        let Slot::Entry(entry) = held(&*faulty, "acme:user", "1") else {
            panic!("it must be stored");
        };
        let ttl = entry.ttl.expect("it must end");
        assert!(ttl > Duration::from_secs(50) && ttl <= Duration::from_secs(60));
        assert_eq!(app.set(user, "2", b"Bob"), Ok(()));
        assert_eq!(app.get(user, "none"), Ok(None));
        faulty.calls();
        assert_eq!(
            app.get(user, "none"),
            Ok(None),
            "{draft:?}: it is remembered"
        );
        assert_eq!(faulty.calls(), Vec::<&str>::new());
        assert_eq!(app.get(user, "1"), Ok(some("Ada")));
        assert_eq!(faulty.calls(), ["get"], "there was room for one");
        assert_eq!(app.delete_many(user, &strings(["1", "2", "none"])), Ok(()));
    }
}
