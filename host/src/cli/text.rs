//! Values and times as users write and read them.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use flipcache::{MAX_TTL, Value, ValueType, json};

use super::failure::Failure;

/// Parses a time in seconds, with an optional fraction. Not 0.
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

/// Parses a value as users write it. Text and bytes are taken as they are; other types are in wire
/// form, with optional spaces around.
pub(crate) fn parse_value(input: Vec<u8>, value_type: ValueType) -> Result<Value, Failure> {
    let decoded = match value_type {
        ValueType::Json => value_type.decode(input.trim_ascii()),
        value_type => value_type.decode(&input),
    };
    decoded.map_err(|error| Failure::InvalidValue(error.to_string()))
}

/// Returns a value for users and for programs in a pipe: bytes as they are, everything else on a
/// line.
pub(crate) fn show_value(value: &Value) -> Vec<u8> {
    match value {
        Value::Bytes(bytes) => bytes.clone(),
        value => {
            let wire = value.encode(value.value_type());
            let mut line = match (wire, value) {
                (Ok(wire), _) => wire.into_owned(),
                // JSON that Python wrote is shown as stored, even if it is not valid here.
                (Err(_), Value::Json(text)) => text.clone().into_bytes(),
                (Err(_), _) => Vec::new(),
            };
            line.push(b'\n');
            line
        }
    }
}

/// Returns a value as one line of JSON: bytes in base64, numbers that JSON does not have as null.
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

/// Returns a JSON string.
pub(crate) fn string_as_json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_seconds_takes_fractions_and_refuses_invalid_ttls() {
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
