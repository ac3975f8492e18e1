//! JSON across the border: Python's, which has more than the standard, and the standard's, which
//! has more ways to write one value.

use flipcache::component::CacheError;
use flipcache::{Expiry, Value, ValueType};

use super::meeting::{meet, unkept};
use crate::component::world::{get, refused};

/// What Python writes, and the text of it.
const WRITTEN: [(&str, &str); 11] = [
    ("'v'", r#""v""#),
    ("''", r#""""#),
    ("'\u{e9}\u{2603}\u{1f600}'", r#""\u00e9\u2603\ud83d\ude00""#),
    (r"'a\nb\0c\x7f'", r#""a\nb\u0000c\u007f""#),
    (r"'\ud800'", r#""\ud800""#),
    ("[1.5, 1.0, 1e16, 1e-7]", "[1.5, 1.0, 1e+16, 1e-07]"),
    ("2**100", "1267650600228229401496703205376"),
    ("[None, True, False]", "[null, true, false]"),
    ("(1, 2)", "[1, 2]"),
    (
        r"{'b': 1, 'a': [True, None, 1.5, '\xe9'], 2: 'c'}",
        r#"{"b": 1, "a": [true, null, 1.5, "\u00e9"], "2": "c"}"#,
    ),
    ("{True: 1, None: 2}", r#"{"true": 1, "null": 2}"#),
];

/// Sections 9.2 and 9.3, and the JSON column of section 4: the text comes back byte for byte.
#[test]
fn get_and_set_json_of_python_is_the_same_text_both_ways() {
    meet(|python, ours| {
        python.run("c = cache('n', value_type='json', local_max=0)");
        let cache = ours.open("n", unkept(ValueType::Json));
        for (source, written) in WRITTEN {
            python.run(&format!("c['theirs'] = {source}"));
            let value = get(&cache, "theirs").0;
            assert_eq!(value, Some(Value::Json(written.into())), "{source}");
            cache
                .set("ours", Value::Json(written.into()), Expiry::Inherit)
                .expect("it must be written");
            assert_eq!(ours.bytes("n:ours"), ours.bytes("n:theirs"), "{source}");
            assert_eq!(python.run("c['ours'] == c['theirs']"), "True", "{source}");
        }
    });
}

/// Section 9.3: read, and never written: no standard has them.
#[test]
fn get_accepts_python_constants_and_set_refuses_them() {
    meet(|python, ours| {
        python.run("c = cache('n', value_type='json')");
        let cache = ours.open("n", unkept(ValueType::Json));
        python.run("c['k'] = [float('nan'), float('inf'), {'NaN': -float('inf')}]");
        let written = Value::Json("[NaN, Infinity, {\"NaN\": -Infinity}]".into());
        assert_eq!(get(&cache, "k").0, Some(written.clone()));
        let error = refused(cache.set("k", written, Expiry::Inherit));
        assert!(matches!(error, CacheError::InvalidValue(_)), "{error:?}");
    });
}

/// Section 9.2: any JSON in UTF-8 is read by Python.
#[test]
fn set_json_in_any_form_python_reads_it() {
    meet(|python, ours| {
        python.run("c = cache('n', value_type='json', local_max=0)");
        let cache = ours.open("n", unkept(ValueType::Json));
        for (written, read) in [
            (r#"{"é":"☃😀"}"#, r"{'\xe9': '\u2603\U0001f600'}"),
            (" [1,\n\t2] ", "[1, 2]"),
            (r#"{"a":1,"a":2}"#, "{'a': 2}"),
            ("1E400", "inf"),
            (r#""\uD83D\uDE00""#, r"'\U0001f600'"),
            (r#""\ud800""#, r"'\ud800'"),
            ("-0", "0"),
            ("null", "None"),
        ] {
            cache
                .set("k", Value::Json(written.into()), Expiry::Inherit)
                .expect("it must be written");
            assert_eq!(python.run("c['k']"), read, "{written}");
        }
    });
}

/// Section 9.2: with a byte order mark neither reads it, and this cache does not write one.
#[test]
fn get_json_that_python_rejects_is_undecodable() {
    meet(|python, ours| {
        python.run("c = cache('n', value_type='json', local_max=0)");
        let cache = ours.open("n", unkept(ValueType::Json));
        for text in ["\u{feff}1", "", "{'a': 1}", "nan", "[1, 2"] {
            python.run(&format!("client.set('n:k', {})", Literal(text)));
            if !text.is_empty() {
                assert_eq!(python.raised("c['k']"), "JSONDecodeError", "{text:?}");
            }
            let error = refused(cache.get("k"));
            assert!(
                matches!(error, CacheError::Undecodable { .. }),
                "{text:?}: {error:?}"
            );
            let error = refused(cache.set("k", Value::Json(text.into()), Expiry::Inherit));
            assert!(matches!(error, CacheError::InvalidValue(_)), "{text:?}");
        }
    });
}

/// Text as a literal of Python's.
struct Literal<'a>(&'a str);

impl std::fmt::Display for Literal<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A string of JSON is one of Python's, but for escapes that these tests do not need.
        write!(f, "{}", serde_json::Value::from(self.0))
    }
}
