//! Values and times as people write and read them.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use flipcache::{MAX_TTL, Value, ValueType, json};

use super::failure::Failure;

/// A time in seconds, with a fraction perhaps. Not 0.
pub(crate) fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "not a number of seconds".to_owned())?;
    let duration = Duration::try_from_secs_f64(seconds).map_err(|_| {
        "a time must be longer than 0, and no longer than Redis can count".to_owned()
    })?;
    match duration {
        Duration::ZERO => Err("a time must be longer than 0".to_owned()),
        duration if duration > MAX_TTL => Err("longer than Redis can count".to_owned()),
        duration => Ok(duration),
    }
}

/// Reads a value as people write it: what it says, for text and bytes; else as it stands in the
/// backend, spaces around it allowed.
pub(crate) fn parse_value(input: Vec<u8>, value_type: ValueType) -> Result<Value, Failure> {
    let decoded = match value_type {
        ValueType::Json => value_type.decode(input.trim_ascii()),
        value_type => value_type.decode(&input),
    };
    decoded.map_err(|error| Failure::InvalidValue(error.to_string()))
}

/// A value as a person reads it, and as the next program does: bytes as they are, all else in a line.
pub(crate) fn show_value(value: &Value) -> Vec<u8> {
    match value {
        Value::Bytes(bytes) => bytes.clone(),
        value => {
            let wire = value.encode(value.value_type());
            let mut line = match (wire, value) {
                (Ok(wire), _) => wire.into_owned(),
                // JSON of Python's is shown as it stands, though it would not be written.
                (Err(_), Value::Json(text)) => text.clone().into_bytes(),
                (Err(_), _) => Vec::new(),
            };
            line.push(b'\n');
            line
        }
    }
}

/// A value as JSON text in one line: bytes in base64, numbers that JSON does not have as null.
pub(crate) fn value_as_json(value: &Value) -> String {
    match value {
        Value::Text(text) => string_as_json(text),
        Value::Json(text) => json::to_line(text),
        Value::Bytes(bytes) => string_as_json(&BASE64.encode(bytes)),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Float(number) => serde_json::Value::from(*number).to_string(),
    }
}

/// A JSON string.
pub(crate) fn string_as_json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_seconds_takes_fractions_and_refuses_what_is_no_life() {
        assert_eq!(parse_seconds("1.5"), Ok(Duration::from_millis(1500)));
        for text in ["0", "0.0", "-1", "nan", "inf", "1e300", "", "1s"] {
            assert!(parse_seconds(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn value_as_json_is_always_one_line_of_json() {
        for (value, expected) in [
            (Value::Text("a\n\"b\"".into()), r#""a\n\"b\"""#),
            (Value::Integer(-7), "-7"),
            (Value::Float(1.5), "1.5"),
            (Value::Float(f64::NAN), "null"),
            (Value::Boolean(true), "true"),
            (Value::Json("{\n \"a\": NaN }".into()), r#"{"a":null}"#),
            (
                Value::Json("123456789012345678901234567890".into()),
                "123456789012345678901234567890",
            ),
            (Value::Bytes(vec![0xff]), r#""/w==""#),
        ] {
            assert_eq!(value_as_json(&value), expected);
        }
    }
}
