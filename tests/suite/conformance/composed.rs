//! The cache composed with the adapter for `wasi:keyvalue`, in a host that provides only that
//! interface, by wasmtime's implementation, and clocks.

use std::rc::Rc;
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value as Json, json};
use wasmtime::component::types::Type;
use wasmtime::component::{Component, Linker, ResourceTable, Val};
use wasmtime::{Engine, Store};
use wasmtime_wasi_keyvalue::{WasiKeyValue, WasiKeyValueCtx, WasiKeyValueCtxBuilder};

use super::case::Need;
use super::host::World;
use super::path::{Handle, Opened, Path, Returned};
use super::untyped::{Untyped, to_json};
use crate::keyvalue::clock::Clock;
use crate::keyvalue::composition::cache_over_wasi_keyvalue;

const CACHE: &str = "flipcache:cache/cache@0.1.0";
const COLLECTIONS: &str = "flipcache:cache/collections@0.1.0";
const COHERENCE: &str = "flipcache:cache/coherence@0.1.0";

struct Data {
    keyvalue: WasiKeyValueCtx,
    table: ResourceTable,
}

/// Creates an instance of the composition. Its clocks stand still.
pub(crate) fn over_wasi_keyvalue() -> World {
    static COMPOSED: LazyLock<Component> = LazyLock::new(|| {
        let engine = Engine::default();
        let composed = Component::new(&engine, cache_over_wasi_keyvalue());
        composed.expect("the composition must compile")
    });
    let clock = Clock::new();
    let instance = instantiate(&COMPOSED, &clock).expect("the composition must instantiate");
    let wait = move |time: Duration| {
        let millis = u64::try_from(time.as_millis()).expect("a short time");
        clock.pass(millis);
    };
    World {
        path: Box::new(Rc::new(instance)),
        has: vec![
            Need::Clock,
            Need::Coherence,
            Need::SetIfAbsent,
            Need::Increment,
            Need::Expire,
            Need::ExtendTtl,
        ],
        recorder: None,
        compares_calls: false,
        other_client: None,
        wait: Some(Box::new(wait)),
        _keep: Box::new(()),
    }
}

fn instantiate(composed: &Component, clock: &Clock) -> wasmtime::Result<Untyped<Data>> {
    let mut linker = Linker::new(composed.engine());
    wasmtime_wasi_keyvalue::add_to_linker(&mut linker, |data: &mut Data| {
        WasiKeyValue::new(&data.keyvalue, &mut data.table)
    })?;
    clock.add_to_linker(&mut linker)?;
    let data = Data {
        keyvalue: WasiKeyValueCtxBuilder::new().build(),
        table: ResourceTable::new(),
    };
    Untyped::new(
        &linker.instantiate_pre(composed)?,
        Store::new(composed.engine(), data),
    )
}

impl Path for Rc<Untyped<Data>> {
    fn open(
        &self,
        name: &str,
        options: &Map<String, Json>,
        resilience: Option<&Map<String, Json>>,
    ) -> Result<Opened> {
        let options = over(default_options(), options);
        let opened = match resilience {
            None => {
                let function = "[static]flip-cache.open";
                self.call(CACHE, function, None, &[json!(name), options])
            }
            Some(given) => {
                let function = "[static]flip-cache.open-with";
                let resilience = over(default_resilience(), given);
                self.call(CACHE, function, None, &[json!(name), options, resilience])
            }
        };
        self::opened(self, CACHE, "flip-cache", opened?)
    }

    fn open_dict(&self, order: &str, max_items: u32) -> Result<Opened> {
        let with = [json!(order), json!(max_items)];
        let opened = self.call(COLLECTIONS, "[static]dict.open", None, &with);
        self::opened(self, COLLECTIONS, "dict", opened?)
    }

    fn coherence(&self, function: &str, with: &[Json]) -> Result<()> {
        self.call(COHERENCE, function, None, with).map(drop)
    }
}

fn opened(
    instance: &Rc<Untyped<Data>>,
    interface: &'static str,
    resource: &'static str,
    returned: Option<(Type, Val)>,
) -> Result<Opened> {
    let (of, val) = returned.context("open returns a result")?;
    Ok(match result(&of, val)? {
        Err(error) => Err(error),
        Ok(this) => {
            let (_, this) = this.context("open returns a handle")?;
            Ok(Box::new(Method {
                instance: Rc::clone(instance),
                interface,
                resource,
                this,
            }))
        }
    })
}

/// A handle whose methods are called by name.
struct Method {
    instance: Rc<Untyped<Data>>,
    interface: &'static str,
    resource: &'static str,
    this: Val,
}

impl Handle for Method {
    fn call(&self, method: &str, with: &[Json]) -> Result<Returned> {
        let Self {
            interface,
            resource,
            this,
            ..
        } = self;
        let function = format!("[method]{resource}.{method}");
        let returned = self.instance.call(interface, &function, Some(this), with)?;
        let json = |value: Option<(Type, Val)>| match value {
            Some((of, val)) => to_json(&of, &val),
            None => Ok(Json::Null),
        };
        Ok(match returned {
            Some((of @ Type::Result(_), val)) => match result(&of, val)? {
                Ok(value) => Ok(json(value)?),
                Err(error) => Err(error),
            },
            value => Ok(json(value)?),
        })
    }
}

/// Splits a `result` into the payload of `ok`, or the error as JSON.
fn result(of: &Type, val: Val) -> Result<Result<Option<(Type, Val)>, Json>> {
    let (Type::Result(of), Val::Result(result)) = (of, val) else {
        bail!("the value is not a result");
    };
    Ok(match result {
        Ok(held) => Ok(of.ok().zip(held.map(|held| *held))),
        Err(held) => {
            let error = of.err().zip(held);
            let (of, held) = error.context("an error has a payload")?;
            Err(to_json(&of, &held)?)
        }
    })
}

fn over(mut record: Json, given: &Map<String, Json>) -> Json {
    for (name, json) in given {
        record[name] = json.clone();
    }
    record
}

fn default_options() -> Json {
    json!({
        "local-max": 100,
        "local-max-bytes": null,
        "eviction": "fifo",
        "ttl-ms": null,
        "refresh-ttl-on-get": false,
        "key-type": "text",
        "value-type": "text",
        "default": null,
        "store-default": false,
    })
}

fn default_resilience() -> Json {
    json!({
        "stale-on-error-ms": 0,
        "absent-ttl-ms": 0,
        "ttl-jitter-percent": 0,
        "max-staleness-ms": null,
    })
}
