//! Writes: `set`, `set_if_absent`, `increment`, `delete`.

use std::sync::Arc;
use std::time::Duration;

use flipcache::backend::{BackendError, Slot};

use crate::stores::{Store, bucket, get, keys, lasting, pairs, set};

super::contract!(
    set_key_given_twice_keeps_the_last_value,
    set_batch_of_many_megabytes_writes_all,
    set_value_beyond_the_limit_writes_nothing,
    set_if_absent_answers_what_was_there,
    set_if_absent_key_given_twice_counts_once_with_the_last_value,
    set_if_absent_many_at_once_one_wins,
    set_if_present_writes_only_what_is_there,
    increment_absent_key_counts_from_zero,
    increment_keeps_what_is_no_integer,
    increment_many_at_once_loses_none,
    delete_counts_the_keys_that_existed,
);

async fn set_key_given_twice_keeps_the_last_value(store: &Store) {
    let user = bucket("user");
    let entries = pairs([("a", "1"), ("b", "2"), ("a", "3")]);
    store.backend.set(&user, &entries, None).await.unwrap();
    assert_eq!(get(&*store.backend, &user, "a").await, lasting("3"));
    assert_eq!(store.backend.count(&user).await.unwrap(), 2);
}

async fn set_batch_of_many_megabytes_writes_all(store: &Store) {
    let user = bucket("user");
    let value = "v".repeat(300_000);
    let mut entries = pairs([("0", "the first of two")]);
    entries.extend((0..30).map(|n| (n.to_string(), value.clone().into_bytes())));

    store.backend.set(&user, &entries, None).await.unwrap();

    let asked: Vec<_> = (0..30).map(|n| n.to_string()).collect();
    let slots = store.backend.get(&user, &asked, None).await.unwrap();
    assert!(slots == vec![lasting(&value); 30], "write every entry");
}

async fn set_value_beyond_the_limit_writes_nothing(store: &Store) {
    let user = bucket("user");
    let mut entries = pairs([("small", "v")]);
    entries.push(("large".to_owned(), vec![0; store.limit + 1]));

    for outcome in [
        store.backend.set(&user, &entries, None).await,
        store
            .backend
            .set_if_absent(&user, &entries, None)
            .await
            .map(drop),
    ] {
        let Err(BackendError::TooLarge { limit }) = outcome else {
            panic!("a value beyond the limit is TooLarge, not {outcome:?}");
        };
        assert_eq!(usize::try_from(limit), Ok(store.limit));
    }
    assert_eq!(get(&*store.backend, &user, "small").await, Slot::Absent);
}

async fn set_if_absent_answers_what_was_there(store: &Store) {
    let user = bucket("user");
    set(&*store.backend, &user, "there", "old", None)
        .await
        .unwrap();

    let entries = pairs([("there", "new"), ("absent", "new")]);
    let answers = store.backend.set_if_absent(&user, &entries, None).await;

    assert_eq!(answers.unwrap(), [Some(lasting("old")), None]);
    assert_eq!(get(&*store.backend, &user, "there").await, lasting("old"));
    assert_eq!(get(&*store.backend, &user, "absent").await, lasting("new"));
}

async fn set_if_absent_key_given_twice_counts_once_with_the_last_value(store: &Store) {
    let user = bucket("user");
    set(&*store.backend, &user, "b", "old", None).await.unwrap();

    let entries = pairs([("a", "1"), ("b", "2"), ("a", "3"), ("b", "4")]);
    let answers = store.backend.set_if_absent(&user, &entries, None).await;

    let held = Some(lasting("old"));
    assert_eq!(answers.unwrap(), [None, held.clone(), None, held]);
    assert_eq!(get(&*store.backend, &user, "a").await, lasting("3"));
}

async fn set_if_absent_many_at_once_one_wins(store: &Store) {
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..32 {
        let backend = Arc::clone(&store.backend);
        tasks.spawn(async move {
            let mine = pairs([("k", &n.to_string())]);
            let answers = backend.set_if_absent(&bucket("user"), &mine, None).await;
            (n.to_string(), answers.unwrap())
        });
    }
    let answers = tasks.join_all().await;

    let winners: Vec<_> = answers.iter().filter(|(_, a)| a == &[None]).collect();
    assert_eq!(winners.len(), 1, "exactly one call writes");
    let value = lasting(&winners[0].0);
    assert_eq!(get(&*store.backend, &bucket("user"), "k").await, value);
    let others = answers.iter().filter(|(_, a)| a != &[None]);
    for (_, answer) in others {
        assert_eq!(answer, &[Some(value.clone())]);
    }
}

async fn set_if_present_writes_only_what_is_there(store: &Store) {
    let user = bucket("user");
    let hour = Some(Duration::from_secs(3600));
    let put = async |key: &str, value: &str, ttl| {
        let put = store
            .backend
            .set_if_present(&user, key, value.as_bytes(), ttl);
        put.await.unwrap()
    };
    set(&*store.backend, &user, "there", "old", hour)
        .await
        .unwrap();

    assert!(put("there", "new", None).await);
    assert!(!put("absent", "new", hour).await);

    assert_eq!(get(&*store.backend, &user, "there").await, lasting("new"));
    assert_eq!(get(&*store.backend, &user, "absent").await, Slot::Absent);
    assert!(put("there", "newer", hour).await);
    let Slot::Entry(entry) = get(&*store.backend, &user, "there").await else {
        panic!("the key must be there");
    };
    assert_eq!(entry.value, b"newer");
    assert!(
        entry
            .ttl
            .is_some_and(|left| left <= Duration::from_secs(3600))
    );
}

async fn increment_absent_key_counts_from_zero(store: &Store) {
    let user = bucket("user");
    for (delta, sum) in [(5, 5), (-7, -2), (0, -2), (i64::MAX, i64::MAX - 2)] {
        let answer = store.backend.increment(&user, "n", delta, None).await;
        assert_eq!(answer.unwrap(), sum);
        let held = lasting(&sum.to_string());
        assert_eq!(get(&*store.backend, &user, "n").await, held);
    }
    let lowest = store.backend.increment(&user, "low", i64::MIN, None).await;
    assert_eq!(lowest.unwrap(), i64::MIN);
}

async fn increment_keeps_what_is_no_integer(store: &Store) {
    let user = bucket("user");
    for held in ["", "one", "1.5", "007", "+1", " 1", "9223372036854775807"] {
        set(&*store.backend, &user, "k", held, None).await.unwrap();
        let answer = store.backend.increment(&user, "k", 1, None).await;
        assert!(
            matches!(answer, Err(BackendError::Other(_))),
            "{held:?} plus 1 is no integer of 64 bits; answer Other, not {answer:?}"
        );
        assert_eq!(get(&*store.backend, &user, "k").await, lasting(held));
    }
}

async fn increment_many_at_once_loses_none(store: &Store) {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let backend = Arc::clone(&store.backend);
        tasks.spawn(async move {
            let sum = backend.increment(&bucket("user"), "n", 1, None).await;
            sum.unwrap()
        });
    }
    let mut sums = tasks.join_all().await;
    sums.sort_unstable();
    assert_eq!(sums, (1..=50).collect::<Vec<_>>());
}

async fn delete_counts_the_keys_that_existed(store: &Store) {
    let user = bucket("user");
    let entries = pairs([("a", ""), ("b", ""), ("c", "")]);
    store.backend.set(&user, &entries, None).await.unwrap();

    let gone = keys(["a", "none", "b", "a"]);
    assert_eq!(store.backend.delete(&user, &gone).await.unwrap(), 2);

    assert_eq!(store.backend.delete(&user, &gone).await.unwrap(), 0);
    assert_eq!(get(&*store.backend, &user, "a").await, Slot::Absent);
    assert_eq!(get(&*store.backend, &user, "c").await, lasting(""));
}
