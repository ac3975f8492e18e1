//! `get` and `get-detailed`, of which a hit is what applications do most: it takes the key from the
//! application's memory to a buffer of its store, looks the handle up once, and neither allocates more
//! than the answer nor starts a task.

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

/// What a call comes to without asking L2.
enum Local {
    Done(Called<Found>),
    /// The key to ask L2 for.
    Miss(String),
}

/// For synchronous stores.
// The answer is not moved from one to the next of these functions, which costs more than it looks: what is
// written in small pieces and read in large ones stalls the processor.
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

/// For asynchronous stores; `part` is what of it the application is answered.
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
    let answer = match view.hit(this, &buffer) {
        Ok(None) => return Ok(Local::Miss(buffer)),
        Ok(value) => Ok(Found {
            value,
            source: Source::Local,
        }),
        Err(error) => Err(error),
    };
    view.ctx.key = buffer;
    Ok(Local::Done(answer))
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
