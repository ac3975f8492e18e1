//! Invalid input, and keys of Redis that hold no valid value: each has its own error.

use flipcache::component::{Cache, CacheError, Instance, Source};
use flipcache::{Expiry, MAX_KEY_BYTES, MAX_NAME_BYTES, Options, Resilience, Value, ValueType};
use flipcache_tests::RedisServer;

use super::world::{get, get_text, over, refused, set, text};
use crate::stores::{connect, foreign, in_memory};

fn over_redis() -> (RedisServer, Instance) {
    let server = RedisServer::start();
    let runtime = flipcache::io::runtime().expect("a runtime must start");
    let _entered = runtime.enter();
    let instance = over(connect(&server.url()));
    (server, instance)
}

fn open(instance: &Instance, value_type: ValueType) -> Cache {
    let options = Options {
        value_type,
        ..Options::default()
    };
    instance.open("n", options).expect("it must open")
}

/// Q11, Q20 and Q21; section 1.1.
#[test]
fn open_bad_name_or_options_is_refused() {
    let instance = over(in_memory().backend);
    for name in [String::new(), "n".repeat(MAX_NAME_BYTES + 1)] {
        let error = refused(instance.open(&name, Options::default()).map(|_| ()));
        assert!(matches!(error, CacheError::InvalidName(_)), "{error:?}");
    }
    let bad_default = Options {
        default: Some(Value::Integer(1)),
        ..Options::default()
    };
    let error = refused(instance.open("n", bad_default).map(|_| ()));
    assert!(matches!(error, CacheError::InvalidOptions(_)), "{error:?}");
    let jittery = Resilience {
        ttl_jitter_percent: 51,
        ..Resilience::default()
    };
    let error = refused(
        instance
            .open_with("n", Options::default(), jittery)
            .map(|_| ()),
    );
    assert!(matches!(error, CacheError::InvalidOptions(_)), "{error:?}");
}

#[test]
fn any_call_with_a_key_beyond_the_limit_is_refused() {
    let cache = over(in_memory().backend)
        .open("n", Options::default())
        .expect("it must open");
    let key = "k".repeat(MAX_KEY_BYTES);
    set(&cache, &key, "the longest key is a key");
    let key = key + "k";
    for error in [
        refused(cache.get(&key)),
        refused(cache.set(&key, text("v"), Expiry::Inherit)),
        refused(cache.delete(&["k".into(), key.clone()])),
        refused(cache.refresh(&key)),
    ] {
        assert!(matches!(error, CacheError::TooLarge { .. }), "{error:?}");
    }
}

#[test]
fn get_bytes_of_another_type_is_undecodable_and_the_next_call_works() {
    let (server, instance) = over_redis();
    for (value_type, stored) in [
        (ValueType::Text, b"\xff\xfe".as_slice()),
        (ValueType::Integer, b"9223372036854775808"),
        (ValueType::Integer, b"1.5"),
        (ValueType::Integer, b""),
        (ValueType::Float, b"one"),
        (ValueType::Boolean, b"yes"),
        (ValueType::Json, b"{\"a\":"),
        (ValueType::Json, b"\xff"),
    ] {
        let cache = open(&instance, value_type);
        let client = redis::Client::open(server.url()).expect("the server's URL must be valid");
        let mut connection = client.get_connection().expect("the server must be up");
        let () = redis::cmd("SET")
            .arg("n:k")
            .arg(stored)
            .query(&mut connection)
            .expect("it must be set");
        for error in [
            refused(cache.get("k")),
            refused(cache.get_many(&["k".into()])),
        ] {
            assert!(
                matches!(&error, CacheError::Undecodable { key } if key == "k"),
                "{value_type:?}: {error:?}"
            );
        }
        assert_eq!(
            cache.local_keys().expect("the local tier must answer"),
            [""; 0]
        );
        assert_eq!(get(&cache, "other"), (None, Source::None));
        assert_eq!(cache.delete(&["k".into()]).expect("it can be deleted"), 1);
    }
}

#[test]
fn any_call_on_a_hash_is_a_wrong_type_and_the_next_call_works() {
    let (server, instance) = over_redis();
    let cache = open(&instance, ValueType::Integer);
    let () = foreign(&server, &["HSET", "n:hash", "field", "1"]);
    for error in [
        refused(cache.get("hash")),
        refused(cache.get_many(&["other".into(), "hash".into()])),
        refused(cache.ttl("hash")),
        refused(cache.increment("hash", 1)),
    ] {
        assert!(
            matches!(&error, CacheError::WrongType { key } if key == "hash"),
            "{error:?}"
        );
    }
    assert!(cache.contains("hash").expect("it is there"));
    assert_eq!(get(&cache, "other"), (None, Source::None));
    cache
        .set("hash", Value::Integer(1), Expiry::Inherit)
        .expect("a set replaces it, as Redis does");
    assert_eq!(get(&cache, "hash").0, Some(Value::Integer(1)));
}

#[test]
fn increment_of_a_non_integer_is_undecodable_and_changes_nothing() {
    let (server, instance) = over_redis();
    let cache = open(&instance, ValueType::Integer);
    let () = foreign(&server, &["SET", "n:k", "text"]);
    let error = refused(cache.increment("k", 1));
    assert!(matches!(error, CacheError::Undecodable { .. }), "{error:?}");
    assert_eq!(foreign::<String>(&server, &["GET", "n:k"]), "text");
}

#[test]
fn set_value_of_another_type_is_refused_and_changes_nothing() {
    let cache = over(in_memory().backend)
        .open("n", Options::default())
        .expect("it must open");
    set(&cache, "k", "old");
    let error = refused(cache.set("k", Value::Integer(1), Expiry::Inherit));
    assert!(matches!(error, CacheError::InvalidValue(_)), "{error:?}");
    assert_eq!(get_text(&cache, "k"), (Some("old".into()), Source::Local));
}
