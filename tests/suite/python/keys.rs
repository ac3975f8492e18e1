//! Keys and names: what Python makes of them, and where they stand for both.

use flipcache::component::CacheError;
use flipcache::{KeyType, Options, ValueType};

use super::meeting::{meet, unkept};
use crate::component::world::{get_text, refused, set};

fn integer_keys() -> Options {
    Options {
        key_type: KeyType::Integer,
        ..unkept(ValueType::Text)
    }
}

/// Section 9.1: text keys, the key step of section 2 included: Python makes keys of anything by
/// `str()`.
#[test]
fn get_text_keys_have_the_redis_keys_of_python() {
    meet(|python, ours| {
        python.run("c = cache('n', local_max=0)");
        let cache = ours.open("n", unkept(ValueType::Text));
        for (source, key) in [
            ("'k'", "k"),
            ("''", ""),
            ("' '", " "),
            ("'a:b'", "a:b"),
            ("'*'", "*"),
            (r"'\xfc\u2603\U0001f600'", "ü☃😀"),
            (r"'a\0b\n'", "a\0b\n"),
            ("5", "5"),
            ("True", "True"),
            ("None", "None"),
            ("b'x'", "b'x'"),
            ("(1, 2)", "(1, 2)"),
            ("1.0", "1.0"),
        ] {
            python.run(&format!("c[{source}] = 'theirs'"));
            assert_eq!(
                get_text(&cache, key).0.as_deref(),
                Some("theirs"),
                "{source}"
            );
            set(&cache, key, "ours");
            assert_eq!(python.run(&format!("c[{source}]")), "'ours'");
            assert_eq!(cache.delete(&[key.into()]).expect("L2 must delete"), 1);
            assert_eq!(python.run(&format!("{source} in c")), "False");
        }
    });
}

/// Section 9.1: integer keys, the key step of section 2 included: Python makes keys by `int()`.
#[test]
fn get_integer_keys_have_the_redis_keys_of_python() {
    meet(|python, ours| {
        python.run("c = cache('n', key_type='int', local_max=0)");
        let cache = ours.open("n", integer_keys());
        for (source, key) in [
            ("5", "5"),
            ("-3", "-3"),
            ("0", "0"),
            ("-0", "0"),
            ("'+4'", "4"),
            ("' 12 '", "12"),
            ("'007'", "7"),
            ("'1_000'", "1000"),
            ("True", "1"),
            ("1.9", "1"),
            ("2**63 - 1", "9223372036854775807"),
        ] {
            python.run(&format!("c[{source}] = 'theirs'"));
            assert_eq!(
                get_text(&cache, key).0.as_deref(),
                Some("theirs"),
                "{source}"
            );
            set(&cache, key, "ours");
            assert_eq!(python.run(&format!("c[{source}]")), "'ours'");
        }
    });
}

/// Section 9.1, as changed on purpose: a key has one form, and Python's other forms of it are
/// refused instead of rewritten.
#[test]
fn get_integer_key_in_another_form_is_refused() {
    meet(|_, ours| {
        let cache = ours.open("n", integer_keys());
        for key in ["+4", " 12 ", "007", "1_000", "-0", "1.9", "", "٤", "abc"] {
            let error = refused(cache.get(key));
            assert!(matches!(error, CacheError::InvalidKey { .. }), "{key:?}");
        }
    });
}

/// Section 4, on keys: the type of a key is not to be seen in Redis.
#[test]
fn get_integer_key_is_the_same_redis_key_for_text_and_integer_caches() {
    meet(|python, ours| {
        python.run("cache('n', key_type='int')[5] = 'theirs'");
        let cache = ours.open("n", unkept(ValueType::Text));
        assert_eq!(get_text(&cache, "5").0.as_deref(), Some("theirs"));
        set(&cache, "6", "ours");
        assert_eq!(python.run("cache('n', key_type='int')[6]"), "'ours'");
    });
}

/// Section 4, on keys, and section 9.9: names nest, and any name works for single keys.
#[test]
fn get_names_nest_and_are_taken_literally() {
    meet(|python, ours| {
        let outer = ours.open("user", unkept(ValueType::Text));
        let inner = ours.open("user:admin", unkept(ValueType::Text));
        python.run("cache('user')['admin:1'] = 'theirs'");
        assert_eq!(get_text(&inner, "1").0.as_deref(), Some("theirs"));
        set(&outer, "admin:2", "ours");
        assert_eq!(python.run("cache('user:admin')['2']"), "'ours'");
        set(&inner, "3", "ours");
        assert_eq!(python.run("cache('user')['admin:3']"), "'ours'");
        for name in ["*", "h[a]llo", r"back\slash", "ü ☃"] {
            let cache = ours.open(name, unkept(ValueType::Text));
            set(&cache, "k", name);
            python.run(&format!("c = cache(r'{name}', local_max=0)"));
            assert_eq!(python.run(&format!("c['k'] == r'{name}'")), "True");
            python.run("c['k'] = 'theirs'");
            assert_eq!(get_text(&cache, "k").0.as_deref(), Some("theirs"), "{name}");
        }
    });
}
