//! A key's way through the tiers.

use crate::bindings::flipcache::cache::cache::{Error, Expiry, FlipCache};
use crate::bindings::flipcache::cache::collections::{Dict, Order};
use crate::bindings::flipcache::cache::types::Value;
use crate::options;

pub(crate) fn run(key: &str) -> Result<Vec<String>, Error> {
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

/// Returns the keys of a dictionary whose oldest was used before it was full.
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
