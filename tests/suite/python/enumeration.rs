//! The keys of a cache: what one writes, the other lists, each key once and nothing else.

use std::time::Duration;

use flipcache::{Expiry, KeyType, Options, Value, ValueType};

use super::meeting::{meet, unkept};
use crate::component::world::{all_keys, get, set, text};

/// Section 9.7: `len` and iteration of section 2.5. Nothing but the keys themselves stands in
/// Redis, whatever the cache was asked to do.
#[test]
fn keys_after_every_kind_of_call_are_the_same_in_python() {
    meet(|python, ours| {
        let options = Options {
            key_type: KeyType::Integer,
            value_type: ValueType::Integer,
            default: Some(Value::Integer(0)),
            store_default: true,
            ttl: Some(Duration::from_secs(60)),
            refresh_ttl_on_get: true,
            ..Options::default()
        };
        let cache = ours.open("n", options);
        let one = || Value::Integer(1);
        let inherit = Expiry::Inherit;
        cache.set("-3", one(), inherit).expect("it must be written");
        let many = ["0", "7"].map(|key| (key.to_owned(), one()));
        cache.set_many(many, inherit).expect("they must be written");
        let claimed = cache.set_if_absent("8", one(), inherit);
        assert!(claimed.expect("L2 must answer"));
        cache.increment("9", 1).expect("L2 must add");
        get(&cache, "10");
        cache.refresh("0").expect("L2 must answer");
        cache.ttl("0").expect("L2 must answer");
        cache.set("11", one(), inherit).expect("it must be written");
        cache.delete(&["11".into()]).expect("L2 must delete");
        assert_eq!(cache.len().expect("L2 must count"), 6);

        let keys = ["n:-3", "n:0", "n:10", "n:7", "n:8", "n:9"];
        assert_eq!(ours.all_keys(), keys, "no helper keys");
        python.run("c = cache('n', key_type='int', value_type='int')");
        assert_eq!(python.run("len(c)"), "6");
        assert_eq!(python.run("sorted(c)"), "[-3, 0, 7, 8, 9, 10]");
        assert_eq!(python.run("sum(c[key] for key in c)"), "5");
        assert_eq!(python.run("bool(c)"), "True");
    });
}

/// Section 2.5: enough keys for many pages of both.
#[test]
fn keys_of_many_are_listed_by_both() {
    meet(|python, ours| {
        let cache = ours.open("n", unkept(ValueType::Text));
        let entries = (0..1_000).map(|n| (format!("ours {n}"), text("v")));
        cache
            .set_many(entries, Expiry::Inherit)
            .expect("they must be written");
        python.run("c = cache('n', local_max=0)");
        python.run("for n in range(1000): c[f'theirs {n}'] = 'v'");
        assert_eq!(python.run("len(c)"), "2000");
        assert_eq!(
            python.run(
                "set(c) == {f'{whose} {n}' for whose in ('ours', 'theirs') for n in range(1000)}"
            ),
            "True"
        );
        assert_eq!(cache.len().expect("L2 must count"), 2_000);
        let keys = all_keys(&cache);
        assert_eq!(keys.len(), 2_000);
        assert!(keys.contains(&"theirs 999".to_owned()));
    });
}

/// Section 9.1: keys that look odd are listed as they are.
#[test]
fn keys_of_any_text_are_listed_by_both() {
    meet(|python, ours| {
        let cache = ours.open("n", unkept(ValueType::Text));
        for key in ["", ":", "a:b", "*", "ü☃", "a\nb"] {
            set(&cache, key, "v");
        }
        python.run("c = cache('n')");
        assert_eq!(
            python.run("sorted(c)"),
            r"['', '*', ':', 'a\nb', 'a:b', '\xfc\u2603']"
        );
        python.run("c['theirs'] = 'v'");
        assert_eq!(
            all_keys(&cache),
            ["", "*", ":", "a\nb", "a:b", "theirs", "ü☃"]
        );
    });
}

/// Section 9.9: Python's iteration is wrong for such names; this cache's is right over the same
/// data.
#[test]
fn keys_of_awkward_names_are_right_here_and_wrong_in_python() {
    meet(|python, ours| {
        python.run("cache('hallo')['decoy'] = 'v'");
        for (name, theirs) in [
            ("a:b", "['b:k']"),
            ("h[a]llo", "['decoy']"),
            (r"back\slash", "[]"),
        ] {
            let cache = ours.open(name, unkept(ValueType::Text));
            python.run(&format!("c = cache(r'{name}')"));
            python.run("c['k'] = 'v'");
            assert_eq!(python.run("list(c)"), theirs, "{name}");
            assert_eq!(all_keys(&cache), ["k"], "{name}");
            assert_eq!(cache.len().expect("L2 must count"), 1, "{name}");
        }
    });
}

/// Section 4, on keys: keys of nested names are listed under the outer one by both. With integer
/// keys Python's iteration fails; this cache leaves them out.
#[test]
fn keys_of_nested_names_are_listed_and_do_not_fail_integer_caches() {
    meet(|python, ours| {
        set(&ours.open("user:admin", unkept(ValueType::Text)), "1", "v");
        python.run("cache('user', key_type='int')[7] = 'v'");
        assert_eq!(python.run("sorted(cache('user'))"), "['7', 'admin:1']");
        let texts = ours.open("user", unkept(ValueType::Text));
        assert_eq!(all_keys(&texts), ["7", "admin:1"]);
        drop(texts);
        let list = "list(cache('user', key_type='int'))";
        assert_eq!(python.raised(list), "ValueError");
        let integers = ours.open(
            "user",
            Options {
                key_type: KeyType::Integer,
                ..Options::default()
            },
        );
        assert_eq!(all_keys(&integers), ["7"]);
    });
}

/// Section 9.7: clearing leaves Python nothing to list.
#[test]
fn clear_leaves_python_no_key() {
    meet(|python, ours| {
        python.run("c = cache('n', local_max=0)");
        python.run("for n in range(50): c[n] = 'v'");
        python.run("cache('other')['k'] = 'v'");
        let cache = ours.open("n", unkept(ValueType::Text));
        assert_eq!(cache.clear().expect("L2 must clear"), 50);
        assert_eq!(python.run("(len(c), list(c), bool(c))"), "(0, [], False)");
        assert_eq!(ours.all_keys(), ["other:k"]);
    });
}
