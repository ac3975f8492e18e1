//! Caches and dictionaries that several hold at once.

use std::thread;

use flipcache::component::{Dict, Source};
use flipcache::{Expiry, Options, Order};

use crate::component::world::{get_text, over, set, text};
use crate::stores::in_memory;

/// How many threads there are, and how often each of them does everything.
const THREADS: usize = 4;
const ROUNDS: usize = 300;

/// Q7: handles of one name are one cache.
#[test]
fn set_through_one_handle_is_never_hidden_from_another() {
    let instance = over(in_memory().backend);
    let [one, other] = [(); 2].map(|()| {
        instance
            .open("n", Options::default())
            .expect("it must open")
    });
    set(&one, "k", "old");
    assert_eq!(get_text(&other, "k").0.as_deref(), Some("old"));
    set(&other, "k", "new");
    assert_eq!(get_text(&one, "k"), (Some("new".into()), Source::Local));
    other.delete(&["k".into()]).expect("L2 must delete");
    assert_eq!(get_text(&one, "k"), (None, Source::None));
}

/// Q18: a key that is evicted or deleted while it is read is absent, or read from L2.
#[test]
fn get_while_others_evict_and_delete_never_fails() {
    let options = Options {
        local_max: 1,
        ..Options::default()
    };
    let cache = over(in_memory().backend)
        .open("n", options)
        .expect("it must open");
    thread::scope(|scope| {
        for first in 0..THREADS {
            let cache = &cache;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let key = ["a", "b", "c"][(first + round) % 3];
                    set(cache, key, key);
                    let held = get_text(cache, key).0;
                    assert!(held.as_deref().is_none_or(|value| value == key));
                    assert!(cache.stats().expect("it must answer").local_len <= 1);
                    if round % 5 == 0 {
                        cache.delete(&[key.into()]).expect("L2 must delete");
                    }
                }
            });
        }
    });
}

/// Q29: every call of a dictionary is safe, not only some, and its bound holds for good.
#[test]
fn any_call_of_a_shared_dict_keeps_its_bound() {
    for order in [Order::Fifo, Order::Lru] {
        let instance = over(in_memory().backend);
        let dict = instance.open_dict(order, 3).expect("it must open");
        thread::scope(|scope| {
            for first in 0..THREADS {
                let dict = &dict;
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        call_everything(dict, &((first + round) % 7).to_string());
                        assert!(dict.len().expect("it must answer") <= 3, "{order:?}");
                    }
                });
            }
        });
        let items = dict.items().expect("it must answer");
        assert_eq!(items.len(), dict.len().expect("it must answer") as usize);
    }
}

fn call_everything(dict: &Dict, key: &str) {
    dict.set(key, text(key)).expect("it must fit");
    dict.set_default(key, text(key)).expect("it must fit");
    let held = dict.get(key).expect("it must answer");
    assert!(held.is_none_or(|value| value == text(key)));
    dict.mark_as_used(key).expect("it must answer");
    let items = dict.items().expect("it must answer");
    assert!(items.into_iter().all(|(key, value)| value == text(&key)));
    let other = [("other".to_owned(), text("other"))];
    dict.update(other).expect("it must fit");
    dict.pop(key).expect("it must answer");
    dict.pop_item(false).expect("it must answer");
}

/// Q27: listing is no use and loses nothing; and what was listed may be read meanwhile.
#[test]
fn items_of_a_dict_are_complete_and_in_order() {
    for order in [Order::Fifo, Order::Lru] {
        let instance = over(in_memory().backend);
        let dict = instance.open_dict(order, 1_500).expect("it must open");
        let keys: Vec<String> = (0..1_500).map(|n| n.to_string()).collect();
        let items = keys.iter().map(|key| (key.clone(), text(key)));
        dict.update(items).expect("they must fit");
        for _ in 0..2 {
            let items = dict.items().expect("it must answer");
            let listed: Vec<_> = items.into_iter().map(|(key, _)| key).collect();
            assert_eq!(listed, keys, "{order:?}");
        }
        for key in dict.keys().expect("it must answer") {
            assert_eq!(dict.get(&key).expect("it must answer"), Some(text(&key)));
        }
        assert_eq!(dict.len().expect("it must answer"), 1_500);
    }
}

/// Q24: what a dictionary of Python has and `FlipCache` has not.
#[test]
fn every_call_of_a_mapping_is_supported() {
    let cache = over(in_memory().backend)
        .open("n", Options::default())
        .expect("it must open");
    let entries = ["a", "b"].map(|key| (key.to_owned(), text(key)));
    cache
        .set_many(entries, Expiry::Inherit)
        .expect("they must be written");
    assert!(!cache.is_empty().expect("L2 must answer"));
    let absent = cache.set_if_absent("a", text("other"), Expiry::Inherit);
    assert!(!absent.expect("L2 must answer"), "a is there");
    let keys = ["a", "absent"].map(str::to_owned);
    let values = cache.get_many(&keys).expect("they must be read");
    assert_eq!(values, [Some(text("a")), None]);
    assert_eq!(get_text(&cache, "absent"), (None, Source::None));
    assert_eq!(cache.clear().expect("L2 must clear"), 2);
    assert!(cache.is_empty().expect("L2 must answer"));
}
