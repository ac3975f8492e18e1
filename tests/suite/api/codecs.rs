//! Values of every type, and what is refused.

use std::collections::BTreeMap;
use std::fmt::Debug;

use flipcache::{Cache, Client, Codec, Error, TextKeys, json};

use super::refused;
use crate::stores::{bucket, get, in_memory, lasting, pairs};

fn client() -> Client {
    Client::connect("memory:").expect("it must open")
}

/// Writes a value and reads it from either tier.
async fn round<C: Codec>(cache: Cache<C, TextKeys>, value: &C::Borrowed)
where
    C::Value: PartialEq + Debug,
    C::Borrowed: ToOwned<Owned = C::Value>,
{
    let wanted = Some(value.to_owned());
    cache.set("k", value).await.expect("it must be written");
    assert_eq!(cache.get("k").await.expect("it must be read"), wanted);
    cache.local().clear();
    assert_eq!(
        cache.get("k").await.expect("it must be read"),
        wanted,
        "the tier must not matter"
    );
}

/// Q13.
#[tokio::test]
async fn get_of_every_type_returns_the_set_value_from_either_tier() {
    let client = client();
    round(client.cache("text").open().expect("it must open"), "é☃😀\n").await;
    round(client.cache("text").open().expect("it must open"), "").await;
    round(
        client.cache("bytes").bytes().open().expect("it must open"),
        &[0, 0xff][..],
    )
    .await;
    round(
        client
            .cache("i64")
            .integers::<i64>()
            .open()
            .expect("it must open"),
        &i64::MIN,
    )
    .await;
    round(
        client
            .cache("u32")
            .integers::<u32>()
            .open()
            .expect("it must open"),
        &u32::MAX,
    )
    .await;
    round(
        client.cache("float").floats().open().expect("it must open"),
        &-1e-7,
    )
    .await;
    round(
        client
            .cache("bool")
            .booleans()
            .open()
            .expect("it must open"),
        &true,
    )
    .await;
    let map = BTreeMap::from([
        ("a".to_owned(), vec![Some(1.5), None]),
        ("é".to_owned(), vec![]),
    ]);
    round(
        client.cache("json").json().open().expect("it must open"),
        &map,
    )
    .await;
}

#[tokio::test]
async fn set_json_stores_the_bytes_that_python_writes() {
    let store = in_memory();
    let client = super::client(store.backend.clone());
    let cache = client.cache("n").json().open().expect("it must open");
    cache
        .set("k", &BTreeMap::from([("é".to_owned(), vec![1.0, 1e16])]))
        .await
        .expect("it must be written");
    assert_eq!(
        get(&*store.backend, &bucket("n"), "k").await,
        lasting("{\"\\u00e9\": [1.0, 1e+16]}")
    );
}

#[tokio::test]
async fn get_bytes_of_another_type_is_an_error_and_the_next_call_works() {
    let store = in_memory();
    let client = super::client(store.backend.clone());
    let written = pairs([("big", "300"), ("word", "x"), ("nan", "[NaN, 1]")]);
    store
        .backend
        .set(&bucket("n"), &written, None)
        .await
        .expect("they must be written");
    let small = client
        .cache("n")
        .integers::<u8>()
        .open()
        .expect("it must open");
    let error = refused(small.get("big").await);
    assert!(
        matches!(&error, Error::Codec { key, .. } if key == "big"),
        "{error:?}"
    );
    let error = refused(small.get("word").await);
    assert!(
        matches!(&error, Error::Undecodable { key } if key == "word"),
        "{error:?}"
    );
    assert_eq!(small.get("absent").await.expect("it must be read"), None);
    drop(small);
    let lists = client
        .cache("n")
        .json::<Vec<Option<f64>>>()
        .open()
        .expect("it must open");
    assert_eq!(
        lists.get("nan").await.expect("it must be read"),
        Some(vec![None, Some(1.0)])
    );
    assert!(json::is_readable("[NaN, 1]"));
}

struct Refuses;

impl Codec for Refuses {
    type Value = String;
    type Borrowed = str;
    type Error = String;

    fn encode(&self, value: &str) -> Result<Vec<u8>, String> {
        match value {
            "bad" => Err("not this one".to_owned()),
            value => Ok(value.as_bytes().to_vec()),
        }
    }

    fn decode(&self, wire: &[u8]) -> Result<String, String> {
        let text = str::from_utf8(wire).map_err(|error| error.to_string())?;
        (text != "unreadable")
            .then(|| text.to_owned())
            .ok_or("not that one".to_owned())
    }
}

/// Q2, Q3.
#[tokio::test]
async fn set_rejected_by_the_codec_writes_neither_tier() {
    let store = in_memory();
    let client = super::client(store.backend.clone());
    let cache = client
        .cache("n")
        .codec(Refuses)
        .open()
        .expect("it must open");
    cache.set("k", "old").await.expect("it must be written");
    for error in [
        refused(cache.set("k", "bad").await),
        refused(cache.set_many([("k", "new"), ("other", "bad")]).await),
        refused(cache.set_if_absent("other", "bad").await),
    ] {
        assert!(matches!(error, Error::Codec { .. }), "{error:?}");
    }
    assert_eq!(
        cache.get("k").await.expect("it must be read").as_deref(),
        Some("old")
    );
    assert_eq!(cache.len().await.expect("they must be counted"), 1);
    cache
        .set("k", "unreadable")
        .await
        .expect("it must be written");
    let error = refused(cache.get("k").await);
    assert_eq!(
        error.to_string(),
        "the codec failed on the value of key \"k\""
    );
    let refused = client
        .cache("other")
        .codec(Refuses)
        .default("bad")
        .open()
        .map(|_| ());
    assert!(
        matches!(refused, Err(Error::InvalidOptions(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn open_with_another_type_conflicts() {
    let client = client();
    let text = client.cache("n").open().expect("it must open");
    for refused in [
        client.cache("n").bytes().open().map(|_| ()),
        client.cache("n").integer_keys().open().map(|_| ()),
    ] {
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    }
    let refused = client.cache("").open().map(|_| ());
    assert!(matches!(refused, Err(Error::InvalidName(_))), "{refused:?}");
    drop(text);
    client
        .cache("n")
        .bytes()
        .open()
        .expect("all handles of type text are closed");
}
