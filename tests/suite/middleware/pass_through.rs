//! The middleware that changes nothing.

use std::sync::Arc;

use flipcache::backend::memory::MemoryBackend;
use flipcache::backend::{Entry, Slot};

use super::behind::{BackendError, Behind, Error, Value, ValueType};
use super::{PASS_THROUGH, ZSTD};
use crate::faulty_backend::{Fault, FaultyBackend};
use crate::stores::{bucket, get};

#[test]
fn set_any_bytes_are_stored_unchanged_and_read() {
    let store = Arc::new(MemoryBackend::new());
    let mut cache = Behind::open(PASS_THROUGH, store.clone(), ValueType::Bytes);
    for bytes in [vec![], (0..=255).collect(), vec![0; 100_000]] {
        cache.set("k", &Value::Bytes(bytes.clone()));
        let read = cache.get("k");
        assert!(matches!(read, Ok(Some(Value::Bytes(read))) if read == bytes));
        let stored = pollster::block_on(get(&*store, &bucket("user"), "k"));
        assert!(
            stored
                == Slot::Entry(Entry {
                    value: bytes,
                    ttl: None
                })
        );
    }
}

#[test]
fn calls_without_values_are_forwarded_to_the_inner_backend() {
    for middleware in [PASS_THROUGH, ZSTD] {
        let store = Arc::new(MemoryBackend::new());
        let mut cache = Behind::open(middleware, store, ValueType::Integer);
        assert!(matches!(cache.increment("a", 5), Ok(5)));
        let written = cache.set_if_absent("a", &Value::Integer(7));
        assert!(matches!(written, Ok(false)));
        cache.set("b", &Value::Integer(1));
        assert_eq!(
            cache.told_without_values("a"),
            [
                "Some(Expiry::Never)",
                "true",
                "true",
                "[\"a\", \"b\"]",
                "2",
                "true",
                "1"
            ]
        );
    }
}

#[test]
fn get_failure_of_the_backend_is_forwarded() {
    let faulty = FaultyBackend::over(Arc::new(MemoryBackend::new()));
    let mut cache = Behind::open(PASS_THROUGH, faulty.clone(), ValueType::Text);
    faulty.set_fault(Fault::Down);
    let failure = cache.get("k");
    assert!(
        matches!(&failure, Err(Error::Backend(BackendError::Unavailable(_)))),
        "{failure:?}"
    );
    faulty.set_fault(Fault::Off);
    assert!(matches!(cache.get("k"), Ok(None)));
    faulty.set_fault(Fault::LostReplies);
    let failure = cache.set_if_absent("k", &Value::Text("v".into()));
    assert!(matches!(
        failure,
        Err(Error::Backend(BackendError::Timeout))
    ));
}
