//! JSON as Python's `json.dumps` writes it: `, ` and `: ` between tokens, ASCII only, floats by
//! `repr`. The bytes are the same as those that a Python process writes.

use std::io::{self, Write};

use flipcache_core::{Value, ValueType};
use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter};

/// Returns the JSON text of a value.
///
/// # Errors
///
/// If the value's `Serialize` fails, or a map has keys that are not strings.
pub(super) fn to_vec(value: &(impl Serialize + ?Sized)) -> serde_json::Result<Vec<u8>> {
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, Python);
    value.serialize(&mut serializer)?;
    Ok(text)
}

struct Python;

impl Formatter for Python {
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        separate(out, first)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        separate(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn write_f64<W: ?Sized + Write>(&mut self, out: &mut W, number: f64) -> io::Result<()> {
        let value = Value::Float(number);
        let wire = value.encode(ValueType::Float).map_err(io::Error::other)?;
        out.write_all(&wire)
    }

    fn write_f32<W: ?Sized + Write>(&mut self, out: &mut W, number: f32) -> io::Result<()> {
        self.write_f64(out, number.into())
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        text: &str,
    ) -> io::Result<()> {
        for c in text.chars() {
            if (' '..='~').contains(&c) {
                out.write_all(&[c as u8])?;
            } else {
                write_escaped(out, c)?;
            }
        }
        Ok(())
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        match escape {
            CharEscape::Quote => out.write_all(b"\\\""),
            CharEscape::ReverseSolidus => out.write_all(b"\\\\"),
            CharEscape::Solidus => out.write_all(b"/"),
            CharEscape::Backspace => out.write_all(b"\\b"),
            CharEscape::FormFeed => out.write_all(b"\\f"),
            CharEscape::LineFeed => out.write_all(b"\\n"),
            CharEscape::CarriageReturn => out.write_all(b"\\r"),
            CharEscape::Tab => out.write_all(b"\\t"),
            CharEscape::AsciiControl(byte) => write_escaped(out, char::from(byte)),
        }
    }
}

fn separate<W: ?Sized + Write>(out: &mut W, first: bool) -> io::Result<()> {
    out.write_all(if first { b"" } else { b", " })
}

/// Writes lower-case hexadecimal, as surrogate pairs beyond 16 bits.
fn write_escaped<W: ?Sized + Write>(out: &mut W, c: char) -> io::Result<()> {
    c.encode_utf16(&mut [0; 2])
        .iter()
        .try_for_each(|unit| write!(out, "\\u{unit:04x}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn text(value: impl Serialize) -> String {
        String::from_utf8(to_vec(&value).expect("it must serialize")).expect("ASCII")
    }

    #[test]
    fn to_vec_equals_pythons_dumps() {
        assert_eq!(text("é☃😀"), "\"\\u00e9\\u2603\\ud83d\\ude00\"");
        assert_eq!(
            text("a\nb\0c\u{7f}\"/\\"),
            "\"a\\nb\\u0000c\\u007f\\\"/\\\\\""
        );
        assert_eq!(text((1, "a", true, None::<i32>)), "[1, \"a\", true, null]");
        assert_eq!(
            text(BTreeMap::from([("a", vec![1.5, 1.0]), ("b", vec![])])),
            "{\"a\": [1.5, 1.0], \"b\": []}"
        );
        assert_eq!(text([1e16, 1e-7]), "[1e+16, 1e-07]");
        assert_eq!(text(BTreeMap::from([(1, true)])), "{\"1\": true}");
    }
}
