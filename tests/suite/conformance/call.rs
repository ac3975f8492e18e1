//! Calls functions by name, with arguments and return values in JSON.

use anyhow::{Result, bail};
use flipcache::backend::Page;
use flipcache::{Error, Value};
use serde_json::{Value as Json, json};

use super::api::{Cache, Coherence, Dict};
use super::json::{
    entries, exactly, expiry, integer, number, of_error, of_expiry, of_found, of_stats, of_value,
    text, texts, truth, value,
};
use super::path::{Handle, Opened, Returned};

struct OfCache<C>(C);

struct OfDict<D>(D);

/// Wraps an opened cache in a handle, or converts the error.
pub(crate) fn opened_cache(cache: Result<impl Cache + 'static, Error>) -> Result<Opened> {
    let handle = |cache| Box::new(OfCache(cache)) as Box<dyn Handle>;
    converted(cache.map(handle))
}

/// Wraps an opened dictionary in a handle, or converts the error.
pub(crate) fn opened_dict(dict: Result<impl Dict + 'static, Error>) -> Result<Opened> {
    let handle = |dict| Box::new(OfDict(dict)) as Box<dyn Handle>;
    converted(dict.map(handle))
}

impl<C: Cache> Handle for OfCache<C> {
    fn call(&self, method: &str, with: &[Json]) -> Result<Returned> {
        converted(cache(&self.0, method, with)?)
    }
}

impl<D: Dict> Handle for OfDict<D> {
    fn call(&self, method: &str, with: &[Json]) -> Result<Returned> {
        converted(dict(&self.0, method, with)?)
    }
}

/// Converts an error to the JSON of the cases.
fn converted<T>(result: Result<T, Error>) -> Result<Result<T, Json>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => Ok(Err(of_error(&error)?)),
    }
}

/// The result of a function of the API. The outer `Err` means a malformed case.
type Called = Result<Result<Json, Error>>;

fn cache(cache: &dyn Cache, method: &str, with: &[Json]) -> Called {
    Ok(match method {
        "get" => {
            let [key] = exactly(with)?;
            let found = cache.get(text(key)?);
            found.map(|found| found.value.as_ref().map(of_value).into())
        }
        "get-detailed" => {
            let [key] = exactly(with)?;
            cache.get(text(key)?).map(|found| of_found(&found))
        }
        "get-many" => {
            let [keys] = exactly(with)?;
            let values = cache.get_many(&texts(keys)?);
            let slot = |value: &Option<_>| value.as_ref().map(of_value);
            values.map(|values| values.iter().map(slot).collect())
        }
        "contains" => {
            let [key] = exactly(with)?;
            cache.contains(text(key)?).map(Json::from)
        }
        "ttl" => {
            let [key] = exactly(with)?;
            cache.ttl(text(key)?).map(|left| left.map(of_expiry).into())
        }
        "refresh" => {
            let [key] = exactly(with)?;
            cache.refresh(text(key)?).map(Json::from)
        }
        "keys" => {
            let [cursor, limit] = exactly(with)?;
            cache.keys(cursor.as_str(), integer(limit)?).map(of_page)
        }
        "len" => cache.len().map(|len| number(len.into())),
        _ => return local(cache, method, with),
    })
}

fn local(cache: &dyn Cache, method: &str, with: &[Json]) -> Called {
    Ok(match method {
        "local-get" => {
            let [key] = exactly(with)?;
            let value = cache.local_get(text(key)?);
            value.map(|value| value.as_ref().map(of_value).into())
        }
        "local-keys" => cache.local_keys().map(Json::from),
        "local-clear" => cache.local_clear().map(Json::from),
        "stats" => cache.stats().map(|stats| of_stats(&stats)),
        _ => return write(cache, method, with),
    })
}

fn write(cache: &dyn Cache, method: &str, with: &[Json]) -> Called {
    Ok(match method {
        "set" => {
            let [key, of, ttl] = exactly(with)?;
            let written = cache.set(text(key)?, value(of)?, expiry(ttl)?);
            written.map(Json::from)
        }
        "set-many" => {
            let [pairs, ttl] = exactly(with)?;
            let written = cache.set_many(entries(pairs)?, expiry(ttl)?);
            written.map(Json::from)
        }
        "set-if-absent" => {
            let [key, of, ttl] = exactly(with)?;
            let written = cache.set_if_absent(text(key)?, value(of)?, expiry(ttl)?);
            written.map(Json::from)
        }
        "increment" => {
            let [key, delta] = exactly(with)?;
            let sum = cache.increment(text(key)?, integer(delta)?);
            sum.map(|sum| number(sum.into()))
        }
        "delete" => {
            let [key] = exactly(with)?;
            let deleted = cache.delete(&[text(key)?.to_owned()]);
            deleted.map(|deleted| json!(deleted > 0))
        }
        "delete-many" => {
            let [keys] = exactly(with)?;
            let deleted = cache.delete(&texts(keys)?);
            deleted.map(|deleted| number(deleted.into()))
        }
        "clear" => cache.clear().map(|deleted| number(deleted.into())),
        _ => bail!("flip-cache has no method {method}"),
    })
}

fn of_page(page: Page) -> Json {
    json!({ "keys": page.keys, "cursor": page.cursor })
}

fn dict(dict: &dyn Dict, method: &str, with: &[Json]) -> Called {
    let of_option = |value: Option<_>| Json::from(value.as_ref().map(of_value));
    Ok(match method {
        "get" => {
            let [key] = exactly(with)?;
            dict.get(text(key)?).map(of_option)
        }
        "peek" => {
            let [key] = exactly(with)?;
            dict.peek(text(key)?).map(of_option)
        }
        "set" => {
            let [key, of] = exactly(with)?;
            let evicted = dict.set(text(key)?, value(of)?);
            evicted.map(|evicted| evicted.map(of_item).into())
        }
        "set-default" => {
            let [key, of] = exactly(with)?;
            let held = dict.set_default(text(key)?, value(of)?);
            held.map(|held| of_value(&held))
        }
        "update" => {
            let [items] = exactly(with)?;
            dict.update(entries(items)?).map(Json::from)
        }
        "contains" => {
            let [key] = exactly(with)?;
            dict.contains(text(key)?).map(Json::from)
        }
        "mark-as-used" => {
            let [key] = exactly(with)?;
            dict.mark_as_used(text(key)?).map(Json::from)
        }
        "pop" => {
            let [key] = exactly(with)?;
            dict.pop(text(key)?).map(of_option)
        }
        "pop-item" => {
            let [newest] = exactly(with)?;
            let item = dict.pop_item(truth(newest)?);
            item.map(|item| item.map(of_item).into())
        }
        _ => return contents(dict, method),
    })
}

fn of_item((key, value): (String, Value)) -> Json {
    json!([key, of_value(&value)])
}

fn contents(dict: &dyn Dict, method: &str) -> Called {
    Ok(match method {
        "clear" => dict.clear().map(Json::from),
        "len" => dict.len().map(Json::from),
        "max-items" => dict.max_items().map(Json::from),
        "keys" => dict.keys().map(Json::from),
        "values" => {
            let values = dict.values();
            values.map(|values| values.iter().map(of_value).collect())
        }
        "items" => {
            let items = dict.items();
            items.map(|items| items.into_iter().map(of_item).collect())
        }
        _ => bail!("dict has no method {method}"),
    })
}

/// Calls a function of the interface `coherence`.
pub(crate) fn coherence(exports: &dyn Coherence, function: &str, with: &[Json]) -> Result<()> {
    match function {
        "invalidate" => {
            let [name, keys] = exactly(with)?;
            exports.invalidate(text(name)?, &texts(keys)?)?;
        }
        "invalidate-all" => exports.invalidate_all()?,
        "suspend" => exports.suspend()?,
        "resume" => exports.resume()?,
        _ => bail!("coherence has no function {function}"),
    }
    Ok(())
}
