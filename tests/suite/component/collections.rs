//! Dictionaries, by the typed exports.

use flipcache::component::{CacheError, Dict, Instance};
use flipcache::{Order, Value};

use super::world::{over, refused, text};
use crate::stores::in_memory;

fn dict(order: Order) -> (Instance, Dict) {
    let instance = over(in_memory().backend);
    let dict = instance.open_dict(order, 3).expect("it must open");
    let items = ["a", "b", "c"].map(|key| (key.to_owned(), text(key)));
    dict.update(items).expect("they must fit");
    (instance, dict)
}

fn keys(dict: &Dict) -> String {
    dict.keys().expect("the dictionary must answer").concat()
}

/// Section 1.2.
#[test]
fn set_fifo_overwrite_moves_and_a_read_does_not() {
    let (_instance, dict) = dict(Order::Fifo);
    assert_eq!(dict.get("a").expect("it must answer"), Some(text("a")));
    assert_eq!(keys(&dict), "abc");
    assert_eq!(dict.set("a", text("new")).expect("it must fit"), None);
    assert_eq!(keys(&dict), "bca");
    let evicted = dict.set("d", text("d")).expect("it must fit");
    assert_eq!(evicted, Some(("b".into(), text("b"))));
    assert_eq!(keys(&dict), "cad");
}

/// Section 1.3.
#[test]
fn get_lru_moves_and_peek_and_contains_do_not() {
    let (_instance, dict) = dict(Order::Lru);
    dict.get("a").expect("it must answer");
    dict.peek("b").expect("it must answer");
    assert!(dict.contains("b").expect("it must answer"));
    assert_eq!(keys(&dict), "bca");
    assert_eq!(
        dict.set_default("b", text("other")).expect("it must fit"),
        text("b")
    );
    assert_eq!(keys(&dict), "cab");
}

/// Sections 1.2, 1.3 and 1.5.
#[test]
fn every_other_function_follows_its_contract() {
    let (_instance, dict) = dict(Order::Fifo);
    assert!(dict.mark_as_used("a").expect("it must answer"));
    assert!(!dict.mark_as_used("absent").expect("it must answer"));
    assert_eq!(
        dict.values().expect("it must answer"),
        ["b", "c", "a"].map(text)
    );
    assert_eq!(
        dict.pop_item(true).expect("it must answer"),
        Some(("a".into(), text("a")))
    );
    assert_eq!(
        dict.pop_item(false).expect("it must answer"),
        Some(("b".into(), text("b")))
    );
    assert_eq!(
        dict.items().expect("it must answer"),
        [("c".to_owned(), text("c"))]
    );
    assert_eq!(dict.pop("c").expect("it must answer"), Some(text("c")));
    assert_eq!(dict.pop("c").expect("it must answer"), None);
    for value in [
        Value::Integer(1),
        Value::Float(0.5),
        Value::Boolean(true),
        Value::Bytes(vec![0]),
        Value::Json("1".into()),
    ] {
        dict.set("k", value.clone()).expect("it must fit");
        assert_eq!(dict.get("k").expect("it must answer"), Some(value));
    }
    assert_eq!((dict.len().ok(), dict.max_items().ok()), (Some(1), Some(3)));
    dict.clear().expect("it must answer");
    assert!(dict.is_empty().expect("it must answer"));
}

/// Q25.
#[test]
fn open_with_zero_capacity_is_refused() {
    let instance = over(in_memory().backend);
    let error = refused(instance.open_dict(Order::Fifo, 0).map(|_| ()));
    assert!(matches!(error, CacheError::InvalidCapacity), "{error:?}");
}
