//! TTLs: given, shown, changed, removed, and passed.

use std::time::{Duration, Instant};

use flipcache::backend::{Entry, Slot};

use crate::stores::{PATIENCE, Store, bucket, get, keys, lasting, pairs, set, wait_until_absent};

const HOUR: Duration = Duration::from_secs(3600);
/// Short enough to wait for.
const SOON: Duration = Duration::from_millis(40);

super::contract!(
    get_shows_what_is_left_of_the_ttl,
    get_with_a_new_ttl_sets_and_shows_it,
    set_without_a_ttl_removes_the_one_that_was_there,
    set_with_a_ttl_longer_than_any_clock_still_holds_the_value,
    set_with_less_than_a_millisecond_expires,
    set_if_absent_gives_the_ttl_and_shows_that_of_the_first,
    increment_gives_the_ttl_to_an_absent_key_only,
    expire_sets_and_removes_and_tells_which_existed,
    expired_key_is_absent_for_every_call,
);

/// Returns the TTL that a key shows.
async fn ttl(store: &Store, key: &str) -> Option<Duration> {
    match get(&*store.backend, &bucket("user"), key).await {
        Slot::Entry(entry) => entry.ttl,
        other => panic!("{key} must be there, not {other:?}"),
    }
}

fn about(ttl: Option<Duration>, expected: Duration) {
    let least = expected.saturating_sub(Duration::from_secs(20));
    assert!(
        ttl.is_some_and(|ttl| (least..=expected).contains(&ttl)),
        "about {expected:?} must be left, not {ttl:?}"
    );
}

async fn get_shows_what_is_left_of_the_ttl(store: &Store) {
    let user = bucket("user");
    set(&*store.backend, &user, "k", "v", Some(HOUR))
        .await
        .unwrap();
    about(ttl(store, "k").await, HOUR);
    set(&*store.backend, &user, "k", "v", Some(HOUR * 2))
        .await
        .unwrap();
    about(ttl(store, "k").await, HOUR * 2);
}

async fn get_with_a_new_ttl_sets_and_shows_it(store: &Store) {
    let user = bucket("user");
    let entries = pairs([("none", "1")]);
    store.backend.set(&user, &entries, None).await.unwrap();
    set(&*store.backend, &user, "hour", "2", Some(HOUR))
        .await
        .unwrap();

    let asked = keys(["none", "absent", "hour"]);
    let slots = store.backend.get(&user, &asked, Some(HOUR * 3)).await;

    let shown = |value: &str| {
        Slot::Entry(Entry {
            value: value.into(),
            ttl: Some(HOUR * 3),
        })
    };
    assert_eq!(slots.unwrap(), [shown("1"), Slot::Absent, shown("2")]);
    about(ttl(store, "none").await, HOUR * 3);
    about(ttl(store, "hour").await, HOUR * 3);
    assert_eq!(get(&*store.backend, &user, "absent").await, Slot::Absent);
}

async fn set_without_a_ttl_removes_the_one_that_was_there(store: &Store) {
    let user = bucket("user");
    set(&*store.backend, &user, "k", "v", Some(HOUR))
        .await
        .unwrap();
    set(&*store.backend, &user, "k", "w", None).await.unwrap();
    assert_eq!(get(&*store.backend, &user, "k").await, lasting("w"));
}

async fn set_with_a_ttl_longer_than_any_clock_still_holds_the_value(store: &Store) {
    let user = bucket("user");
    let longest = Some(Duration::MAX);
    set(&*store.backend, &user, "k", "v", longest)
        .await
        .unwrap();
    let far = Some(HOUR * 24 * 365 * 1000);
    assert!(ttl(store, "k").await > far, "saturate, do not overflow");
    store
        .backend
        .get(&user, &keys(["k"]), longest)
        .await
        .unwrap();
    store
        .backend
        .expire(&user, &keys(["k"]), longest)
        .await
        .unwrap();
    assert!(ttl(store, "k").await > far, "saturate, do not overflow");
}

async fn set_with_less_than_a_millisecond_expires(store: &Store) {
    let user = bucket("user");
    let instant = Some(Duration::from_nanos(1));
    set(&*store.backend, &user, "k", "v", instant)
        .await
        .unwrap();
    wait_until_absent(&*store.backend, &user, "k").await;
}

async fn set_if_absent_gives_the_ttl_and_shows_that_of_the_first(store: &Store) {
    let user = bucket("user");
    let first = pairs([("k", "first")]);
    let wrote = store.backend.set_if_absent(&user, &first, Some(HOUR)).await;
    assert_eq!(wrote.unwrap(), [None]);

    let second = pairs([("k", "second")]);
    let held = store
        .backend
        .set_if_absent(&user, &second, Some(HOUR * 9))
        .await;

    let Some(Slot::Entry(held)) = held.unwrap().remove(0) else {
        panic!("the entry of the first writer must be returned");
    };
    assert_eq!(held.value, b"first");
    about(held.ttl, HOUR);
    about(ttl(store, "k").await, HOUR);
}

async fn increment_gives_the_ttl_to_an_absent_key_only(store: &Store) {
    let user = bucket("user");
    let increment = |ttl| store.backend.increment(&user, "n", 1, ttl);
    assert_eq!(increment(Some(HOUR)).await.unwrap(), 1);
    about(ttl(store, "n").await, HOUR);
    assert_eq!(increment(Some(HOUR * 9)).await.unwrap(), 2);
    about(ttl(store, "n").await, HOUR);
    assert_eq!(increment(None).await.unwrap(), 3);
    about(ttl(store, "n").await, HOUR);
}

async fn expire_sets_and_removes_and_tells_which_existed(store: &Store) {
    let user = bucket("user");
    let entries = pairs([("a", "1"), ("b", "2")]);
    store.backend.set(&user, &entries, None).await.unwrap();
    let asked = keys(["a", "none", "b", "a"]);

    let existed = store.backend.expire(&user, &asked, Some(HOUR)).await;
    assert_eq!(existed.unwrap(), [true, false, true, true]);
    about(ttl(store, "a").await, HOUR);
    about(ttl(store, "b").await, HOUR);

    let only = keys(["none", "a", "b"]);
    for _ in 0..2 {
        let existed = store.backend.expire(&user, &only, None).await;
        assert_eq!(existed.unwrap(), [false, true, true]);
        assert_eq!(ttl(store, "a").await, None);
    }
}

async fn expired_key_is_absent_for_every_call(store: &Store) {
    let user = bucket("user");
    let all = keys(["a", "b", "n"]);
    let entries = pairs([("a", "1"), ("b", "2"), ("n", "7")]);
    store
        .backend
        .set(&user, &entries, Some(SOON))
        .await
        .unwrap();
    for key in &all {
        wait_until_absent(&*store.backend, &user, key).await;
    }

    // For the last millisecond Redis shows a TTL of 0, which is absent to `get` and not to
    // `EXISTS`.
    let start = Instant::now();
    while store.backend.exists(&user, &all).await.unwrap() > 0 {
        assert!(
            start.elapsed() < PATIENCE,
            "they expired; they do not exist"
        );
    }
    assert_eq!(store.backend.count(&user).await.unwrap(), 0);
    assert_eq!(
        crate::stores::list(&*store.backend, &user, 10).await,
        [""; 0]
    );
    let existed = store.backend.expire(&user, &all, None).await.unwrap();
    assert_eq!(existed, [false; 3]);
    let slots = store.backend.get(&user, &all, Some(HOUR)).await.unwrap();
    assert_eq!(slots, [Slot::Absent, Slot::Absent, Slot::Absent]);
    let new = pairs([("a", "new")]);
    let wrote = store
        .backend
        .set_if_absent(&user, &new, None)
        .await
        .unwrap();
    assert_eq!(wrote, [None]);
    let sum = store.backend.increment(&user, "n", 1, None).await.unwrap();
    assert_eq!(sum, 1);
    assert_eq!(ttl(store, "n").await, None);
    assert_eq!(store.backend.delete(&user, &all).await.unwrap(), 2);
    assert_eq!(store.backend.clear(&user).await.unwrap(), 0);
}
