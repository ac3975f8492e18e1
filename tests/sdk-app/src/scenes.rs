//! The scenes. What one tells is compared with literal text, so it is written with `Debug`.

use std::time::Duration;

use flipcache_guest::{Cache, Dict, Error, Eviction, Expiry, Order, Resilience};
use serde::{Deserialize, Serialize};

type Told = Result<Vec<String>, Error>;

#[derive(Debug, Serialize, Deserialize)]
struct User {
    name: String,
    karma: f64,
}

/// Every type of values, through both tiers.
pub(crate) fn values() -> Told {
    let text = Cache::open("text")?;
    text.set("k", "grün")?;
    let integers = Cache::builder("integers").integers::<u8>().open()?;
    integers.set("k", &200)?;
    let floats = Cache::builder("floats").floats().open()?;
    floats.set("k", &0.1)?;
    let booleans = Cache::builder("booleans").booleans().open()?;
    booleans.set("k", &true)?;
    let bytes = Cache::builder("bytes").bytes().open()?;
    bytes.set("k", b"\0\xff")?;
    let users = Cache::builder("users").json::<User>().integer_keys();
    let users = users.open()?;
    let (name, karma) = ("Ada".to_owned(), 0.1);
    users.set(-3, &User { name, karma })?;
    text.local().clear();
    users.local().clear();
    Ok(vec![
        format!("{:?}", text.get_detailed("k")?),
        format!("{:?}", text.get_detailed("k")?),
        format!("{:?}", integers.get("k")?),
        format!("{:?}", floats.get("k")?),
        format!("{:?}", booleans.get("k")?),
        format!("{:?}", bytes.get("k")?),
        format!("{:?}", users.get(-3)?),
    ])
}

/// The operations on one key.
pub(crate) fn operations() -> Told {
    let cache = Cache::open("operations")?;
    let numbers = Cache::builder("numbers").integers::<i64>().open()?;
    Ok(vec![
        format!("{cache:?}"),
        format!("{:?}", cache.get_detailed("k")?),
        format!("{:?}", cache.is_empty()?),
        format!("{:?}", cache.set_if_absent("k", "first")?),
        format!("{:?}", cache.set_if_absent("k", "second")?),
        format!("{:?} {:?}", cache.get("k")?, cache.contains("k")?),
        format!("{:?} {:?}", cache.is_empty()?, cache.len()?),
        format!("{:?} {:?}", cache.refresh("k")?, cache.refresh("other")?),
        format!("{:?} {:?}", cache.delete("k")?, cache.delete("k")?),
        format!(
            "{:?} {:?}",
            numbers.increment("n", 5)?,
            numbers.increment("n", -7)?
        ),
        format!("{:?}", numbers.clear()?),
    ])
}

/// Returns how long entries live.
pub(crate) fn lives() -> Told {
    let hour = Duration::from_secs(3_600);
    let cache = Cache::builder("lives").ttl(hour).refresh_ttl_on_get(true);
    let cache = cache.open()?;
    cache.set("inherits", "v")?;
    cache.set_with_ttl("own", "v", 2 * hour)?;
    cache.set_with("never", "v", Expiry::Never)?;
    let left = |key| {
        let left = cache.ttl(key)?;
        Ok::<_, Error>(match left {
            Some(Expiry::After(left)) => format!("{} h", left.as_secs().div_ceil(3_600)),
            other => format!("{other:?}"),
        })
    };
    Ok(vec![
        left("inherits")?,
        left("own")?,
        left("never")?,
        left("absent")?,
    ])
}

/// Many keys at once, and more than one page of them.
pub(crate) fn many() -> Told {
    let cache = Cache::builder("many").integers::<i64>().integer_keys();
    let cache = cache.open()?;
    let numbers: Vec<i64> = (0..2_500).collect();
    cache.set_many(numbers.iter().map(|number| (*number, number)))?;
    let nested = Cache::open("many:nested")?;
    nested.set("k", "v")?;
    let mut keys = cache.keys().collect::<Result<Vec<_>, _>>()?;
    keys.sort();
    keys.dedup();
    Ok(vec![
        format!("{:?}", cache.get_many([2_499, -1, 0])?),
        format!("{:?}", keys == numbers),
        format!("{:?}", cache.delete_many([0, 1, -1])?),
        format!("{:?}", cache.len()?),
    ])
}

/// The results of loaders, and what is stored.
pub(crate) fn loading() -> Told {
    let cache = Cache::open("loading")?;
    let loaded = cache.get_or_insert_with("k", || "loaded".to_owned())?;
    let held = cache.get_or_insert_with("k", || "again".to_owned())?;
    let failed = cache.get_or_try_insert_with("other", || Err(Failure::Own));
    let beaten = cache.get_or_try_insert_with("beaten", || {
        cache.set("beaten", "by another")?;
        Ok::<_, Error>("loaded".to_owned())
    })?;
    let numbers = Cache::builder("loading:n").integers::<i64>().open()?;
    // It finds the key written, and cannot read what was written.
    let unreadable = numbers.get_or_try_insert_with("k", || {
        cache.set("n:k", "no number")?;
        Ok::<_, Error>(7)
    })?;
    let deep = Cache::open("")
        .map_err(Failure::from)
        .map(|cache| cache.name().to_owned());
    Ok(vec![
        loaded,
        held,
        format!("{failed:?} {:?}", cache.get("other")?),
        beaten,
        unreadable.to_string(),
        format!("{deep:?}"),
    ])
}

/// The return values if nothing can be written.
pub(crate) fn storing() -> Told {
    let cache = Cache::builder("storing").default("d").store_default(true);
    let cache = cache.open()?;
    let loaded = cache.get_or_insert_with("k", || "loaded".to_owned())?;
    let again = cache.get_or_insert_with("k", || "again".to_owned())?;
    Ok(vec![
        format!("{loaded} {again}"),
        format!("{:?}", cache.get_detailed("k")?),
        format!(
            "{} local, {} errors",
            cache.local().len(),
            cache.stats().backend_errors
        ),
        format!("{}", cache.set("k", "v").is_err()),
    ])
}

#[derive(Debug)]
enum Failure {
    Own,
    Cache(#[expect(dead_code, reason = "it is told by `Debug`")] Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Cache(error)
    }
}

/// A default is returned for an absent key; a loader does not see it.
pub(crate) fn defaults() -> Told {
    let plain = Cache::open("defaults")?;
    let answers = Cache::builder("defaults").default("d").open()?;
    let stores = Cache::builder("defaults").default("d").store_default(true);
    let stores = stores.open()?;
    let loaded = stores.get_or_insert_with("loaded", || "l".to_owned())?;
    Ok(vec![
        format!("{:?} {:?}", answers.get_detailed("k")?, plain.get("k")?),
        format!("{:?} {:?}", stores.get_detailed("k")?, plain.get("k")?),
        loaded,
    ])
}

/// Returns the local tier alone.
pub(crate) fn local() -> Told {
    let cache = Cache::builder("local").local_max(2).eviction(Eviction::Lru);
    let cache = cache.open()?;
    for key in ["a", "b"] {
        cache.set(key, key)?;
    }
    cache.get("a")?;
    cache.set("c", "c")?;
    let local = cache.local();
    let mut told = vec![
        format!(
            "{:?} {:?} {:?}",
            local.keys(),
            local.len(),
            local.is_empty()
        ),
        format!("{:?} {:?}", local.get("a")?, local.get("b")?),
    ];
    local.clear();
    told.push(format!("{:?} {:?}", local.is_empty(), cache.len()?));
    let none = Cache::builder("none")
        .local_max(0)
        .local_max_bytes(1)
        .open()?;
    none.set("k", "v")?;
    told.push(format!("{:?}", none.get_detailed("k")?.source));
    told.push(format!("{} evicted", cache.stats().removals.size));
    Ok(told)
}

/// Returns a dictionary.
pub(crate) fn dict() -> Told {
    let dict = Dict::open(Order::Lru, 2)?;
    dict.update([("a", 1), ("b", 2)])?;
    let used = (dict.get("a"), dict.peek("b"));
    let evicted = dict.set("c", "three")?;
    let mut told = vec![
        format!("{used:?} {evicted:?}"),
        format!("{:?} {:?} {:?}", dict.keys(), dict.values(), dict.items()),
        format!(
            "{:?} {:?}",
            dict.set_default("a", 9)?,
            dict.mark_as_used("b")
        ),
        format!("{} of {}", dict.len(), dict.max_items()),
        format!(
            "{:?} {:?} {:?}",
            dict.pop("a"),
            dict.contains("a"),
            dict.pop_item(true)
        ),
    ];
    dict.clear();
    told.push(format!("{:?}", dict.is_empty()));
    Ok(told)
}

/// Rejected calls, with the text of the errors.
pub(crate) fn errors() -> Told {
    let told =
        |refused: Option<Error>| refused.map_or("nothing".to_owned(), |error| error.to_string());
    let text = Cache::open("errors")?;
    text.set("k", "no number")?;
    let numbers = Cache::builder("errors:n").integers::<u8>().open()?;
    numbers
        .raw()
        .set("big", &300.into(), Expiry::Never.into())?;
    let jittery = Cache::builder("jittery").resilience(Resilience {
        ttl_jitter_percent: 51,
        ..Resilience::default()
    });
    Ok(vec![
        told(Cache::open("").err()),
        told(Cache::builder("errors").ttl(Duration::ZERO).open().err()),
        format!(
            "{}",
            matches!(jittery.open(), Err(Error::InvalidOptions(_)))
        ),
        told(Cache::builder("errors").integers::<i64>().open().err()),
        told(text.set_with_ttl("k", "v", Duration::ZERO).err()),
        told(text.get(&"k".repeat(1 << 20)).err()),
        told(numbers.get("big").err()),
        told(Dict::open(Order::Fifo, 0).err()),
    ])
}
