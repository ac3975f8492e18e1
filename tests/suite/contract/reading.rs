//! Reads: `get` and `exists`.

use flipcache::backend::{Entry, Slot};

use crate::stores::{Store, bucket, get, keys, lasting, pairs, set};

super::contract!(
    get_several_keys_answers_in_the_order_asked_for,
    get_no_keys_answers_nothing,
    get_thousands_of_keys_answers_each,
    get_any_bytes_come_back_as_they_were,
    get_odd_keys_are_taken_literally,
    get_nested_names_are_the_same_place,
    exists_counts_each_key_once,
);

async fn get_several_keys_answers_in_the_order_asked_for(store: &Store) {
    let user = bucket("user");
    let entries = pairs([("a", "1"), ("b", "2")]);
    store.backend.set(&user, &entries, None).await.unwrap();

    let asked = keys(["b", "none", "a", "b"]);
    let slots = store.backend.get(&user, &asked, None).await.unwrap();

    let expected = [lasting("2"), Slot::Absent, lasting("1"), lasting("2")];
    assert_eq!(slots, expected);
}

async fn get_no_keys_answers_nothing(store: &Store) {
    let user = bucket("user");
    assert_eq!(store.backend.get(&user, &[], None).await.unwrap(), []);
    store.backend.set(&user, &[], None).await.unwrap();
    let written = store.backend.set_if_absent(&user, &[], None).await.unwrap();
    assert_eq!(written, []);
    assert_eq!(store.backend.delete(&user, &[]).await.unwrap(), 0);
    assert_eq!(store.backend.exists(&user, &[]).await.unwrap(), 0);
    assert_eq!(
        store.backend.expire(&user, &[], None).await.unwrap(),
        [false; 0]
    );
}

async fn get_thousands_of_keys_answers_each(store: &Store) {
    let user = bucket("user");
    let entries: Vec<_> = (0..5_000)
        .map(|n| (n.to_string(), format!("value {n}").into_bytes()))
        .collect();
    store.backend.set(&user, &entries, None).await.unwrap();

    let asked: Vec<_> = entries.iter().map(|(key, _)| key.clone()).collect();
    let slots = store.backend.get(&user, &asked, None).await.unwrap();

    for ((_, value), slot) in entries.into_iter().zip(&slots) {
        assert_eq!(slot, &Slot::Entry(Entry { value, ttl: None }));
    }
    assert_eq!(slots.len(), asked.len());
    assert_eq!(store.backend.exists(&user, &asked).await.unwrap(), 5_000);
}

async fn get_any_bytes_come_back_as_they_were(store: &Store) {
    let user = bucket("user");
    let values = [vec![], (0..=255).collect(), vec![0; 3_000_000]];
    for value in values {
        let entries = [("k".to_owned(), value.clone())];
        store.backend.set(&user, &entries, None).await.unwrap();

        let expected = Slot::Entry(Entry { value, ttl: None });
        assert!(
            get(&*store.backend, &user, "k").await == expected,
            "keep every byte of the value"
        );
    }
}

async fn get_odd_keys_are_taken_literally(store: &Store) {
    let user = bucket("user");
    let odd = [
        "",
        " ",
        ":",
        "a:b",
        "ü☃😀",
        "a\0b",
        "\r\n",
        "*",
        "%",
        "_",
        "'",
        "\"",
    ];
    for key in odd {
        set(&*store.backend, &user, key, key, None).await.unwrap();
    }
    for key in odd {
        assert_eq!(get(&*store.backend, &user, key).await, lasting(key));
    }
    assert_eq!(store.backend.count(&user).await.unwrap(), 12);
}

async fn get_nested_names_are_the_same_place(store: &Store) {
    let (outer, inner) = (bucket("user"), bucket("user:admin"));
    set(&*store.backend, &outer, "admin:1", "Ada", None)
        .await
        .unwrap();
    assert_eq!(get(&*store.backend, &inner, "1").await, lasting("Ada"));
}

async fn exists_counts_each_key_once(store: &Store) {
    let user = bucket("user");
    let entries = pairs([("a", ""), ("b", "")]);
    store.backend.set(&user, &entries, None).await.unwrap();
    let asked = keys(["a", "none", "b", "a"]);
    assert_eq!(store.backend.exists(&user, &asked).await.unwrap(), 2);
}
