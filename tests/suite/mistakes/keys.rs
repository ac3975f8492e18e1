//! Which keys are keys, and which URLs are backends.

use flipcache::backend::BackendUrl;
use flipcache::component::CacheError;
use flipcache::{Expiry, KeyType, Options, ValueType};

use crate::component::world::{all_keys, local, over, refused, set, text};
use crate::faulty_backend::FaultyBackend;
use crate::stores::in_memory;

/// Q17: no call takes a key that another would refuse.
#[test]
fn refresh_key_in_another_form_is_refused_as_by_all_calls() {
    let faulty = FaultyBackend::over(in_memory().backend);
    let options = Options {
        key_type: KeyType::Integer,
        ..Options::default()
    };
    let cache = over(faulty.clone())
        .open("n", options)
        .expect("it must open");
    set(&cache, "1", "v");
    faulty.calls();
    for key in ["1.0", "True", "+1", "01", " 1", ""] {
        let keys = [key.to_owned()];
        for error in [
            refused(cache.refresh(key)),
            refused(cache.get(key)),
            refused(cache.get_many(&keys)),
            refused(cache.set(key, text("v"), Expiry::Inherit)),
            refused(cache.set_if_absent(key, text("v"), Expiry::Inherit)),
            refused(cache.delete(&keys)),
            refused(cache.contains(key)),
            refused(cache.ttl(key)),
        ] {
            assert!(
                matches!(&error, CacheError::InvalidKey { key: told } if told == key),
                "{key:?}: {error:?}"
            );
        }
    }
    assert_eq!((faulty.calls(), local(&cache).as_str()), (vec![], "1"));
}

/// Q17: the key of `refresh` is the key of everything else.
#[test]
fn refresh_key_finds_the_entry_that_set_wrote() {
    let options = Options {
        local_max: 2,
        key_type: KeyType::Integer,
        ..Options::default()
    };
    let cache = over(in_memory().backend)
        .open("n", options)
        .expect("it must open");
    set(&cache, "1", "v");
    set(&cache, "2", "v");
    assert!(cache.refresh("1").expect("L2 must answer"));
    set(&cache, "3", "v");
    assert_eq!(local(&cache), "13", "2 was the next to leave");
}

/// Q23.
#[test]
fn keys_of_a_cache_of_bytes_are_listed_as_text() {
    let options = Options {
        value_type: ValueType::Bytes,
        ..Options::default()
    };
    let cache = over(in_memory().backend)
        .open("n", options)
        .expect("it must open");
    for key in ["k", "ü", "1"] {
        let value = flipcache::Value::Bytes(vec![0xff]);
        cache
            .set(key, value, Expiry::Inherit)
            .expect("it must be written");
    }
    assert_eq!(all_keys(&cache), ["1", "k", "ü"]);
}

/// Q19: what names no backend is an error, and does not become Redis on this machine.
#[test]
fn parse_url_without_a_backend_is_an_error() {
    for url in [
        "",
        "localhost",
        "localhost:6379",
        "http://localhost",
        "redis",
    ] {
        let parsed = url.parse::<BackendUrl>();
        assert!(parsed.is_err(), "{url:?} must be refused");
    }
}
