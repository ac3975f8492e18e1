//! Defaults that one writes back and the other reads, and the empty string, which Python takes for
//! absent.

use std::time::Duration;

use flipcache::Source;
use flipcache::{Options, Value, ValueType};

use super::meeting::{meet, unkept};
use crate::component::world::{get, get_text, set, text};

fn storing(default: Value) -> Options {
    Options {
        store_default: true,
        ttl: Some(Duration::from_secs(3600)),
        default: Some(default.clone()),
        ..unkept(default.value_type())
    }
}

/// Section 9.5 and step 6 of section 2.2: what Python's read of an absent key writes, with its TTL.
#[test]
fn get_default_that_python_stored_is_a_value() {
    meet(|python, ours| {
        python.run("c = cache('n', value_type='json', value_default=[1], expire_time=1000)");
        assert_eq!(python.run("c['k']"), "[1]");
        let cache = ours.open("n", unkept(ValueType::Json));
        assert_eq!(
            get(&cache, "k"),
            (Some(Value::Json("[1]".into())), Source::Backend)
        );
        assert!((970_000..=1_000_000).contains(&ours.left("n:k")));
    });
}

/// Section 9.5 and step 6 of section 2.2, the other way round.
#[test]
fn get_default_stored_here_is_a_value_to_python() {
    meet(|python, ours| {
        let cache = ours.open("n", storing(Value::Integer(0)));
        python.run("c = cache('n', value_type='int')");
        assert_eq!(python.run("c['k']"), "None");
        assert_eq!(get(&cache, "k"), (Some(Value::Integer(0)), Source::Default));
        assert_eq!(python.run("(c['k'], 'k' in c)"), "(0, True)");
        assert!((3_570_000..=3_600_000).contains(&ours.left("n:k")));
    });
}

/// Section 2.2, changed on purpose: a default never takes the place of a value.
#[test]
fn get_default_does_not_replace_a_value_of_python() {
    meet(|python, ours| {
        let cache = ours.open("n", storing(text("default")));
        python.run("cache('n')['k'] = 'theirs'");
        assert_eq!(
            get_text(&cache, "k"),
            (Some("theirs".into()), Source::Backend)
        );
        assert_eq!(ours.bytes("n:k"), b"theirs");
        assert_eq!(ours.left("n:k"), -1, "nor its TTL");
    });
}

/// Section 2.2, changed on purpose: unless told to store its default, a read writes nothing.
#[test]
fn get_default_that_is_not_stored_python_does_not_see() {
    meet(|python, ours| {
        let options = Options {
            default: Some(text("default")),
            ..unkept(ValueType::Text)
        };
        let cache = ours.open("n", options);
        assert_eq!(get_text(&cache, "k").0.as_deref(), Some("default"));
        assert_eq!(
            python.run("('k' in cache('n'), len(cache('n')))"),
            "(False, 0)"
        );
        python.run("cache('n', value_default='theirs')['k']");
        assert_eq!(get_text(&cache, "k").0.as_deref(), Some("theirs"));
    });
}

/// Section 9.6: an empty text is a value here and absent in Python; whose default then replaces it.
#[test]
fn set_empty_text_is_absent_to_python_and_replaced_by_its_default() {
    meet(|python, ours| {
        let cache = ours.open("n", unkept(ValueType::Text));
        set(&cache, "k", "");
        python.run("c = cache('n', local_max=0)");
        assert_eq!(python.run("(c['k'], 'k' in c, len(c))"), "(None, True, 1)");
        assert_eq!(get_text(&cache, "k").0.as_deref(), Some(""));
        assert_eq!(python.run("cache('n', value_default='d')['k']"), "'d'");
        assert_eq!(get_text(&cache, "k").0.as_deref(), Some("d"));
    });
}

/// Section 9.6: what Python writes empty is read as empty here, and no default takes its place.
#[test]
fn get_empty_text_of_python_is_a_value_and_no_default_replaces_it() {
    meet(|python, ours| {
        python.run("cache('n')['k'] = ''");
        let cache = ours.open("n", storing(text("default")));
        assert_eq!(
            get_text(&cache, "k"),
            (Some(String::new()), Source::Backend)
        );
        assert_eq!(ours.bytes("n:k"), b"");
    });
}
