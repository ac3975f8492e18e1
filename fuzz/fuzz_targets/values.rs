//! Values of every type: any bytes in L2 are decoded or refused, and encoded values decode to the
//! same value.

#![no_main]

use arbitrary::Arbitrary;
use flipcache_core::{KeyType, NameIndex, Value, ValueType, check_name, value::json};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    /// Bytes in L2, a name, or a key.
    Wire(&'a [u8]),
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Bytes(Vec<u8>),
}

const TYPES: [ValueType; 6] = [
    ValueType::Text,
    ValueType::Integer,
    ValueType::Float,
    ValueType::Boolean,
    ValueType::Json,
    ValueType::Bytes,
];

fuzz_target!(|input: Input<'_>| match input {
    Input::Wire(wire) => {
        for value_type in TYPES {
            decode(value_type, wire);
        }
        if let Ok(text) = str::from_utf8(wire) {
            read_json(text);
            check_names(text);
        }
    }
    Input::Text(text) => {
        encode(&Value::Text(text.clone()));
        if json::is_standard(&text) {
            encode(&Value::Json(text));
        }
    }
    Input::Integer(number) => encode(&Value::Integer(number)),
    Input::Float(number) => encode(&Value::Float(number)),
    Input::Boolean(truth) => encode(&Value::Boolean(truth)),
    Input::Bytes(bytes) => encode(&Value::Bytes(bytes)),
});

fn decode(value_type: ValueType, wire: &[u8]) {
    let decoded = value_type.decode(wire);
    assert_eq!(decoded.is_ok(), value_type.accepts(wire));
    let Ok(value) = decoded else { return };
    assert_eq!(value.value_type(), value_type);
    match &value {
        // Python's extensions of the standard are only read.
        Value::Json(text) if !json::is_standard(text) => {
            assert!(value.encode(value_type).is_err());
        }
        value => encode(value),
    }
}

/// Encodes a value, which must then decode to the same.
fn encode(value: &Value) {
    for value_type in TYPES {
        let encoded = value.encode(value_type);
        assert_eq!(encoded.is_ok(), value_type == value.value_type());
        let Ok(wire) = encoded else { continue };
        let read = value_type.decode(&wire).expect("what was written");
        assert!(is_same(&read, value), "{read:?} was {value:?}");
        assert_eq!(read.encode(value_type).as_deref(), Ok(&*wire));
    }
}

/// Compares values, including the sign of zero. All NaNs are equal.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Float(one), Value::Float(other)) => {
            one.to_bits() == other.to_bits() || (one.is_nan() && other.is_nan())
        }
        (one, other) => one == other,
    }
}

fn read_json(text: &str) {
    let line = json::to_line(text);
    assert_eq!(
        json::is_standard(&line),
        json::is_readable(text),
        "{line:?}"
    );
    if json::is_readable(text) {
        assert_eq!(json::to_line(&line), line);
        assert!(!line.contains('\n'));
    }
}

fn check_names(text: &str) {
    let _ = check_name(text);
    let mut names = NameIndex::new();
    for (at, _) in text.match_indices(':') {
        names.insert(&text[..at], &text[..at]);
    }
    for (name, key) in names.caches_for_key(text) {
        assert_eq!(format!("{name}:{key}"), text);
    }
    if KeyType::Integer.check(text).is_ok() {
        let number: i64 = text.parse().expect("an integer key");
        assert_eq!(
            number.to_string(),
            text,
            "a key is an integer's shortest form"
        );
    }
}
