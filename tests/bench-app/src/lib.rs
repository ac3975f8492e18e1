//! An application that reads the same entries from the cache and from `wasi:keyvalue`, in a loop
//! inside wasm, so that what is measured is its calls and not its host's.
#![cfg(target_arch = "wasm32")]

mod bindings;

use std::cell::OnceCell;

use bindings::flipcache::cache::cache::{Eviction, Expiry, FlipCache, KeyType, Options, ValueType};
use bindings::flipcache::cache::types::Value;
use bindings::wasi::keyvalue::store::{self, Bucket};

/// Implements the exports of the generated code.
struct App;

/// What is read.
struct Stage {
    keys: Vec<String>,
    cache: FlipCache,
    bucket: Bucket,
}

thread_local! {
    static STAGE: OnceCell<Stage> = const { OnceCell::new() };
}

impl bindings::Guest for App {
    fn fill(entries: Vec<(String, Vec<u8>)>) -> Result<(), String> {
        let stage = Stage::fill(entries)?;
        let is_first = STAGE.with(|cell| cell.set(stage).is_ok());
        is_first
            .then_some(())
            .ok_or_else(|| "it is filled already".to_owned())
    }

    fn read_cache(times: u64) -> Result<u64, String> {
        read(times, |stage, key| match stage.cache.get(key) {
            Ok(Some(Value::Bytes(value))) => Ok(value.len()),
            other => Err(format!("{other:?}")),
        })
    }

    fn read_bucket(times: u64) -> Result<u64, String> {
        read(times, |stage, key| match stage.bucket.get(key) {
            Ok(Some(value)) => Ok(value.len()),
            other => Err(format!("{other:?}")),
        })
    }
}

impl Stage {
    fn fill(entries: Vec<(String, Vec<u8>)>) -> Result<Self, String> {
        let cache = FlipCache::open("bench", &options()).map_err(|error| format!("{error:?}"))?;
        let bucket = store::open("").map_err(|error| format!("{error:?}"))?;
        let mut keys = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            bucket
                .set(&key, &value)
                .map_err(|error| format!("{error:?}"))?;
            cache
                .set(&key, &Value::Bytes(value), Expiry::Inherit)
                .map_err(|error| format!("{error:?}"))?;
            keys.push(key);
        }
        Ok(Self {
            keys,
            cache,
            bucket,
        })
    }
}

fn read(times: u64, get: impl Fn(&Stage, &str) -> Result<usize, String>) -> Result<u64, String> {
    STAGE.with(|stage| {
        let stage = stage.get().ok_or("it is not filled yet")?;
        let mut bytes = 0;
        let mut keys = stage.keys.iter().cycle();
        for _ in 0..times {
            let key = keys.next().ok_or("there are no entries")?;
            bytes += get(stage, key)? as u64;
        }
        Ok(bytes)
    })
}

fn options() -> Options {
    Options {
        // More than there are, as shards do not get equal shares.
        local_max: 10_000,
        local_max_bytes: None,
        eviction: Eviction::Fifo,
        ttl_ms: None,
        refresh_ttl_on_get: false,
        key_type: KeyType::Text,
        value_type: ValueType::Bytes,
        default: None,
        store_default: false,
    }
}
