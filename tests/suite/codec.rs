//! Codecs between the tiers, on the host's side: the stored form of values, and how it is read.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use flipcache::backend::codec::zstd::{MAGIC, MAX_BYTES};
use flipcache::backend::codec::{CodecError, Encoded, MAX_GROWTH, PassThrough, ValueCodec, Zstd};
use flipcache::backend::memory::MemoryBackend;
use flipcache::backend::{BackendError, Entry, KvBackend, Slot};

use crate::faulty_backend::FaultyBackend;
use crate::stores::{bucket, get, keys, lasting, pairs, set};

/// Returns a compressed backend, and the store behind it.
fn compressed() -> (Encoded<Zstd>, Arc<MemoryBackend>) {
    let store = Arc::new(MemoryBackend::new());
    (Encoded::new(store.clone(), Zstd), store)
}

/// Prefixes every value with a letter. Rejects empty values.
struct Lettered;

impl ValueCodec for Lettered {
    fn encode<'v>(&self, value: &'v [u8]) -> Result<Cow<'v, [u8]>, CodecError> {
        match value {
            [] => Err(CodecError::Failed("nothing to write".into())),
            value => Ok([b"v", value].concat().into()),
        }
    }

    fn decode(&self, stored: Vec<u8>) -> Result<Vec<u8>, CodecError> {
        let value = stored.strip_prefix(b"v").map(<[u8]>::to_vec);
        value.ok_or_else(|| CodecError::Failed("no letter".into()))
    }
}

/// Decodes every value to slightly more than half of the bound on a reply.
struct Swelling;

impl ValueCodec for Swelling {
    fn encode<'v>(&self, value: &'v [u8]) -> Result<Cow<'v, [u8]>, CodecError> {
        Ok(value.into())
    }

    fn decode(&self, _stored: Vec<u8>) -> Result<Vec<u8>, CodecError> {
        Ok(vec![0; MAX_GROWTH / 2 + 10])
    }
}

#[tokio::test]
async fn set_value_that_repeats_is_compressed_in_the_store_and_read_with_its_ttl() {
    let (backend, store) = compressed();
    let (user, page) = (bucket("user"), "<p>All is well.</p>".repeat(100));
    let ttl = Some(Duration::from_secs(60));
    set(&backend, &user, "k", &page, ttl).await.unwrap();

    let Slot::Entry(stored) = get(&*store, &user, "k").await else {
        panic!("the store must hold it");
    };
    assert!(stored.value.starts_with(&MAGIC) && stored.value.len() < 100);
    let Slot::Entry(read) = get(&backend, &user, "k").await else {
        panic!("the backend must answer it");
    };
    assert_eq!(read.value, page.as_bytes());
    assert!(read.ttl.is_some_and(|left| Some(left) <= ttl));
}

#[tokio::test]
async fn set_short_values_are_plain_in_the_store() {
    let (backend, store) = compressed();
    let user = bucket("user");
    let entries = pairs([("text", "Ada"), ("number", "-42"), ("json", "{\"a\": 1}")]);
    backend.set(&user, &entries, None).await.unwrap();
    for (key, value) in entries {
        assert_eq!(
            get(&*store, &user, &key).await,
            Slot::Entry(Entry { value, ttl: None })
        );
    }
}

#[tokio::test]
async fn get_one_broken_frame_is_wrong_type_and_the_others_are_returned() {
    let (backend, store) = compressed();
    let user = bucket("user");
    let mut entries = pairs([("plain", "v"), ("by a peer", "w")]);
    entries.push((
        "broken".to_owned(),
        [&MAGIC, b"no frame".as_slice()].concat(),
    ));
    store.set(&user, &entries, None).await.unwrap();

    let asked = keys(["plain", "broken", "absent", "by a peer"]);
    let slots = backend.get(&user, &asked, None).await.unwrap();
    let expected = [lasting("v"), Slot::WrongType, Slot::Absent, lasting("w")];
    assert_eq!(slots, expected);
}

#[tokio::test]
async fn set_if_absent_returns_the_present_value_decoded() {
    let (backend, store) = compressed();
    let (user, held) = (bucket("user"), "held ".repeat(100));
    set(&backend, &user, "there", &held, None).await.unwrap();
    let broken = [("broken".to_owned(), MAGIC.to_vec())];
    store.set(&user, &broken, None).await.unwrap();

    let new = "new ".repeat(100);
    let entries = pairs([("there", &*new), ("absent", &*new), ("broken", &*new)]);
    let answers = backend.set_if_absent(&user, &entries, None).await.unwrap();
    let expected = [Some(lasting(&held)), None, Some(Slot::WrongType)];
    assert_eq!(answers, expected);
    assert_eq!(get(&backend, &user, "absent").await, lasting(&new));
}

#[tokio::test]
async fn increment_adds_in_the_store_and_rejects_a_frame() {
    let (backend, _) = compressed();
    let user = bucket("user");
    set(&backend, &user, "n", "40", None).await.unwrap();
    assert_eq!(backend.increment(&user, "n", 2, None).await.unwrap(), 42);
    assert_eq!(get(&backend, &user, "n").await, lasting("42"));

    let text = "text ".repeat(100);
    set(&backend, &user, "text", &text, None).await.unwrap();
    let refused = backend.increment(&user, "text", 1, None).await;
    assert!(matches!(refused, Err(BackendError::Other(_))));
    assert_eq!(get(&backend, &user, "text").await, lasting(&text));
}

#[tokio::test]
async fn increment_through_a_codec_that_changes_integers_is_unsupported() {
    let store = Arc::new(MemoryBackend::new());
    let backend = Encoded::new(store.clone(), Lettered);
    let refused = backend.increment(&bucket("user"), "n", 1, None).await;
    assert!(matches!(refused, Err(BackendError::Unsupported(_))));
    assert_eq!(get(&*store, &bucket("user"), "n").await, Slot::Absent);
}

#[tokio::test]
async fn set_value_rejected_by_the_codec_writes_nothing_of_its_batch() {
    let (user, store) = (bucket("user"), Arc::new(MemoryBackend::new()));
    let lettered = Encoded::new(store.clone(), Lettered);
    let entries = pairs([("a", "v"), ("b", "")]);
    let refused = lettered.set(&user, &entries, None).await;
    assert!(matches!(refused, Err(BackendError::Other(_))));

    let mut value = vec![0; MAX_BYTES + 1];
    value[..4].copy_from_slice(&MAGIC);
    let entries = [("a".to_owned(), b"v".to_vec()), ("b".to_owned(), value)];
    let refused = Encoded::new(store.clone(), Zstd)
        .set_if_absent(&user, &entries, None)
        .await;
    assert!(matches!(refused, Err(BackendError::TooLarge { .. })));
    assert_eq!(store.count(&user).await.unwrap(), 0);
}

#[tokio::test]
async fn get_values_that_decode_beyond_the_bound_is_too_large_and_fewer_are_returned() {
    let store = Arc::new(MemoryBackend::new());
    let (backend, user) = (Encoded::new(store.clone(), Swelling), bucket("user"));
    let entries = pairs([("a", "v"), ("b", "v")]);
    store.set(&user, &entries, None).await.unwrap();

    let refused = backend.get(&user, &keys(["a", "b"]), None).await;
    assert!(matches!(refused, Err(BackendError::TooLarge { .. })));
    let refused = backend.set_if_absent(&user, &entries, None).await;
    assert!(matches!(refused, Err(BackendError::TooLarge { .. })));
    assert!(matches!(get(&backend, &user, "a").await, Slot::Entry(_)));
}

#[tokio::test]
async fn set_through_two_codecs_is_read_through_both() {
    let store = Arc::new(MemoryBackend::new());
    let compressed = Arc::new(Encoded::new(store.clone(), Zstd));
    let backend = Encoded::new(compressed, Lettered);
    let (user, page) = (bucket("user"), "page ".repeat(100));
    set(&backend, &user, "k", &page, None).await.unwrap();
    assert_eq!(get(&backend, &user, "k").await, lasting(&page));
    assert!(
        matches!(get(&*store, &user, "k").await, Slot::Entry(entry) if entry.value.starts_with(&MAGIC))
    );
}

#[tokio::test]
async fn every_call_is_one_call_of_the_inner_backend() {
    let faulty = FaultyBackend::over(Arc::new(MemoryBackend::new()));
    let backend = Encoded::new(faulty.clone(), PassThrough);
    let (user, asked) = (bucket("user"), keys(["k"]));
    let entries = pairs([("k", "1")]);
    backend.set(&user, &entries, None).await.unwrap();
    backend.get(&user, &asked, None).await.unwrap();
    backend.set_if_absent(&user, &entries, None).await.unwrap();
    backend.increment(&user, "k", 1, None).await.unwrap();
    backend.exists(&user, &asked).await.unwrap();
    backend.expire(&user, &asked, None).await.unwrap();
    backend.scan(&user, None, 10).await.unwrap();
    backend.count(&user).await.unwrap();
    backend.delete(&user, &asked).await.unwrap();
    backend.clear(&user).await.unwrap();
    let expected = [
        "set",
        "get",
        "set_if_absent",
        "increment",
        "exists",
        "expire",
        "scan",
        "count",
        "delete",
        "clear",
    ];
    assert_eq!(faulty.calls(), expected);
}
