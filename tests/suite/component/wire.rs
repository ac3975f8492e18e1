//! The bytes that Redis holds, and the decoding of those written by Python: the wire form of
//! flipcache-1.3.

use flipcache::Source;
use flipcache::{Expiry, KeyType, Options, Value, ValueType};
use flipcache_tests::RedisServer;
use std::time::Duration;

use super::world::{get, over, text};
use crate::stores::{connect, foreign};

#[test]
fn set_every_type_stores_plain_strings_at_name_and_key_and_nothing_else() {
    let server = RedisServer::start();
    let runtime = flipcache::io::runtime().expect("a runtime must start");
    let _entered = runtime.enter();
    let instance = over(connect(&server.url()));
    for (value_type, value, stored) in [
        (ValueType::Text, text("v"), b"v".as_slice()),
        (ValueType::Text, text(""), b""),
        (
            ValueType::Text,
            text("é☃😀"),
            b"\xc3\xa9\xe2\x98\x83\xf0\x9f\x98\x80",
        ),
        (ValueType::Text, text("a\nb\0c"), b"a\nb\0c"),
        (ValueType::Integer, Value::Integer(5), b"5"),
        (ValueType::Integer, Value::Integer(-7), b"-7"),
        (ValueType::Float, Value::Float(1.5), b"1.5"),
        (ValueType::Float, Value::Float(1.0), b"1.0"),
        (ValueType::Float, Value::Float(1e16), b"1e+16"),
        (ValueType::Float, Value::Float(1e-7), b"1e-07"),
        (ValueType::Float, Value::Float(f64::INFINITY), b"inf"),
        (ValueType::Boolean, Value::Boolean(true), b"true"),
        (
            ValueType::Json,
            Value::Json("{\"a\": 1, \"2\": \"b\"}".into()),
            b"{\"a\": 1, \"2\": \"b\"}",
        ),
        (
            ValueType::Bytes,
            Value::Bytes(vec![0x80, 0x04, 0x95]),
            b"\x80\x04\x95",
        ),
    ] {
        let cache = instance
            .open(
                "w",
                Options {
                    value_type,
                    ..Options::default()
                },
            )
            .expect("it must open");
        cache
            .set("k", value, Expiry::Inherit)
            .expect("it must be written");
        assert_eq!(
            foreign::<Vec<u8>>(&server, &["GET", "w:k"]),
            stored,
            "{value_type:?}"
        );
        assert_eq!(foreign::<i64>(&server, &["PTTL", "w:k"]), -1);
    }
    assert_eq!(
        foreign::<Vec<String>>(&server, &["KEYS", "*"]),
        ["w:k"],
        "no helper keys"
    );
}

#[test]
fn set_integer_key_and_ttl_match_those_of_python() {
    let server = RedisServer::start();
    let runtime = flipcache::io::runtime().expect("a runtime must start");
    let _entered = runtime.enter();
    let ttl = Some(Duration::from_secs(60));
    let options = Options {
        key_type: KeyType::Integer,
        ttl,
        ..Options::default()
    };
    let cache = over(connect(&server.url()))
        .open("my:cache", options)
        .expect("it must open");
    cache
        .set("-3", text("v"), Expiry::Inherit)
        .expect("it must be written");
    assert_eq!(foreign::<String>(&server, &["GET", "my:cache:-3"]), "v");
    let left = foreign::<i64>(&server, &["PTTL", "my:cache:-3"]);
    assert!((50_000..=60_000).contains(&left), "{left}");
    cache
        .set("-3", text("v"), Expiry::Never)
        .expect("it must be written");
    assert_eq!(
        foreign::<i64>(&server, &["PTTL", "my:cache:-3"]),
        -1,
        "a set without a TTL clears one"
    );
}

#[test]
fn get_values_written_by_python_are_decoded() {
    let server = RedisServer::start();
    let runtime = flipcache::io::runtime().expect("a runtime must start");
    let _entered = runtime.enter();
    let instance = over(connect(&server.url()));
    for (value_type, stored, value) in [
        (ValueType::Text, "True", text("True")),
        (ValueType::Text, "1e-07", text("1e-07")),
        (ValueType::Integer, " 7 ", Value::Integer(7)),
        (ValueType::Integer, "1_0", Value::Integer(10)),
        (ValueType::Boolean, "False", Value::Boolean(false)),
        (ValueType::Float, "1e+16", Value::Float(1e16)),
        (
            ValueType::Json,
            "[NaN, -Infinity]",
            Value::Json("[NaN, -Infinity]".into()),
        ),
        (
            ValueType::Json,
            "\"\\ud800\"",
            Value::Json("\"\\ud800\"".into()),
        ),
        (
            ValueType::Json,
            "1267650600228229401496703205376",
            Value::Json("1267650600228229401496703205376".into()),
        ),
    ] {
        let () = foreign(&server, &["SET", "w:k", stored]);
        let cache = instance
            .open(
                "w",
                Options {
                    value_type,
                    ..Options::default()
                },
            )
            .expect("it must open");
        assert_eq!(get(&cache, "k"), (Some(value.clone()), Source::Backend));
        assert_eq!(get(&cache, "k"), (Some(value), Source::Local));
        cache.local_clear().expect("the local tier must answer");
    }
}
