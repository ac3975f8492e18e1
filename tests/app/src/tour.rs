//! Every function of both interfaces, on caches of each type, with what they answer to good and to
//! bad input, in text: what two hosts are compared by.

use crate::bindings::flipcache::cache::cache::{
    Error, Eviction, Expiry, FlipCache, KeyType, Options, Resilience, ValueType,
};
use crate::bindings::flipcache::cache::collections::{Dict, Order};
use crate::bindings::flipcache::cache::types::Value;
use crate::{options, told};

pub(crate) fn tour(name: &str) -> Vec<String> {
    let mut tale = openings(name);
    tale.extend(visit(name, text));
    tale.extend(visit(&format!("{name}-integers"), integers));
    tale.extend(visit(&format!("{name}-defaults"), defaults));
    tale.extend(visit(&format!("{name}-lives"), lives));
    tale.extend(values(name));
    tale.extend(dict());
    tale
}

fn visit(name: &str, part: fn(&str) -> Result<Vec<String>, Error>) -> Vec<String> {
    part(name).unwrap_or_else(|error| vec![format!("broken off: {error:?}")])
}

fn openings(name: &str) -> Vec<String> {
    let resilience = Resilience {
        stale_on_error_ms: 0,
        absent_ttl_ms: 0,
        ttl_jitter_percent: 0,
        max_staleness_ms: None,
    };
    let bad_default = Options {
        default: Some(Value::Integer(1)),
        ..options()
    };
    let no_life = Options {
        ttl_ms: Some(0),
        ..options()
    };
    let integers = Options {
        value_type: ValueType::Integer,
        ..options()
    };
    let kept = FlipCache::open(name, &options());
    let tale = [
        FlipCache::open_with(name, &options(), resilience),
        FlipCache::open_with(
            name,
            &options(),
            Resilience {
                ttl_jitter_percent: 99,
                ..resilience
            },
        ),
        FlipCache::open("", &options()),
        FlipCache::open(&"n".repeat(2_000), &options()),
        FlipCache::open(name, &bad_default),
        FlipCache::open(name, &no_life),
        FlipCache::open(name, &integers),
    ];
    drop(kept);
    tale.map(|opened| told(opened.map(|_| ()))).into()
}

fn text(name: &str) -> Result<Vec<String>, Error> {
    let cache = FlipCache::open(
        name,
        &Options {
            eviction: Eviction::Lru,
            ..options()
        },
    )?;
    let value = |text: &str| Value::Text(text.to_owned());
    let keys = ["a", "b", "c", "a"].map(str::to_owned);
    let entries = [("b".to_owned(), value("2")), ("c".to_owned(), value("é☃"))];
    let long = "k".repeat(100_000);
    let mut tale = vec![
        told(cache.get("a")),
        told(cache.set("a", &value("1"), Expiry::Inherit)),
        told(cache.get("a")),
        told(cache.get_detailed("a")),
        told(cache.set_many(&entries, Expiry::Inherit)),
        told(cache.get_many(&keys)),
        told(cache.set_many(&[], Expiry::Inherit)),
        told(cache.get_many(&[])),
        told(cache.set_if_absent("a", &value("9"), Expiry::Inherit)),
        told(cache.set_if_absent("d", &value("4"), Expiry::Never)),
        told(cache.contains("d")),
        told(cache.contains("nothing")),
        told(cache.refresh("a")),
        told(cache.refresh("nothing")),
        told(cache.ttl("a")),
        told(cache.ttl("nothing")),
        told(cache.len()),
        format!("{:?}", cache.local_get("a")),
        format!("{:?}", cache.local_keys()),
        told(cache.delete("d")),
        told(cache.delete("d")),
        told(cache.delete_many(&keys)),
        told(cache.delete_many(&[])),
        told(cache.increment("a", 1)),
        told(cache.set("a", &Value::Integer(1), Expiry::Inherit)),
        told(cache.set("a", &Value::Integer(1), Expiry::AfterMs(0))),
        told(cache.set("a", &value("1"), Expiry::AfterMs(u64::MAX))),
        told(cache.set_if_absent("a", &value("1"), Expiry::AfterMs(0))),
        told(cache.get(&long)),
        told(cache.get_many(&["a".to_owned(), long.clone()])),
        told(cache.set(&long, &Value::Integer(1), Expiry::Inherit)),
        told(cache.delete(&long)),
        told(cache.ttl(&long)),
        told(cache.clear()),
        told(cache.keys(None, 10)),
        format!("{:?}", cache.stats()),
    ];
    cache.local_clear();
    tale.push(format!("{:?}", cache.local_keys()));
    Ok(tale)
}

fn integers(name: &str) -> Result<Vec<String>, Error> {
    let options = Options {
        key_type: KeyType::Integer,
        value_type: ValueType::Integer,
        ..options()
    };
    let cache = FlipCache::open(name, &options)?;
    Ok(vec![
        told(cache.increment("1", 5)),
        told(cache.increment("1", -7)),
        told(cache.get("1")),
        told(cache.set("1", &Value::Integer(i64::MAX), Expiry::Inherit)),
        told(cache.increment("1", 1)),
        told(cache.get("01")),
        told(cache.get_many(&["1".to_owned(), "x".to_owned()])),
        told(cache.set("x", &Value::Text("1".into()), Expiry::Inherit)),
        told(cache.increment("x", 1)),
        told(cache.contains("")),
        told(cache.keys(None, 0)),
        told(cache.clear()),
    ])
}

fn defaults(name: &str) -> Result<Vec<String>, Error> {
    let options = Options {
        default: Some(Value::Text("default".into())),
        ..options()
    };
    let mut tale = Vec::new();
    for store_default in [false, true] {
        let cache = FlipCache::open(
            name,
            &Options {
                store_default,
                ..options.clone()
            },
        )?;
        tale.push(told(cache.get_detailed("a")));
        tale.push(told(cache.get_many(&["a".to_owned(), "b".to_owned()])));
        tale.push(told(cache.len()));
    }
    tale.push(told(FlipCache::open(name, &options)?.clear()));
    Ok(tale)
}

fn lives(name: &str) -> Result<Vec<String>, Error> {
    let options = Options {
        ttl_ms: Some(1_000_000_000),
        refresh_ttl_on_get: true,
        ..options()
    };
    let cache = FlipCache::open(name, &options)?;
    let value = Value::Text("v".into());
    let has_end = |ttl: Result<Option<Expiry>, Error>| {
        told(ttl.map(|ttl| matches!(ttl, Some(Expiry::AfterMs(1..=1_000_000_000)))))
    };
    Ok(vec![
        told(cache.set("a", &value, Expiry::Inherit)),
        has_end(cache.ttl("a")),
        told(cache.set("b", &value, Expiry::Never)),
        told(cache.ttl("b")),
        told(cache.set("c", &value, Expiry::AfterMs(500_000_000))),
        told(cache.get_detailed("c")),
        has_end(cache.ttl("c")),
        told(cache.refresh("b")),
        has_end(cache.ttl("b")),
        told(cache.clear()),
    ])
}

/// Returns a value of each type, and one that is not of the type.
fn values(name: &str) -> Vec<String> {
    let all = [
        (ValueType::Text, Value::Text(String::new())),
        (ValueType::Integer, Value::Integer(i64::MIN)),
        (ValueType::Float, Value::Float(-1e-7)),
        (ValueType::Boolean, Value::Boolean(true)),
        (ValueType::Json, Value::Json("{\"a\": [1, null]}".into())),
        (ValueType::Bytes, Value::Bytes(vec![0, 255])),
        (ValueType::Json, Value::Json("{".into())),
        (ValueType::Float, Value::Integer(1)),
    ];
    let told_of = |(value_type, value)| {
        let cache = FlipCache::open(
            &format!("{name}-{value_type:?}"),
            &Options {
                value_type,
                ..options()
            },
        );
        let cache = match cache {
            Ok(cache) => cache,
            Err(error) => return told::<(), _>(Err(error)),
        };
        let written = told(cache.set("k", &value, Expiry::Inherit));
        let hit = told(cache.get_detailed("k"));
        cache.local_clear();
        let miss = told(cache.get_detailed("k"));
        format!("{written} {hit} {miss} {}", told(cache.delete("k")))
    };
    all.into_iter().map(told_of).collect()
}

fn dict() -> Vec<String> {
    let item = |key: &str, number| (key.to_owned(), Value::Integer(number));
    let Ok(dict) = Dict::open(Order::Lru, 3) else {
        return vec!["no dictionary".to_owned()];
    };
    let mut tale = vec![
        told(Dict::open(Order::Fifo, 0).map(|_| ())),
        told(dict.update(&[item("a", 1), item("b", 2), item("c", 3)])),
        format!("{:?}", dict.get("a")),
        format!("{:?}", dict.peek("b")),
        told(dict.set("d", &Value::Text("4".into()))),
        told(dict.set_default("a", &Value::Integer(9))),
        told(dict.set_default("e", &Value::Float(5.5))),
        format!("{} {}", dict.contains("e"), dict.contains("c")),
        format!("{} {}", dict.mark_as_used("d"), dict.mark_as_used("z")),
        format!("{:?} {:?} {:?}", dict.keys(), dict.values(), dict.items()),
        format!("{} {}", dict.len(), dict.max_items()),
        format!("{:?} {:?}", dict.pop("a"), dict.pop("a")),
        format!("{:?} {:?}", dict.pop_item(true), dict.pop_item(false)),
        format!("{:?}", dict.pop_item(true)),
    ];
    dict.clear();
    tale.push(format!("{}", dict.len()));
    tale
}
