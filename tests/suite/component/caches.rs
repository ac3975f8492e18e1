//! The operations of a cache, over every backend.

use flipcache::component::{CacheError, Source};
use flipcache::{Expiry, KeyType, Options, Value, ValueType};

use super::world::{World, all_keys, get, get_text, refused, set, text};

/// Runs functions over `&World` as tests on every backend.
macro_rules! on_every_backend {
    ($($case:ident),+ $(,)?) => {
        on_every_backend!(@store memory, in_memory, $($case),+);
        on_every_backend!(@store sqlite, in_sqlite, $($case),+);
        on_every_backend!(@store redis, in_redis, $($case),+);
    };
    (@store $store:ident, $new:ident, $($case:ident),+) => {
        mod $store {
            use super::World;
            $(
                #[test]
                fn $case() {
                    super::$case(&World::over_store(crate::stores::$new));
                }
            )+
        }
    };
}

on_every_backend!(
    clear_leaves_neither_tier_a_key_and_other_names_alone,
    contains_tells_of_either_tier,
    delete_counts_what_was_there,
    get_absent_key_answers_the_default_and_stores_it_only_if_told,
    get_empty_value_is_a_value,
    get_every_value_type_reads_what_was_set,
    get_large_value_reads_what_was_set,
    get_many_answers_in_the_order_asked_for,
    get_second_time_is_local,
    get_store_default_yields_to_whoever_came_first,
    increment_counts_up_from_nothing_and_keeps_to_64_bits,
    keys_and_names_are_taken_literally,
    keys_of_integer_cache_are_integers,
    nested_names_are_one_place,
    set_if_absent_tells_who_came_first,
    set_many_writes_all,
);

/// Section 2.2.
fn get_second_time_is_local(world: &World) {
    let cache = world.open("n", Options::default());
    set(&cache, "k", "v");
    assert_eq!(get_text(&cache, "k"), (Some("v".into()), Source::Local));
    cache.local_clear().expect("the local tier must answer");
    assert_eq!(get_text(&cache, "k"), (Some("v".into()), Source::Backend));
    assert_eq!(get_text(&cache, "k"), (Some("v".into()), Source::Local));
    assert_eq!(get_text(&cache, "absent"), (None, Source::None));
    let stats = cache.stats().expect("the cache must tell its stats");
    assert_eq!(
        (stats.local_hits, stats.backend_hits, stats.misses),
        (2, 1, 1)
    );
    assert_eq!((stats.local_len, stats.local_bytes), (1, 2));
}

/// Q13.
fn get_every_value_type_reads_what_was_set(world: &World) {
    for (value_type, value) in [
        (ValueType::Text, text("é☃😀\n\0")),
        (ValueType::Integer, Value::Integer(i64::MIN)),
        (ValueType::Float, Value::Float(-1e-7)),
        (ValueType::Boolean, Value::Boolean(true)),
        (
            ValueType::Json,
            Value::Json("{\"a\": [1, null], \"b\": \"\\ud800\"}".into()),
        ),
        (ValueType::Bytes, Value::Bytes(vec![0, 0xff, b'\n'])),
    ] {
        let cache = world.open(
            &format!("{value_type:?}"),
            Options {
                value_type,
                ..Options::default()
            },
        );
        cache
            .set("k", value.clone(), Expiry::Inherit)
            .expect("it must be written");
        assert_eq!(get(&cache, "k"), (Some(value.clone()), Source::Local));
        cache.local_clear().expect("the local tier must answer");
        assert_eq!(
            get(&cache, "k"),
            (Some(value), Source::Backend),
            "the type must not depend on the tier"
        );
    }
}

/// Q4.
fn get_empty_value_is_a_value(world: &World) {
    let options = Options {
        default: Some(text("default")),
        store_default: true,
        ..Options::default()
    };
    let cache = world.open("n", options);
    set(&cache, "k", "");
    cache.local_clear().expect("the local tier must answer");
    assert_eq!(
        get_text(&cache, "k"),
        (Some(String::new()), Source::Backend)
    );
    set(&cache, "", "the empty key is a key");
    assert_eq!(all_keys(&cache), ["", "k"]);
}

fn get_large_value_reads_what_was_set(world: &World) {
    let cache = world.open("n", Options::default());
    let large = "é".repeat(1 << 19);
    set(&cache, "k", &large);
    assert_eq!(get_text(&cache, "k"), (Some(large.clone()), Source::Local));
    cache.local_clear().expect("the local tier must answer");
    assert_eq!(get_text(&cache, "k"), (Some(large), Source::Backend));
}

/// Q10; section 2.2.
fn get_absent_key_answers_the_default_and_stores_it_only_if_told(world: &World) {
    let default = Some(text("default"));
    let options = Options {
        default: default.clone(),
        ..Options::default()
    };
    let cache = world.open("n", options.clone());
    assert_eq!(get(&cache, "k"), (default.clone(), Source::Default));
    assert_eq!(
        cache.len().expect("L2 must count"),
        0,
        "a read must not write"
    );
    let storing = world.open(
        "n",
        Options {
            store_default: true,
            ..options
        },
    );
    assert_eq!(get(&storing, "k"), (default.clone(), Source::Default));
    assert_eq!(get(&cache, "k"), (default, Source::Local));
    assert_eq!(cache.len().expect("L2 must count"), 1);
}

/// Q10.
fn get_store_default_yields_to_whoever_came_first(world: &World) {
    let default = Some(text("default"));
    let cache = world.open(
        "n",
        Options {
            default,
            store_default: true,
            ..Options::default()
        },
    );
    set(&cache, "there", "first");
    cache.local_clear().expect("the local tier must answer");
    let keys = ["absent", "there", "absent too"].map(str::to_owned);
    let values = cache.get_many(&keys).expect("they must be read");
    assert_eq!(
        values,
        [
            Some(text("default")),
            Some(text("first")),
            Some(text("default"))
        ]
    );
    assert_eq!(all_keys(&cache), ["absent", "absent too", "there"]);
}

fn get_many_answers_in_the_order_asked_for(world: &World) {
    let cache = world.open("n", Options::default());
    for key in ["a", "b", "c"] {
        set(&cache, key, key);
    }
    cache.local_clear().expect("the local tier must answer");
    get(&cache, "b");
    let keys = ["c", "absent", "b", "a", "c"].map(str::to_owned);
    let values = cache.get_many(&keys).expect("they must be read");
    assert_eq!(
        values,
        [
            Some(text("c")),
            None,
            Some(text("b")),
            Some(text("a")),
            Some(text("c"))
        ]
    );
    assert_eq!(cache.get_many(&[]).expect("nothing is asked"), []);
}

fn set_many_writes_all(world: &World) {
    let cache = world.open("n", Options::default());
    let entries = [("a", "1"), ("b", "2"), ("a", "3")];
    let entries = entries.map(|(key, value)| (key.to_owned(), text(value)));
    cache
        .set_many(entries, Expiry::Inherit)
        .expect("they must be written");
    assert_eq!(
        get_text(&cache, "a").0.as_deref(),
        Some("3"),
        "the last value of a key counts"
    );
    assert_eq!(get_text(&cache, "b").0.as_deref(), Some("2"));
    cache
        .set_many([], Expiry::Inherit)
        .expect("nothing is written");
}

fn set_if_absent_tells_who_came_first(world: &World) {
    let cache = world.open("n", Options::default());
    let claim = |value| cache.set_if_absent("lock", text(value), Expiry::Inherit);
    assert!(claim("mine").expect("L2 must answer"));
    assert!(
        !claim("mine").expect("L2 must answer"),
        "the same bytes must not look like a success"
    );
    assert!(!claim("other").expect("L2 must answer"));
    assert_eq!(
        get_text(&cache, "lock"),
        (Some("mine".into()), Source::Local)
    );
}

fn increment_counts_up_from_nothing_and_keeps_to_64_bits(world: &World) {
    let cache = world.open(
        "n",
        Options {
            value_type: ValueType::Integer,
            ..Options::default()
        },
    );
    assert_eq!(cache.increment("k", 5).expect("L2 must add"), 5);
    assert_eq!(get(&cache, "k").0, Some(Value::Integer(5)));
    assert_eq!(cache.increment("k", -7).expect("L2 must add"), -2);
    assert_eq!(
        get(&cache, "k").0,
        Some(Value::Integer(-2)),
        "the local tier must not keep the old sum"
    );
    cache
        .set("k", Value::Integer(i64::MAX), Expiry::Inherit)
        .expect("it must be written");
    let error = refused(cache.increment("k", 1));
    assert!(matches!(error, CacheError::InvalidValue(_)), "{error:?}");
    assert_eq!(get(&cache, "k").0, Some(Value::Integer(i64::MAX)));
    let texts = world.open("texts", Options::default());
    let error = refused(texts.increment("k", 1));
    assert!(matches!(error, CacheError::InvalidValue(_)), "{error:?}");
}

/// Section 2.3.
fn delete_counts_what_was_there(world: &World) {
    let cache = world.open("n", Options::default());
    set(&cache, "a", "1");
    set(&cache, "b", "2");
    let keys = ["a", "absent", "b", "a"].map(str::to_owned);
    assert_eq!(cache.delete(&keys).expect("L2 must delete"), 2);
    assert_eq!(get(&cache, "a"), (None, Source::None));
    assert_eq!(cache.delete(&keys).expect("L2 must delete"), 0);
}

/// Section 2.4.
fn contains_tells_of_either_tier(world: &World) {
    let cache = world.open("n", Options::default());
    set(&cache, "k", "v");
    assert!(cache.contains("k").expect("the cache must answer"));
    cache.local_clear().expect("the local tier must answer");
    assert!(cache.contains("k").expect("L2 must answer"));
    assert_eq!(
        cache.local_keys().expect("the local tier must answer"),
        [""; 0],
        "asking must not fill"
    );
    assert!(!cache.contains("absent").expect("L2 must answer"));
}

fn clear_leaves_neither_tier_a_key_and_other_names_alone(world: &World) {
    let names = ["user", "user:admin", "users"];
    let [cache, nested, other] = names.map(|name| world.open(name, Options::default()));
    for cache in [&cache, &nested, &other] {
        set(cache, "k", "v");
    }
    assert_eq!(
        cache.clear().expect("L2 must clear"),
        2,
        "a name clears those that begin with it"
    );
    assert_eq!(get(&cache, "k"), (None, Source::None));
    assert_eq!(
        get(&nested, "k"),
        (None, Source::None),
        "the nested cache must not answer from L1"
    );
    assert_eq!(get_text(&other, "k"), (Some("v".into()), Source::Local));
}

/// Q16.
fn nested_names_are_one_place(world: &World) {
    let outer = world.open("user", Options::default());
    let inner = world.open("user:admin", Options::default());
    set(&outer, "admin:1", "outer");
    assert_eq!(get_text(&inner, "1").0.as_deref(), Some("outer"));
    set(&inner, "1", "inner");
    assert_eq!(
        get_text(&outer, "admin:1"),
        (Some("inner".into()), Source::Backend)
    );
}

/// Q14 and Q15; section 2.5.
fn keys_and_names_are_taken_literally(world: &World) {
    let names = ["*", "h[a]llo", "hallo", "back\\slash", "a:b", "?"];
    let caches = names.map(|name| world.open(name, Options::default()));
    let keys = ["*", ":", "?", "[a-z]", "\\", "a:b:c", "key with space\n"];
    for cache in &caches {
        for key in keys {
            set(cache, key, key);
        }
    }
    let mut sorted = keys;
    sorted.sort_unstable();
    for (name, cache) in names.iter().zip(&caches) {
        assert_eq!(all_keys(cache), sorted, "{name}");
        assert_eq!(
            cache.len().expect("L2 must count"),
            keys.len() as u64,
            "{name}"
        );
        cache.local_clear().expect("the local tier must answer");
        for key in keys {
            assert_eq!(get_text(cache, key).0.as_deref(), Some(key), "{name}");
        }
    }
    caches[0].clear().expect("L2 must clear");
    for cache in &caches[1..] {
        assert_eq!(
            cache.len().expect("L2 must count"),
            keys.len() as u64,
            "`*` cleared another cache"
        );
    }
}

/// Q16.
fn keys_of_integer_cache_are_integers(world: &World) {
    let cache = world.open(
        "n",
        Options {
            key_type: KeyType::Integer,
            ..Options::default()
        },
    );
    for key in ["-3", "0", "42"] {
        set(&cache, key, "v");
    }
    set(&world.open("n:nested", Options::default()), "k", "v");
    assert_eq!(
        all_keys(&cache),
        ["-3", "0", "42"],
        "what is no integer is another cache's"
    );
    for key in ["007", "+1", "1.0", "", "x"] {
        let error = refused(cache.get(key));
        assert!(
            matches!(&error, CacheError::InvalidKey { key: told } if told == key),
            "{error:?}"
        );
    }
}
