//! The functions of both interfaces for a linker. Those that may call L2 are defined twice: for
//! synchronous stores, which block, and for asynchronous ones, which are suspended. All others
//! return at once in either.

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType, WasmStr};

use super::CacheView;
use super::dict::OpenDict;
use super::error::returned;
use super::get::{get_suspending, get_waiting};
use super::open::OpenCache;
use crate::bindings::exports::flipcache::cache::cache::{Expiry, Options, Resilience};
use crate::bindings::exports::flipcache::cache::collections::{Item, Order};
use crate::bindings::flipcache::cache::types::Value;
use crate::io::wait;

const CACHE: &str = "flipcache:cache/cache@0.1.0";
const COLLECTIONS: &str = "flipcache:cache/collections@0.1.0";

/// Defines functions by methods that return at once.
macro_rules! at_once {
    ($instance:ident: $($name:literal => $method:ident($($arg:ident: $type:ty),*);)*) => {$(
        $instance.func_wrap(
            $name,
            |mut store: StoreContextMut<'_, T>, ($($arg,)*): ($($type,)*)| {
                store.data_mut().cache().$method($($arg),*)
            },
        )?;
    )*};
}

/// Defines functions by asynchronous methods that block the store.
macro_rules! waiting {
    ($instance:ident: $($name:literal => $method:ident($($arg:ident: $type:ty),*);)*) => {$(
        $instance.func_wrap(
            concat!("[method]flip-cache.", $name),
            |mut store: StoreContextMut<'_, T>, ($($arg,)*): ($($type,)*)| {
                returned(wait(store.data_mut().cache().$method($($arg),*)))
            },
        )?;
    )*};
}

/// Defines functions by asynchronous methods that suspend the store.
macro_rules! suspending {
    ($instance:ident: $($name:literal => $method:ident($($arg:ident: $type:ty),*);)*) => {$(
        $instance.func_wrap_async(
            concat!("[method]flip-cache.", $name),
            |mut store: StoreContextMut<'_, T>, ($($arg,)*): ($($type,)*)| {
                Box::new(async move { returned(store.data_mut().cache().$method($($arg),*).await) })
            },
        )?;
    )*};
}

/// Lists the functions that may call L2, except `get` and `get-detailed`.
macro_rules! asking {
    ($define:ident, $instance:ident) => {
        $define! { $instance:
            "get-many" => get_many(this: Resource<OpenCache>, keys: Vec<String>);
            "set" => set(this: Resource<OpenCache>, key: String, value: Value, expiry: Expiry);
            "set-many" => set_many(this: Resource<OpenCache>, entries: Vec<Item>, expiry: Expiry);
            "set-if-absent" => set_if_absent(this: Resource<OpenCache>, key: String, value: Value, expiry: Expiry);
            "increment" => increment(this: Resource<OpenCache>, key: String, delta: i64);
            "delete" => delete(this: Resource<OpenCache>, key: String);
            "delete-many" => delete_many(this: Resource<OpenCache>, keys: Vec<String>);
            "contains" => contains(this: Resource<OpenCache>, key: String);
            "refresh" => refresh(this: Resource<OpenCache>, key: String);
            "ttl" => ttl(this: Resource<OpenCache>, key: String);
            "keys" => keys(this: Resource<OpenCache>, cursor: Option<String>, limit: u32);
            "len" => len(this: Resource<OpenCache>);
            "clear" => clear(this: Resource<OpenCache>);
        }
    };
}

/// Adds the functions for synchronous stores.
pub(super) fn add_waiting<T: CacheView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    add_local(linker)?;
    let mut instance = linker.instance(CACHE)?;
    asking!(waiting, instance);
    instance.func_wrap(
        "[method]flip-cache.get",
        |mut store: StoreContextMut<'_, T>, (this, key): (Resource<OpenCache>, WasmStr)| {
            let found = get_waiting(&mut store, &this, &key)?;
            returned(found.map(|found| found.value))
        },
    )?;
    instance.func_wrap(
        "[method]flip-cache.get-detailed",
        |mut store: StoreContextMut<'_, T>, (this, key): (Resource<OpenCache>, WasmStr)| {
            returned(get_waiting(&mut store, &this, &key)?)
        },
    )
}

/// Adds the functions for asynchronous stores.
pub(super) fn add_suspending<T: CacheView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    add_local(linker)?;
    let mut instance = linker.instance(CACHE)?;
    asking!(suspending, instance);
    instance.func_wrap_async(
        "[method]flip-cache.get",
        |store: StoreContextMut<'_, T>, (this, key): (Resource<OpenCache>, WasmStr)| {
            get_suspending(store, this, &key, |found| found.value)
        },
    )?;
    instance.func_wrap_async(
        "[method]flip-cache.get-detailed",
        |store: StoreContextMut<'_, T>, (this, key): (Resource<OpenCache>, WasmStr)| {
            get_suspending(store, this, &key, |found| found)
        },
    )
}

/// Adds the functions that never call L2, for any store.
fn add_local<T: CacheView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    let mut instance = linker.instance(CACHE)?;
    let cache = ResourceType::host::<OpenCache>();
    instance.resource("flip-cache", cache, |mut store, rep| {
        store.data_mut().cache().close(Resource::new_own(rep))
    })?;
    at_once! { instance:
        "[static]flip-cache.open" => open(name: String, options: Options);
        "[static]flip-cache.open-with" => open_with(name: String, options: Options, resilience: Resilience);
        "[method]flip-cache.local-get" => local_get(this: Resource<OpenCache>, key: String);
        "[method]flip-cache.local-keys" => local_keys(this: Resource<OpenCache>);
        "[method]flip-cache.local-clear" => local_clear(this: Resource<OpenCache>);
        "[method]flip-cache.stats" => stats(this: Resource<OpenCache>);
    }
    let mut instance = linker.instance(COLLECTIONS)?;
    let dict = ResourceType::host::<OpenDict>();
    instance.resource("dict", dict, |mut store, rep| {
        store.data_mut().cache().close_dict(Resource::new_own(rep))
    })?;
    at_once! { instance:
        "[static]dict.open" => open_dict(order: Order, max_items: u32);
        "[method]dict.get" => dict_get(this: Resource<OpenDict>, key: String);
        "[method]dict.peek" => dict_peek(this: Resource<OpenDict>, key: String);
        "[method]dict.set" => dict_set(this: Resource<OpenDict>, key: String, value: Value);
        "[method]dict.set-default" => dict_set_default(this: Resource<OpenDict>, key: String, value: Value);
        "[method]dict.update" => dict_update(this: Resource<OpenDict>, items: Vec<Item>);
        "[method]dict.contains" => dict_contains(this: Resource<OpenDict>, key: String);
        "[method]dict.mark-as-used" => dict_mark_as_used(this: Resource<OpenDict>, key: String);
        "[method]dict.pop" => dict_pop(this: Resource<OpenDict>, key: String);
        "[method]dict.pop-item" => dict_pop_item(this: Resource<OpenDict>, newest: bool);
        "[method]dict.clear" => dict_clear(this: Resource<OpenDict>);
        "[method]dict.len" => dict_len(this: Resource<OpenDict>);
        "[method]dict.max-items" => dict_max_items(this: Resource<OpenDict>);
        "[method]dict.keys" => dict_keys(this: Resource<OpenDict>);
        "[method]dict.values" => dict_values(this: Resource<OpenDict>);
        "[method]dict.items" => dict_items(this: Resource<OpenDict>);
    }
    Ok(())
}
