//! `get` and `get-detailed`. Hits are what applications do most. A hit takes the key from the
//! application's memory to a buffer of its store and looks the handle up once. It allocates no more
//! than the value and starts no task.

use std::{future, mem};

use flipcache_core::MAX_KEY_BYTES;
use wasmtime::StoreContextMut;
use wasmtime::component::{Resource, WasmStr};

use super::CacheView;
use super::error::{Called, Returned, returned};
use super::limits::too_large;
use super::open::OpenCache;
use crate::bindings::exports::flipcache::cache::cache::{Error, Found, Source};
use crate::io::wait;

/// The result of a call without L2.
enum Local {
    Done(Called<Found>),
    /// The key to read from L2.
    Miss(String),
}

/// Serves synchronous stores.
// The value is not moved from one of these functions to the next. A move costs more than it seems:
// reading in large pieces what was written in small ones stalls the processor.
#[inline(always)]
pub(super) fn get_waiting<T: CacheView>(
    store: &mut StoreContextMut<'_, T>,
    this: &Resource<OpenCache>,
    key: &WasmStr,
) -> wasmtime::Result<Called<Found>> {
    Ok(match local(store, this, key)? {
        Local::Done(found) => found,
        Local::Miss(key) => wait(fetch(store, this, key)),
    })
}

/// Serves asynchronous stores. `part` selects what the application gets.
pub(super) fn get_suspending<'a, T: CacheView, R: Send + 'a>(
    mut store: StoreContextMut<'a, T>,
    this: Resource<OpenCache>,
    key: &WasmStr,
    part: fn(Found) -> R,
) -> Box<dyn Future<Output = Returned<Result<R, Error>>> + Send + 'a> {
    match local(&mut store, &this, key) {
        Ok(Local::Done(found)) => Box::new(future::ready(returned(found.map(part)))),
        Ok(Local::Miss(key)) => Box::new(async move {
            let found = fetch(&mut store, &this, key).await;
            returned(found.map(part))
        }),
        Err(trap) => Box::new(future::ready(Err(trap))),
    }
}

#[inline(always)]
fn local<T: CacheView>(
    store: &mut StoreContextMut<'_, T>,
    this: &Resource<OpenCache>,
    key: &WasmStr,
) -> wasmtime::Result<Local> {
    let mut buffer = mem::take(&mut store.data_mut().cache().ctx.key);
    let text = key.to_str(&*store)?;
    if text.len() > MAX_KEY_BYTES {
        return Ok(Local::Done(Err(too_large(MAX_KEY_BYTES).into())));
    }
    buffer.clear();
    buffer.push_str(&text);
    let mut view = store.data_mut().cache();
    let result = match view.hit(this, &buffer) {
        Ok(None) => return Ok(Local::Miss(buffer)),
        Ok(value) => Ok(Found {
            value,
            source: Source::Local,
        }),
        Err(error) => Err(error),
    };
    view.ctx.key = buffer;
    Ok(Local::Done(result))
}

async fn fetch<T: CacheView>(
    store: &mut StoreContextMut<'_, T>,
    this: &Resource<OpenCache>,
    key: String,
) -> Called<Found> {
    let mut view = store.data_mut().cache();
    let found = view.miss(this, &key).await;
    view.ctx.key = key;
    found
}
