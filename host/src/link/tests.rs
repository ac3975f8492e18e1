//! What a guest is told before the backend is asked.

use std::sync::Arc;

use flipcache_core::{MAX_KEY_BYTES, MAX_NAME_BYTES};
use wasmtime::component::{Resource, ResourceTable};

use super::host::{CallError, OpenBucket};
use super::{KvCtx, KvCtxView};
use crate::backend::BackendError;
use crate::backend::memory::MemoryBackend;
use crate::bindings::flipcache::cache::kv_backend::{HostBucket, News};

/// Runs a test with a bucket that is open.
fn with_bucket(test: impl AsyncFnOnce(&mut KvCtxView<'_>, &dyn Fn() -> Resource<OpenBucket>)) {
    let kv = KvCtx::builder(Arc::new(MemoryBackend::new())).build();
    let mut ctx = kv.expect("a runtime must start");
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
        Err(CallError::Answer(error)) => error,
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
        let first = host.changes(bucket(), None).await.expect("it is told");
        assert!(matches!(first.news, News::Unknown), "{first:?}");
        for (this, key) in [
            (bucket(), "own"),
            (Resource::new_borrow(other.rep()), "other"),
        ] {
            let entries = vec![(key.to_owned(), vec![])];
            host.set(this, entries, None).await.expect("set");
        }
        let next = host.changes(bucket(), Some(first.cursor)).await;
        let next = next.expect("it is told");
        assert!(
            matches!(&next.news, News::Keys(keys) if keys == &["other"]),
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
