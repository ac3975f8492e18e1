//! The functions of [`host`](super::host) for synchronous stores, which block.
//!
//! The generated code does the same for asynchronous stores. Blocking is not tied to a runtime, so
//! it also works on a runtime's thread: see [`io::wait`].

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType};

use super::host::{CallError, OpenBucket};
use super::{KvCtxView, KvView};
use crate::bindings::flipcache::cache::kv_backend::HostBucket;
use crate::bindings::flipcache::cache::types::{self, Host};
use crate::io;

/// The result of a function of the interface, as a linker takes it.
type Returned<T> = wasmtime::Result<(Result<T, types::BackendError>,)>;

/// Defines a method of `bucket` by the asynchronous one of the same name.
macro_rules! method {
    ($instance:ident, $name:literal, $method:ident($($arg:ident: $type:ty),*)) => {
        $instance.func_wrap(
            concat!("[method]bucket.", $name),
            |mut store: StoreContextMut<'_, T>, (this, $($arg),*): (Resource<OpenBucket>, $($type),*)| {
                let mut host = store.data_mut().kv();
                let called = io::wait(host.$method(this, $($arg),*));
                returned(&mut host, called)
            },
        )?;
    };
}

pub(super) fn add_to_linker<T: KvView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    let mut instance = linker.instance("flipcache:cache/kv-backend@0.1.0")?;
    instance.resource(
        "bucket",
        ResourceType::host::<OpenBucket>(),
        |mut store, rep| {
            let mut host = store.data_mut().kv();
            io::wait(HostBucket::drop(&mut host, Resource::new_own(rep)))
        },
    )?;
    instance.func_wrap(
        "[static]bucket.open",
        |mut store: StoreContextMut<'_, T>, (name,): (String,)| {
            let mut host = store.data_mut().kv();
            let called = io::wait(host.open(name));
            returned(&mut host, called)
        },
    )?;
    method!(instance, "get", get(keys: Vec<String>, new_ttl_ms: Option<u64>));
    method!(instance, "set", set(entries: Vec<(String, Vec<u8>)>, ttl_ms: Option<u64>));
    method!(instance, "set-if-absent", set_if_absent(entries: Vec<(String, Vec<u8>)>, ttl_ms: Option<u64>));
    method!(instance, "increment", increment(key: String, delta: i64, ttl_ms: Option<u64>));
    method!(instance, "delete", delete(keys: Vec<String>));
    method!(instance, "exists", exists(keys: Vec<String>));
    method!(instance, "expire", expire(keys: Vec<String>, ttl_ms: Option<u64>));
    method!(instance, "scan", scan(cursor: Option<String>, limit: u32));
    method!(instance, "count", count());
    method!(instance, "clear", clear());
    method!(instance, "changes", changes(since: Option<u64>));
    Ok(())
}

fn returned<T>(host: &mut KvCtxView<'_>, called: Result<T, CallError>) -> Returned<T> {
    match called {
        Ok(result) => Ok((Ok(result),)),
        Err(error) => Ok((Err(host.convert_backend_error(error)?),)),
    }
}
