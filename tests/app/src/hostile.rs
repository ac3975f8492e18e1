//! What an application does to harm its host or other applications.

use std::mem::{self, ManuallyDrop};

use crate::bindings::flipcache::cache::cache::{Error, Expiry, FlipCache, Options};
use crate::bindings::flipcache::cache::collections::{Dict, Order};
use crate::bindings::flipcache::cache::types::Value;
use crate::{options, told};

pub(crate) fn open_names(amount: u32) -> String {
    for opened in 0..amount {
        if let Err(error) = FlipCache::open(&format!("name-{opened}"), &options()) {
            return format!("{opened}, then {error:?}");
        }
    }
    format!("{amount}")
}

pub(crate) fn keep_handles(amount: u32) -> String {
    let mut kept = Vec::new();
    for opened in 0..amount {
        match FlipCache::open("kept", &options()) {
            Ok(cache) => kept.push(cache),
            Err(error) => return format!("{opened}, then {error:?}"),
        }
    }
    format!("{amount}")
}

pub(crate) fn giant_batch(keys: u32) -> Result<usize, Error> {
    let cache = FlipCache::open("batch", &options())?;
    let keys = vec![String::new(); keys as usize];
    let entry = || (String::new(), Value::Text(String::new()));
    let entries: Vec<_> = keys.iter().map(|_| entry()).collect();
    let written = cache.set_many(&entries, Expiry::Inherit);
    let deleted = cache.delete_many(&keys);
    let read = cache.get_many(&keys)?;
    written?;
    deleted?;
    Ok(read.len())
}

pub(crate) fn giant_value(size: u32) -> String {
    let value = Value::Text("v".repeat(size as usize));
    let written = FlipCache::open("value", &options())
        .and_then(|cache| cache.set("k", &value, Expiry::Inherit));
    let options = Options {
        default: Some(value),
        ..options()
    };
    let opened = FlipCache::open("value", &options).map(|_| ());
    format!("{} {}", told(written), told(opened))
}

pub(crate) fn fill_dicts() -> String {
    let value = Value::Bytes(vec![0; 1 << 20]);
    let mut kept = Vec::new();
    loop {
        let dict = match Dict::open(Order::Fifo, u32::MAX) {
            Ok(dict) => dict,
            Err(error) => return format!("{}, then {error:?}", kept.len()),
        };
        if let Err(error) = dict.set("", &value) {
            return format!("{}, then {error:?}", kept.len());
        }
        kept.push(dict);
    }
}

pub(crate) fn fill_dict_with_nothing() -> String {
    let Ok(dict) = Dict::open(Order::Fifo, u32::MAX) else {
        return "no dictionary".to_owned();
    };
    for key in 0_u32.. {
        if let Err(error) = dict.set(&key.to_string(), &Value::Boolean(true)) {
            return format!("{key}, then {error:?}");
        }
    }
    "as many as there are".to_owned()
}

#[expect(unsafe_code, reason = "this is what a hostile application does")]
pub(crate) fn forge_cache(handle: u32) {
    // SAFETY: it is not; the host must not believe it.
    let forged = ManuallyDrop::new(unsafe { FlipCache::from_handle(handle) });
    let _ = forged.len();
}

#[expect(unsafe_code, reason = "this is what a hostile application does")]
pub(crate) fn forge_dict(handle: u32) {
    // SAFETY: it is not; the host must not believe it.
    let forged = ManuallyDrop::new(unsafe { Dict::from_handle(handle) });
    forged.len();
}

pub(crate) fn use_after_close() {
    if let Ok(cache) = FlipCache::open("closed", &options()) {
        let handle = cache.handle();
        mem::drop(cache);
        forge_cache(handle);
    }
}

pub(crate) fn confuse() {
    if let Ok(dict) = Dict::open(Order::Fifo, 1) {
        forge_cache(dict.handle());
    }
}

#[expect(clippy::empty_loop, reason = "this is what a hostile application does")]
pub(crate) fn spin() {
    loop {}
}

pub(crate) fn hoard() {
    let mut kept = Vec::new();
    loop {
        kept.push(vec![1_u8; 1 << 20]);
    }
}
