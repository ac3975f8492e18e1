//! A bucket as a whole: `scan`, `count`, `clear`.

use flipcache::backend::Page;

use crate::stores::{Store, bucket, get, lasting, list, set};

/// Names that a pattern would misread, each with one that it would match.
const AWKWARD: [(&str, &str); 9] = [
    ("*", "anything"),
    ("h[a]llo", "hallo"),
    ("h?llo", "hello"),
    ("h^llo", "hxllo"),
    ("a-c", "abc"),
    ("[a-c]", "b"),
    ("back\\slash", "backslash"),
    ("per%cent", "perxcent"),
    ("under_score", "underxscore"),
];

super::contract!(
    scan_lists_every_key_of_the_bucket_and_no_other,
    scan_empty_bucket_ends_at_once,
    scan_with_a_cursor_of_anothers_or_none_at_all_lists_no_other_bucket,
    scan_pages_are_about_as_long_as_asked_for,
    scan_while_others_are_deleted_lists_those_that_stay,
    scan_awkward_names_are_taken_literally,
    count_counts_nested_names_too,
    clear_deletes_the_bucket_and_no_neighbour,
    clear_awkward_names_are_taken_literally,
    clear_thousands_of_keys_leaves_none,
    clear_deletes_what_count_counts_and_scan_lists,
);

async fn fill(store: &Store, name: &str, amount: usize) -> Vec<String> {
    let mut keys: Vec<_> = (0..amount).map(|n| format!("k{n}")).collect();
    keys.sort();
    let entries: Vec<_> = keys.iter().map(|key| (key.clone(), vec![])).collect();
    store
        .backend
        .set(&bucket(name), &entries, None)
        .await
        .unwrap();
    keys
}

async fn scan_lists_every_key_of_the_bucket_and_no_other(store: &Store) {
    let keys = fill(store, "user", 500).await;
    // Before, behind and around the bucket, in any order.
    for other in ["uses", "usfr", "user;", "userx", "use", "other"] {
        fill(store, other, 20).await;
    }
    for limit in [0, 1, 7, 500, 501, u32::MAX] {
        let listed = list(&*store.backend, &bucket("user"), limit).await;
        assert_eq!(listed, keys, "with a limit of {limit}");
    }
}

/// Cursors come back from guests, who may make them up.
async fn scan_with_a_cursor_of_anothers_or_none_at_all_lists_no_other_bucket(store: &Store) {
    let keys = fill(store, "user", 30).await;
    for other in ["use", "uses", "user;", "zebra"] {
        fill(store, other, 30).await;
    }
    let mut cursors: Vec<String> = ["", "0", "-1", "use:", "user:k1", "zebra:k1", "\0", ";", ":"]
        .map(str::to_owned)
        .into();
    cursors.extend([u64::MAX.to_string(), "\u{10ffff}".to_owned()]);
    let zebra = bucket("zebra");
    let mut page = store.backend.scan(&zebra, None, 1).await.unwrap();
    while let Some(cursor) = page.cursor.take() {
        let next = store.backend.scan(&zebra, Some(&cursor), 1);
        page = next.await.unwrap();
        cursors.push(cursor);
    }
    for cursor in cursors {
        let user = bucket("user");
        let page = store.backend.scan(&user, Some(&cursor), 100);
        // A backend may refuse a cursor that is none of its own.
        for key in page.await.unwrap_or_default().keys {
            assert!(keys.contains(&key), "{cursor:?} must not list {key:?}");
        }
    }
}

async fn scan_empty_bucket_ends_at_once(store: &Store) {
    let page = store.backend.scan(&bucket("user"), None, 10).await;
    assert_eq!(page.unwrap(), Page::default());
}

async fn scan_pages_are_about_as_long_as_asked_for(store: &Store) {
    fill(store, "user", 2_000).await;
    let page = store
        .backend
        .scan(&bucket("user"), None, 100)
        .await
        .unwrap();
    assert!(
        (1..=300).contains(&page.keys.len()),
        "a page of 100 has {} keys",
        page.keys.len()
    );
    assert!(page.cursor.is_some(), "there are more pages");
}

async fn scan_while_others_are_deleted_lists_those_that_stay(store: &Store) {
    let user = bucket("user");
    let keys = fill(store, "user", 1_000).await;
    let (stay, go) = keys.split_at(100);
    let mut going = go.chunks(100);
    let mut listed = Vec::new();
    let mut cursor = None;
    loop {
        let page = store
            .backend
            .scan(&user, cursor.as_deref(), 20)
            .await
            .unwrap();
        listed.extend(page.keys);
        if let Some(some) = going.next() {
            store.backend.delete(&user, some).await.unwrap();
        }
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    for key in stay {
        assert!(
            listed.contains(key),
            "{key} was there all the time; list it"
        );
    }
}

/// Q15.
async fn scan_awkward_names_are_taken_literally(store: &Store) {
    for (name, decoy) in AWKWARD {
        fill(store, decoy, 3).await;
        let keys = fill(store, name, 5).await;
        let listed = list(&*store.backend, &bucket(name), 10).await;
        assert_eq!(listed, keys, "the bucket {name:?}");
        assert_eq!(store.backend.count(&bucket(name)).await.unwrap(), 5);
    }
}

async fn count_counts_nested_names_too(store: &Store) {
    fill(store, "user", 10).await;
    fill(store, "user:admin", 5).await;
    fill(store, "user2", 3).await;
    assert_eq!(store.backend.count(&bucket("user")).await.unwrap(), 15);
    assert_eq!(store.backend.count(&bucket("user:admin")).await.unwrap(), 5);
    assert_eq!(store.backend.count(&bucket("nobody")).await.unwrap(), 0);
}

async fn clear_deletes_the_bucket_and_no_neighbour(store: &Store) {
    let user = bucket("user");
    fill(store, "user", 10).await;
    fill(store, "user:admin", 5).await;
    for neighbour in ["user;", "userx", "use"] {
        set(&*store.backend, &bucket(neighbour), "k", "v", None)
            .await
            .unwrap();
    }

    assert_eq!(store.backend.clear(&user).await.unwrap(), 15);

    assert_eq!(store.backend.count(&user).await.unwrap(), 0);
    assert_eq!(store.backend.clear(&user).await.unwrap(), 0);
    for neighbour in ["user;", "userx", "use"] {
        let held = get(&*store.backend, &bucket(neighbour), "k").await;
        assert_eq!(held, lasting("v"), "{neighbour} is another bucket");
    }
}

async fn clear_awkward_names_are_taken_literally(store: &Store) {
    for (name, decoy) in AWKWARD {
        fill(store, decoy, 3).await;
        fill(store, name, 5).await;
        assert_eq!(store.backend.clear(&bucket(name)).await.unwrap(), 5);
        let left = store.backend.count(&bucket(decoy)).await.unwrap();
        assert_eq!(left, 3, "clearing {name:?} must leave {decoy:?} alone");
    }
}

async fn clear_thousands_of_keys_leaves_none(store: &Store) {
    fill(store, "user", 3_500).await;
    fill(store, "other", 10).await;
    assert_eq!(store.backend.clear(&bucket("user")).await.unwrap(), 3_500);
    assert_eq!(list(&*store.backend, &bucket("user"), 100).await, [""; 0]);
    assert_eq!(store.backend.count(&bucket("other")).await.unwrap(), 10);
}

/// Any text is a key: no store takes one for a pattern, a separator or an end.
async fn clear_deletes_what_count_counts_and_scan_lists(store: &Store) {
    let user = bucket("user");
    let mut keys = [
        "",
        "\0",
        "a\0b",
        "a\nb",
        "\r\n",
        "\u{1b}[2J",
        "*",
        ":",
        "\u{10ffff}",
        "\"\\",
    ];
    keys.sort_unstable();
    for key in keys {
        set(&*store.backend, &user, key, "v", None).await.unwrap();
    }
    assert_eq!(list(&*store.backend, &user, 3).await, keys);
    assert_eq!(store.backend.count(&user).await.unwrap(), 10);
    assert_eq!(store.backend.clear(&user).await.unwrap(), 10);
    assert_eq!(list(&*store.backend, &user, 3).await, [""; 0]);
}
