//! Results of calls that are refused before they reach the backend.

use std::iter;
use std::sync::Arc;

use flipcache_core::{MAX_KEY_BYTES, MAX_NAME_BYTES};
use wasmtime::component::{Resource, ResourceTable};

use super::host::{CallError, OpenBucket};
use super::{KvCtx, KvCtxBuilder, KvCtxView};
use crate::backend::BackendError;
use crate::backend::memory::MemoryBackend;
use crate::bindings::flipcache::cache::kv_backend::{ChangedKeys, HostBucket, Slot};

/// Runs a test with an open bucket.
fn with_bucket(test: impl AsyncFnOnce(&mut KvCtxView<'_>, &dyn Fn() -> Resource<OpenBucket>)) {
    with_bounds(|kv| kv, test);
}

fn with_bucket_of(
    kv: KvCtxBuilder,
    test: impl AsyncFnOnce(&mut KvCtxView<'_>, &dyn Fn() -> Resource<OpenBucket>),
) {
    let mut ctx = kv.build().expect("a runtime must start");
    let mut table = ResourceTable::new();
    let mut host = KvCtxView {
        ctx: &mut ctx,
        table: &mut table,
    };
    pollster::block_on(async {
        let open = host.open("n".into()).await.expect("the name is valid");
        test(&mut host, &|| Resource::new_borrow(open.rep())).await;
    });
}

fn refused<T: std::fmt::Debug>(called: Result<T, CallError>) -> BackendError {
    match called {
        Err(CallError::Backend(error)) => error,
        other => panic!("this must be refused, not {other:?}"),
    }
}

#[test]
fn open_bad_name_is_refused() {
    with_bucket(async |host, _| {
        for name in [String::new(), "n".repeat(MAX_NAME_BYTES + 1)] {
            let error = refused(host.open(name).await.map(|_| ()));
            assert!(matches!(error, BackendError::Other(_)), "{error:?}");
        }
    });
}

#[test]
fn any_call_with_a_ttl_of_zero_or_beyond_redis_is_refused() {
    with_bucket(async |host, bucket| {
        for ttl in [Some(0), Some(u64::MAX)] {
            let entry = || vec![("k".to_owned(), b"v".to_vec())];
            let keys = || vec!["k".to_owned()];
            for error in [
                refused(host.set(bucket(), entry(), ttl).await),
                refused(host.set_if_absent(bucket(), entry(), ttl).await),
                refused(host.get(bucket(), keys(), ttl).await),
                refused(host.increment(bucket(), "k".into(), 1, ttl).await),
                refused(host.expire(bucket(), keys(), ttl).await),
            ] {
                assert!(
                    matches!(error, BackendError::Other(_)),
                    "{ttl:?}: {error:?}"
                );
            }
        }
        let count = host.count(bucket()).await.expect("the backend must count");
        assert_eq!(count, 0, "nothing may have been written");
    });
}

#[test]
fn any_call_with_a_key_beyond_the_limit_is_refused() {
    with_bucket(async |host, bucket| {
        let key = "k".repeat(MAX_KEY_BYTES + 1);
        for error in [
            refused(host.get(bucket(), vec![key.clone()], None).await),
            refused(host.set(bucket(), vec![(key.clone(), vec![])], None).await),
            refused(host.delete(bucket(), vec!["k".into(), key]).await),
        ] {
            assert!(matches!(error, BackendError::TooLarge { .. }), "{error:?}");
        }
    });
}

#[test]
fn changes_are_those_of_other_handles() {
    with_bucket(async |host, bucket| {
        let other = host.open("n".into()).await.expect("the name is valid");
        let first = host
            .changes(bucket(), None)
            .await
            .expect("the changes must be returned");
        assert!(matches!(first.changed, ChangedKeys::Unknown), "{first:?}");
        for (this, key) in [
            (bucket(), "own"),
            (Resource::new_borrow(other.rep()), "other"),
        ] {
            let entries = vec![(key.to_owned(), vec![])];
            host.set(this, entries, None).await.expect("set");
        }
        let next = host.changes(bucket(), Some(first.cursor)).await;
        let next = next.expect("the changes must be returned");
        assert!(
            matches!(&next.changed, ChangedKeys::Keys(keys) if keys == &["other"]),
            "{next:?}"
        );
    });
}

#[test]
fn any_call_with_a_handle_that_is_closed_is_a_trap() {
    with_bucket(async |host, bucket| {
        host.drop(Resource::new_own(bucket().rep()))
            .await
            .expect("it was open");
        let called = host.count(bucket()).await;
        assert!(matches!(called, Err(CallError::Trap(_))), "{called:?}");
    });
}

/// Runs a test with an open bucket over an empty backend, whose host has these limits.
fn with_bounds(
    bounds: impl FnOnce(KvCtxBuilder) -> KvCtxBuilder,
    test: impl AsyncFnOnce(&mut KvCtxView<'_>, &dyn Fn() -> Resource<OpenBucket>),
) {
    let kv = KvCtx::builder(Arc::new(MemoryBackend::new()));
    with_bucket_of(bounds(kv), test);
}

fn entries(keys: impl IntoIterator<Item = usize>, len: usize) -> Vec<(String, Vec<u8>)> {
    let keys = keys.into_iter().map(|key| format!("{key:03}"));
    keys.map(|key| (key, vec![b'v'; len])).collect()
}

fn keys(keys: impl IntoIterator<Item = usize>) -> Vec<String> {
    let entries = entries(keys, 0).into_iter();
    entries.map(|(key, _)| key).collect()
}

fn len(slot: &Slot) -> Option<usize> {
    match slot {
        Slot::Entry(entry) => Some(entry.value.len()),
        Slot::Absent | Slot::WrongType => None,
    }
}

#[test]
fn get_long_value_named_many_times_is_too_large_and_not_copied() {
    const LIMIT: usize = 10 << 20;
    with_bounds(
        |kv| kv.max_answer_bytes(LIMIT),
        async |host, bucket| {
            let long = entries([0], 1 << 20);
            host.set(bucket(), long, None).await.expect("set");
            let ten = host.get(bucket(), keys([0; 10]), None).await;
            assert_eq!(ten.expect("ten fit").len(), 10);
            // The copies would take 97 GiB.
            let error = refused(
                host.get(bucket(), keys(iter::repeat_n(0, 100_000)), None)
                    .await,
            );
            assert!(
                matches!(error, BackendError::TooLarge { limit } if limit == LIMIT as u64),
                "{error:?}"
            );
            let again = entries(iter::repeat_n(0, 100_000), 0);
            let error = refused(host.set_if_absent(bucket(), again, None).await);
            assert!(matches!(error, BackendError::TooLarge { .. }), "{error:?}");
        },
    );
}

#[test]
fn any_call_with_a_repeated_key_returns_its_result_twice_in_order() {
    with_bucket(async |host, bucket| {
        let held = [entries([1], 1), entries([2], 2)].concat();
        host.set(bucket(), held, None).await.expect("set");
        let slots = host.get(bucket(), keys([2, 3, 1, 2]), None).await;
        let lens: Vec<_> = slots.expect("get").iter().map(len).collect();
        assert_eq!(lens, [Some(2), None, Some(1), Some(2)]);

        let mut batch = entries([3, 2, 3], 5);
        batch[2].1.push(b'v');
        let held = host.set_if_absent(bucket(), batch, None).await;
        let held = held.expect("set-if-absent");
        let lens: Vec<_> = held.iter().map(|held| held.as_ref().map(len)).collect();
        assert_eq!(lens, [None, Some(Some(2)), None]);
        let slots = host.get(bucket(), keys([3]), None).await.expect("get");
        assert_eq!(len(&slots[0]), Some(6), "the last value counts");
    });
}

#[test]
fn get_many_long_values_is_too_large_before_all_are_read() {
    with_bounds(
        |kv| kv.max_answer_bytes(100_000),
        async |host, bucket| {
            let long = entries(0..300, 1_000);
            host.set(bucket(), long, None).await.expect("set");
            // Those that are read get a TTL.
            let error = refused(host.get(bucket(), keys(0..300), Some(60_000)).await);
            assert!(matches!(error, BackendError::TooLarge { .. }), "{error:?}");
            let slots = host.get(bucket(), keys(290..300), None).await;
            for slot in slots.expect("they fit") {
                assert!(
                    matches!(&slot, Slot::Entry(entry) if entry.ttl_ms.is_none()),
                    "{slot:?}"
                );
            }
        },
    );
}

#[test]
fn get_more_keys_than_are_read_at_once_returns_all_in_order() {
    with_bucket(async |host, bucket| {
        for key in 0..300 {
            host.set(bucket(), entries([key], key), None)
                .await
                .expect("set");
        }
        let slots = host.get(bucket(), keys((0..300).rev()), None).await;
        let lens: Vec<_> = slots.expect("get").iter().filter_map(len).collect();
        assert_eq!(lens, (0..300).rev().collect::<Vec<_>>());
    });
}

#[test]
fn any_call_with_more_keys_than_allowed_is_too_large() {
    with_bounds(
        |kv| kv.max_keys(3),
        async |host, bucket| {
            let ttl = Some(60_000);
            for error in [
                refused(host.get(bucket(), keys([0; 4]), None).await),
                refused(host.set(bucket(), entries(0..4, 1), None).await),
                refused(host.set_if_absent(bucket(), entries(0..4, 1), None).await),
                refused(host.delete(bucket(), keys(0..4)).await),
                refused(host.exists(bucket(), keys(0..4)).await),
                refused(host.expire(bucket(), keys(0..4), ttl).await),
            ] {
                assert!(
                    matches!(error, BackendError::TooLarge { limit: 3 }),
                    "{error:?}"
                );
            }
            let count = host.count(bucket()).await.expect("count");
            assert_eq!(count, 0, "nothing may have been written");
            let three = host.set(bucket(), entries(0..3, 1), None).await;
            three.expect("three are allowed");
        },
    );
}

#[test]
fn scan_with_an_absurd_limit_returns_pages_of_bounded_length() {
    with_bounds(
        |kv| kv.max_keys(2),
        async |host, bucket| {
            for key in 0..3 {
                let set = host.set(bucket(), entries([key], 1), None).await;
                set.expect("set");
            }
            let first = host.scan(bucket(), None, u32::MAX).await.expect("scan");
            assert_eq!(first.keys, keys([0, 1]));
            let last = host.scan(bucket(), first.cursor, u32::MAX).await;
            let last = last.expect("scan");
            assert_eq!((last.keys, last.cursor), (keys([2]), None));
        },
    );
}

#[test]
fn changes_longer_than_allowed_are_unknown() {
    with_bounds(
        |kv| kv.max_answer_bytes(6),
        async |host, bucket| {
            let other = host.open("n".into()).await.expect("the name is valid");
            let first = host
                .changes(bucket(), None)
                .await
                .expect("the changes must be returned");
            for written in [2, 3] {
                let this = Resource::new_borrow(other.rep());
                let set = host.set(this, entries(0..written, 1), None).await;
                set.expect("set");
                let changes = host.changes(bucket(), Some(first.cursor)).await;
                let changed = changes.expect("the changes must be returned").changed;
                assert_eq!(
                    matches!(changed, ChangedKeys::Unknown),
                    written == 3,
                    "{changed:?}"
                );
            }
        },
    );
}
