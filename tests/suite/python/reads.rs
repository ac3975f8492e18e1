//! What Python writes, this cache reads.

use flipcache::component::{CacheError, Source};
use flipcache::{Options, Value, ValueType};

use super::meeting::{meet, unkept};
use crate::component::world::{get, get_text, refused, set, text};

/// Section 9.4: values of a cache of `str` are `str(value)`.
#[test]
fn get_value_of_a_str_cache_of_python_is_its_text() {
    let rows = [
        ("'v'", "v"),
        (r"'\xe9\u2603\U0001f600'", "é☃😀"),
        (r"'a\nb\0c'", "a\nb\0c"),
        ("True", "True"),
        ("None", "None"),
        ("5", "5"),
        ("2**100", "1267650600228229401496703205376"),
        ("1e-7", "1e-07"),
        ("1e16", "1e+16"),
        ("float('nan')", "nan"),
        ("b'by'", "b'by'"),
        ("(1, 2)", "(1, 2)"),
        ("{'a': 1, 2: 'b'}", "{'a': 1, 2: 'b'}"),
    ];
    meet(|python, ours| {
        python.run("c = cache('n')");
        let cache = ours.open("n", unkept(ValueType::Text));
        for (source, read) in rows {
            python.run(&format!("c['k'] = {source}"));
            assert_eq!(
                get_text(&cache, "k"),
                (Some(read.into()), Source::Backend),
                "{source}"
            );
        }
    });
}

/// Section 9.4: the same text, read as what it says.
#[test]
fn get_numbers_and_booleans_of_python_are_decoded() {
    let rows = [
        ("str", "True", Value::Boolean(true)),
        ("str", "False", Value::Boolean(false)),
        ("json", "True", Value::Boolean(true)),
        ("str", "1e-7", Value::Float(1e-7)),
        ("str", "float('-inf')", Value::Float(f64::NEG_INFINITY)),
        ("json", "float('inf')", Value::Float(f64::INFINITY)),
        ("json", "0.1 + 0.2", Value::Float(0.1 + 0.2)),
        ("json", "7", Value::Integer(7)),
        ("str", "-7", Value::Integer(-7)),
    ];
    meet(|python, ours| {
        for (python_type, source, value) in rows {
            python.run(&format!(
                "cache('n', value_type='{python_type}')['k'] = {source}"
            ));
            let cache = ours.open("n", unkept(value.value_type()));
            assert_eq!(get(&cache, "k").0, Some(value), "{source} in {python_type}");
        }
    });
}

/// Section 9.3. A cache of `int` writes whatever it is given, so these stand in Redis as they are.
#[test]
fn get_text_that_int_accepts_is_an_integer() {
    let rows = [
        ("5", 5),
        ("-2**63", i64::MIN),
        ("2**63 - 1", i64::MAX),
        ("' 7 '", 7),
        ("'\\t7\\n'", 7),
        ("'1_000'", 1000),
        ("'+4'", 4),
        ("'007'", 7),
    ];
    meet(|python, ours| {
        python.run("c = cache('n', value_type='int', local_max=0)");
        let cache = ours.open("n", unkept(ValueType::Integer));
        for (source, number) in rows {
            python.run(&format!("c['k'] = {source}"));
            assert_eq!(python.run("c['k']"), number.to_string(), "{source}");
            assert_eq!(get(&cache, "k").0, Some(Value::Integer(number)), "{source}");
        }
    });
}

/// Section 9.3, as changed on purpose: integers have 64 bits. Caches of text and JSON have no such
/// bound.
#[test]
fn get_integer_beyond_64_bits_is_undecodable_and_unchanged() {
    meet(|python, ours| {
        python.run("c = cache('n', value_type='int', local_max=0)");
        python.run("c['k'] = 2**100");
        let cache = ours.open("n", unkept(ValueType::Integer));
        let error = refused(cache.get("k"));
        assert!(
            matches!(&error, CacheError::Undecodable { key } if key == "k"),
            "{error:?}"
        );
        drop(cache);
        let digits = "1267650600228229401496703205376";
        let cache = ours.open("n", unkept(ValueType::Json));
        assert_eq!(get(&cache, "k").0, Some(Value::Json(digits.into())));
        assert_eq!(python.run("c['k']"), digits);
    });
}

/// Sections 2.1, 2.3 and 9.8: without a local tier here, Python's writes are seen at once.
#[test]
fn get_without_a_local_tier_sees_every_write_of_python_at_once() {
    meet(|python, ours| {
        python.run("c = cache('n')");
        let cache = ours.open("n", unkept(ValueType::Text));
        for value in ["one", "two"] {
            python.run(&format!("c['k'] = '{value}'"));
            assert_eq!(get_text(&cache, "k").0.as_deref(), Some(value));
            assert!(cache.contains("k").expect("L2 must answer"));
        }
        python.run("del c['k']");
        assert_eq!(get_text(&cache, "k"), (None, Source::None));
        assert!(!cache.contains("k").expect("L2 must answer"));
    });
}

/// Section 2.2: a value that Python wrote enters the local tier, and is answered from there.
#[test]
fn get_value_of_python_is_cached() {
    meet(|python, ours| {
        python.run("cache('n')['k'] = 'v'");
        let cache = ours.open("n", Options::default());
        assert_eq!(get(&cache, "k"), (Some(text("v")), Source::Backend));
        assert_eq!(get(&cache, "k"), (Some(text("v")), Source::Local));
    });
}

/// Section 2.3: Python deletes what this cache wrote, and nothing of it is left.
#[test]
fn set_then_deleted_by_python_leaves_nothing() {
    meet(|python, ours| {
        let cache = ours.open("n", unkept(ValueType::Text));
        set(&cache, "k", "v");
        python.run("del cache('n')['k']");
        assert_eq!(ours.all_keys(), [""; 0]);
    });
}
