//! Returned values and their types.

use std::time::Duration;

use flipcache::component::{CacheError, Source};
use flipcache::{Expiry, Options, Value, ValueType};

use crate::component::world::{get, get_text, local, over, refused, set, text};
use crate::faulty_backend::FaultyBackend;
use crate::stores::in_memory;

/// Returns a value of each type.
fn one_of_each() -> [Value; 6] {
    [
        text("v"),
        Value::Integer(-7),
        Value::Float(1e-7),
        Value::Boolean(true),
        Value::Json("{\"a\": [1, null]}".into()),
        Value::Bytes(vec![0, 0xff]),
    ]
}

/// Q8.
#[test]
fn get_value_changed_by_the_caller_is_unchanged_in_the_cache() {
    let cache = over(in_memory().backend)
        .open("n", Options::default())
        .expect("it must open");
    set(&cache, "k", "v");
    let (Some(Value::Text(mut mine)), Source::Local) = get(&cache, "k") else {
        panic!("the local tier must have it");
    };
    mine.push('!');
    assert_eq!(
        get_text(&cache, "k"),
        (Some("v".into()), Source::Local),
        "answer a copy"
    );
}

/// Q9.
#[test]
fn get_default_changed_by_the_caller_is_not_the_next_keys_default() {
    let options = Options {
        value_type: ValueType::Json,
        default: Some(Value::Json("[]".into())),
        store_default: true,
        ..Options::default()
    };
    let cache = over(in_memory().backend)
        .open("n", options)
        .expect("it must open");
    let empty = Some(Value::Json("[]".into()));
    let Some(Value::Json(mut list)) = get(&cache, "a").0 else {
        panic!("the default must be answered");
    };
    list.insert(1, '1');
    assert_eq!(get(&cache, "b"), (empty.clone(), Source::Default));
    assert_eq!(get(&cache, "a"), (empty.clone(), Source::Local));
    cache.local_clear().expect("the local tier must answer");
    assert_eq!(get(&cache, "a"), (empty, Source::Backend));
}

/// Q11.
#[test]
fn get_default_is_the_same_before_and_after_l2_holds_it() {
    let instance = over(in_memory().backend);
    for default in one_of_each() {
        let options = Options {
            value_type: default.value_type(),
            default: Some(default.clone()),
            store_default: true,
            ..Options::default()
        };
        let name = format!("{:?}", default.value_type());
        let cache = instance.open(&name, options).expect("it must open");
        assert_eq!(get(&cache, "k"), (Some(default.clone()), Source::Default));
        assert_eq!(get(&cache, "k"), (Some(default.clone()), Source::Local));
        cache.local_clear().expect("the local tier must answer");
        assert_eq!(get(&cache, "k"), (Some(default), Source::Backend));
    }
}

/// Q12; also Q2 and Q3, for values that cannot be encoded.
#[test]
fn set_value_of_another_type_reaches_neither_tier() {
    let faulty = FaultyBackend::over(in_memory().backend);
    let instance = over(faulty.clone());
    for held in one_of_each() {
        let options = Options {
            value_type: held.value_type(),
            ..Options::default()
        };
        let cache = instance.open("n", options).expect("it must open");
        let others = one_of_each();
        let others = others
            .into_iter()
            .filter(|other| other.value_type() != held.value_type());
        for other in others {
            let key = format!("{other:?}");
            let error = refused(cache.set(&key, other.clone(), Expiry::Inherit));
            assert!(matches!(error, CacheError::InvalidValue(_)), "{error:?}");
            refused(cache.set_many([(key.clone(), other.clone())], Expiry::Inherit));
            refused(cache.set_if_absent(&key, other, Expiry::Inherit));
        }
        assert_eq!((faulty.calls(), local(&cache).as_str()), (vec![], ""));
    }
}

/// Q32.
#[test]
fn get_reads_l2_once_unless_a_ttl_has_to_be_extended() {
    let faulty = FaultyBackend::over(in_memory().backend);
    let options = Options {
        local_max: 0,
        ttl: Some(Duration::from_secs(60)),
        refresh_ttl_on_get: true,
        ..Options::default()
    };
    let cache = over(faulty.clone())
        .open("n", options)
        .expect("it must open");
    set(&cache, "k", "v");
    faulty.calls();
    assert_eq!(get_text(&cache, "k"), (Some("v".into()), Source::Backend));
    assert_eq!(faulty.calls(), ["get"]);
    let short = Expiry::After(Duration::from_secs(30));
    cache
        .set("k", text("v"), short)
        .expect("it must be written");
    faulty.calls();
    assert_eq!(get_text(&cache, "k"), (Some("v".into()), Source::Backend));
    assert_eq!(faulty.calls(), ["get", "get"]);
    let left = cache.ttl("k").expect("it is there");
    assert!(
        matches!(left, Some(Expiry::After(left)) if left > Duration::from_secs(50)),
        "{left:?}"
    );
}
