//! An application that is written against the world `app`, and knows nothing of who provides it.
#![cfg(target_arch = "wasm32")]

mod bindings;

use bindings::flipcache::cache::cache::{
    Error, Eviction, Expiry, FlipCache, KeyType, Options, ValueType,
};
use bindings::flipcache::cache::collections::{Dict, Order};
use bindings::flipcache::cache::types::Value;

/// What the generated code hangs the export on.
struct App;

impl bindings::Guest for App {
    /// Writes and reads a key, and tells what came from where.
    fn run(key: String) -> Result<Vec<String>, String> {
        told(&key).map_err(|error| format!("{error:?}"))
    }
}

fn told(key: &str) -> Result<Vec<String>, Error> {
    let cache = FlipCache::open("app", &options())?;
    let mut told = Vec::new();
    for _ in 0..2 {
        let found = cache.get_detailed(key)?;
        told.push(format!("{:?} from {:?}", found.value, found.source));
    }
    cache.set(key, &Value::Text("v".into()), Expiry::Inherit)?;
    let found = cache.get_detailed(key)?;
    told.push(format!("{:?} from {:?}", found.value, found.source));
    told.push(format!("{} key", cache.len()?));
    if let Err(error) = FlipCache::open("", &options()) {
        told.push(format!("{error:?}"));
    }
    told.push(lru());
    Ok(told)
}

/// The keys of a dictionary whose oldest was used before it was full.
fn lru() -> String {
    let Ok(dict) = Dict::open(Order::Lru, 2) else {
        return "no dictionary".to_owned();
    };
    let item = |key: &str| (key.to_owned(), Value::Integer(1));
    let updated = dict.update(&[item("a"), item("b")]);
    dict.get("a");
    let evicted = dict.set("c", &Value::Integer(1));
    format!("{updated:?} {evicted:?} {:?}", dict.keys())
}

fn options() -> Options {
    Options {
        local_max: 10,
        local_max_bytes: None,
        eviction: Eviction::Fifo,
        ttl_ms: None,
        refresh_ttl_on_get: false,
        key_type: KeyType::Text,
        value_type: ValueType::Text,
        default: None,
        store_default: false,
    }
}
