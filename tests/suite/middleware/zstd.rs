//! The middleware that compresses: what the store holds, and that the host's own codec does the
//! same.

use std::sync::Arc;

use flipcache::backend::codec::zstd::{MAGIC, MAX_BYTES};
use flipcache::backend::codec::{Encoded, Zstd};
use flipcache::backend::memory::MemoryBackend;
use flipcache::backend::{Entry, KvBackend, Slot};

use super::ZSTD;
use super::behind::{Behind, Error, Value, ValueType};
use crate::stores::{bucket, get, keys, lasting, pairs};

/// Returns a cache behind the middleware, and the store behind that.
fn compressed(value_type: ValueType) -> (Behind, Arc<MemoryBackend>) {
    let store = Arc::new(MemoryBackend::new());
    (Behind::open(ZSTD, store.clone(), value_type), store)
}

/// Returns what the store holds.
fn stored(store: &MemoryBackend, key: &str) -> Vec<u8> {
    match pollster::block_on(get(store, &bucket("user"), key)) {
        Slot::Entry(entry) => entry.value,
        slot => panic!("{key} must be stored, not {slot:?}"),
    }
}

/// Writes what the store holds.
fn store_as_it_is(store: &dyn KvBackend, key: &str, value: &[u8]) {
    let entries = [(key.to_owned(), value.to_vec())];
    let written = pollster::block_on(store.set(&bucket("user"), &entries, None));
    written.expect("it must be written");
}

#[track_caller]
fn assert_bytes(read: Result<Option<Value>, Error>, expected: &[u8]) {
    match read {
        Ok(Some(Value::Bytes(bytes))) => assert!(bytes == expected, "read what was written"),
        other => panic!("this must be read, not {other:?}"),
    }
}

/// Values of every kind that the codec treats apart.
fn values() -> Vec<Vec<u8>> {
    let page = b"<p>All is well.</p>".repeat(5_000);
    let noise: Vec<u8> = (0..2_000_u32)
        .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[1])
        .collect();
    let longest = vec![b'x'; MAX_BYTES];
    let like_a_frame = [MAGIC.as_slice(), b"no frame"].concat();
    vec![
        vec![],
        b"Ada".to_vec(),
        page,
        noise,
        longest,
        like_a_frame,
        MAGIC.to_vec(),
    ]
}

#[test]
fn set_values_of_every_kind_are_read_and_stored_as_the_host_stores_them() {
    let (mut cache, store) = compressed(ValueType::Bytes);
    let by_host = Arc::new(MemoryBackend::new());
    let host = Encoded::new(by_host.clone(), Zstd);
    for value in values() {
        cache.set("k", &Value::Bytes(value.clone()));
        store_as_it_is(&host, "k", &value);
        assert_bytes(cache.get("k"), &value);
        assert!(
            stored(&store, "k") == stored(&by_host, "k"),
            "one rule for both"
        );
    }
}

#[test]
fn set_short_value_is_plain_and_a_page_is_a_short_frame() {
    let (mut cache, store) = compressed(ValueType::Text);
    cache.set("name", &Value::Text("Ada".into()));
    assert_eq!(stored(&store, "name"), b"Ada");
    cache.set("page", &Value::Text("<p>All is well.</p>".repeat(100)));
    let frame = stored(&store, "page");
    assert!(frame.starts_with(&MAGIC) && frame.len() < 100);
}

#[test]
fn get_value_written_by_the_host_is_read_and_the_other_way_round() {
    let (mut cache, store) = compressed(ValueType::Bytes);
    let host = Encoded::new(store.clone(), Zstd);
    for value in values() {
        store_as_it_is(&host, "by the host", &value);
        assert_bytes(cache.get("by the host"), &value);
        cache.set("by the component", &Value::Bytes(value.clone()));
        let read = pollster::block_on(get(&host, &bucket("user"), "by the component"));
        assert!(read == Slot::Entry(Entry { value, ttl: None }));
    }
}

#[test]
fn get_hostile_frame_is_of_the_wrong_type_and_the_next_call_works() {
    let (mut cache, store) = compressed(ValueType::Bytes);
    // A declared size of 2^63 bytes, and 200 MB of one letter in 1,600 blocks.
    let declares = [
        &MAGIC[..],
        &[0xc0, 0x38, 0, 0, 0, 0, 0, 0, 0, 0x80, 1, 0, 0],
    ]
    .concat();
    let bomb = [&MAGIC[..], &[0, 0x38], &[2, 0, 16, b'x'].repeat(1_600)].concat();
    for frame in [b"no frame".as_slice(), b"", &declares, &bomb] {
        let frame = match frame.starts_with(&MAGIC) {
            true => frame.to_vec(),
            false => [&MAGIC, frame].concat(),
        };
        store_as_it_is(&*store, "k", &frame);
        assert!(matches!(cache.get("k"), Err(Error::WrongType(key)) if key == "k"));
        let held = cache.set_if_absent("k", &Value::Bytes(vec![]));
        assert!(matches!(held, Ok(false)), "there is something: {held:?}");
        cache.set("other", &Value::Bytes(b"v".to_vec()));
        assert_bytes(cache.get("other"), b"v");
    }
}

#[test]
fn set_if_absent_key_that_holds_a_frame_keeps_it() {
    let (mut cache, store) = compressed(ValueType::Text);
    let held = "held ".repeat(100);
    cache.set("k", &Value::Text(held.clone()));
    assert!(matches!(
        cache.set_if_absent("k", &Value::Text("new".into())),
        Ok(false)
    ));
    assert!(matches!(cache.get("k"), Ok(Some(Value::Text(text))) if text == held));
    assert!(stored(&store, "k").starts_with(&MAGIC));
}

#[test]
fn increment_adds_to_the_plain_value_of_a_peer_and_stays_plain() {
    let (mut cache, store) = compressed(ValueType::Integer);
    let entries = pairs([("n", "40")]);
    pollster::block_on(store.set(&bucket("user"), &entries, None)).expect("it must be written");
    assert!(matches!(cache.increment("n", 2), Ok(42)));
    let slots = pollster::block_on(store.get(&bucket("user"), &keys(["n"]), None));
    assert_eq!(slots.expect("it must be read"), [lasting("42")]);
}
