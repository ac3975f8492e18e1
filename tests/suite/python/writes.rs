//! What this cache writes, Python reads.

use flipcache::{Expiry, Options, Value, ValueType};

use super::meeting::{meet, unkept};
use crate::component::world::{set, text};

/// Section 9.2, and the rows of section 4's table that both can express: the same bytes.
#[test]
fn set_each_type_stores_the_bytes_that_python_stores() {
    let rows = [
        ("str", text("v"), "'v'"),
        ("str", text(""), "''"),
        ("str", text("é☃😀"), r"'\xe9\u2603\U0001f600'"),
        ("str", text("a\nb\0c"), r"'a\nb\0c'"),
        ("str", text("\u{7f}"), r"'\x7f'"),
        ("int", Value::Integer(5), "5"),
        ("int", Value::Integer(-7), "-7"),
        ("int", Value::Integer(i64::MIN), "-2**63"),
        ("str", Value::Float(1.5), "1.5"),
        ("str", Value::Float(1.0), "1.0"),
        ("json", Value::Float(1e16), "1e16"),
        ("json", Value::Float(1e-7), "1e-7"),
        ("str", Value::Float(f64::NAN), "float('nan')"),
        ("str", Value::Float(f64::NEG_INFINITY), "float('-inf')"),
        ("json", Value::Boolean(true), "True"),
        ("json", Value::Boolean(false), "False"),
    ];
    meet(|python, ours| {
        for (python_type, value, source) in rows {
            python.run(&format!("c = cache('theirs', value_type='{python_type}')"));
            python.run(&format!("c['k'] = {source}"));
            let cache = ours.open("ours", unkept(value.value_type()));
            let written = cache.set("k", value.clone(), Expiry::Inherit);
            written.expect("it must be written");
            assert_eq!(
                ours.bytes("ours:k"),
                ours.bytes("theirs:k"),
                "{value:?} is {source} of a cache of {python_type}"
            );
        }
    });
}

/// Section 9.1 and 9.2.
#[test]
fn set_each_type_python_reads_the_same_value() {
    let rows = [
        (text("é☃😀"), "str", r"'\xe9\u2603\U0001f600'"),
        (text("a\nb\0c"), "str", r"'a\nb\x00c'"),
        (Value::Integer(i64::MAX), "int", "9223372036854775807"),
        (Value::Integer(-7), "json", "-7"),
        (Value::Float(1e-7), "json", "1e-07"),
        (Value::Float(1.0), "json", "1.0"),
        (Value::Boolean(true), "json", "True"),
        (Value::Boolean(true), "str", "'true'"),
        (Value::Float(f64::NAN), "str", "'nan'"),
        (
            Value::Json("[1, {\"a\": null}]".into()),
            "json",
            "[1, {'a': None}]",
        ),
    ];
    meet(|python, ours| {
        for (value, python_type, read) in rows {
            let cache = ours.open("n", unkept(value.value_type()));
            let written = cache.set("k", value.clone(), Expiry::Inherit);
            written.expect("it must be written");
            python.run(&format!("c = cache('n', value_type='{python_type}')"));
            assert_eq!(python.run("c['k']"), read, "{value:?}");
            assert_eq!(python.run("'k' in c"), "True");
        }
    });
}

/// Section 9.10: what Python gives to a custom encoder is bytes here.
#[test]
fn set_bytes_python_decodes_them_with_a_decoder_of_its_own() {
    meet(|python, ours| {
        python.run("import pickle");
        python.run(
            "c = FlipCache('n', redis_protocol=bytes_client, value_type='custom', local_max=0, \
             value_encoder=pickle.dumps, value_decoder=pickle.loads)",
        );
        python.run("c['theirs'] = {'a': (1, b'\\x80')}");
        let cache = ours.open("n", unkept(ValueType::Bytes));
        let pickled = cache.get("theirs").expect("it must be read").value;
        let pickled = pickled.expect("Python has written it");
        assert_eq!(pickled, Value::Bytes(ours.bytes("n:theirs")));
        cache
            .set("ours", pickled, Expiry::Inherit)
            .expect("it must be written");
        assert_eq!(python.run("c['ours']"), r"{'a': (1, b'\x80')}");
    });
}

/// Section 9.8, and sections 2.1, 2.3 and 2.4.
#[test]
fn set_and_delete_python_without_a_local_tier_sees_them_at_once() {
    meet(|python, ours| {
        python.run("c = cache('n', local_max=0)");
        let cache = ours.open("n", Options::default());
        for value in ["one", "two"] {
            set(&cache, "k", value);
            assert_eq!(python.run("c['k']"), format!("'{value}'"));
        }
        assert_eq!(cache.delete(&["k".into()]).expect("L2 must delete"), 1);
        assert_eq!(python.run("(c['k'], 'k' in c)"), "(None, False)");
    });
}

/// Section 9.8: why a Python process that shares data must have `local_max=0`.
#[test]
fn set_python_with_a_local_tier_keeps_what_it_had() {
    meet(|python, ours| {
        python.run("c = cache('n', local_max=1)");
        python.run("c['k'] = 'old'");
        let cache = ours.open("n", Options::default());
        set(&cache, "k", "new");
        assert_eq!(python.run("c['k']"), "'old'", "nothing tells Python");
        python.run("c['other'] = ''");
        assert_eq!(python.run("c['k']"), "'new'", "evicted, it is read again");
    });
}
