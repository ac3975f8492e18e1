//! JSON by serde: written as Python's `json.dumps` writes it, and read in any form.

#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use flipcache::{Codec, Json, JsonError, json};
use libfuzzer_sys::fuzz_target;
use serde_json::{Number, Value};

/// Maximum depth of nested values; beyond 128, serde does not read them.
const MAX_DEPTH: u32 = 20;

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    /// Bytes in L2.
    Wire(&'a [u8]),
    Value(Any),
    Floats(Vec<f32>),
    Numbers(Vec<(i64, u64, f64)>),
    Texts(Vec<(char, String)>),
}

#[derive(Debug)]
struct Any(Value);

impl<'a> Arbitrary<'a> for Any {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        value(input, MAX_DEPTH).map(Self)
    }
}

fn value(input: &mut Unstructured<'_>, depth: u32) -> Result<Value> {
    let kinds = if depth == 0 { 6 } else { 8 };
    Ok(match input.int_in_range(0..=kinds - 1)? {
        0 => Value::Null,
        1 => bool::arbitrary(input)?.into(),
        2 => i64::arbitrary(input)?.into(),
        3 => u64::arbitrary(input)?.into(),
        4 => Number::from_f64(f64::arbitrary(input)?).map_or(Value::Null, Value::Number),
        5 => String::arbitrary(input)?.into(),
        6 => {
            let items = 0..input.int_in_range(0..=4)?;
            let items = items.map(|_| value(input, depth - 1));
            Value::Array(items.collect::<Result<_>>()?)
        }
        _ => {
            let items = 0..input.int_in_range(0..=4)?;
            let items = items.map(|_| Ok((String::arbitrary(input)?, value(input, depth - 1)?)));
            Value::Object(items.collect::<Result<_>>()?)
        }
    })
}

fuzz_target!(|input: Input<'_>| match input {
    Input::Wire(wire) => read(wire),
    Input::Value(Any(value)) => is_read_as_written(&value),
    Input::Floats(mut floats) => {
        // Numbers that JSON lacks are written as `null`.
        floats.retain(|number| number.is_finite());
        is_read_as_written(&floats);
    }
    Input::Numbers(mut numbers) => {
        numbers.retain(|(.., number)| number.is_finite());
        is_read_as_written(&numbers);
    }
    Input::Texts(texts) => is_read_as_written(&texts),
});

fn read(wire: &[u8]) {
    let codec = Json::<Value>::default();
    let Ok(value) = codec.decode(wire) else {
        return;
    };
    let text = str::from_utf8(wire).expect("JSON is text");
    assert!(json::is_readable(text), "this is no JSON");
    is_read_as_written(&value);
}

fn is_read_as_written<T>(value: &T)
where
    Json<T>: Codec<Value = T, Borrowed = T, Error = JsonError>,
    T: PartialEq + std::fmt::Debug,
{
    let codec = Json::<T>::default();
    let wire = codec.encode(value).expect("what JSON has");
    let text = str::from_utf8(&wire).expect("JSON is text");
    assert!(json::is_standard(text));
    assert!(
        text.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
        "{text}"
    );
    assert_eq!(codec.decode(&wire).ok().as_ref(), Some(value), "{text}");
    assert_python(text);
}

/// Between tokens there is one space behind a comma and a colon, and none else.
fn assert_python(text: &str) {
    let spaced = json::to_line(text);
    let mut in_string = false;
    let mut escaped = false;
    let mut python = String::new();
    for character in spaced.chars() {
        python.push(character);
        in_string ^= character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        if !in_string && matches!(character, ',' | ':') {
            python.push(' ');
        }
    }
    assert_eq!(python, text);
}
