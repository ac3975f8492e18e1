//! `kv-backend` over `wasi:keyvalue@0.2.0-draft2`, which Spin provides. The stored format, and the
//! operations that are not atomic, are described in `guest/wasi-keyvalue/backend/glue`.
#![cfg(target_arch = "wasm32")]

mod bindings;

use std::cell::RefCell;
use std::thread::LocalKey;

use flipcache_wasi_keyvalue_backend::{Kept, Pairs, Store, StoreError, StorePage};

use bindings::wasi::keyvalue::batch;
use bindings::wasi::keyvalue::store::{self, Bucket, Error};

flipcache_wasi_keyvalue_backend::backend!(crate::Draft2);

/// A bucket of the host.
struct Draft2(Bucket);

thread_local! {
    static KEPT: Kept<Draft2> = const { RefCell::new(None) };
}

impl Store for Draft2 {
    fn kept() -> &'static LocalKey<Kept<Self>> {
        &KEPT
    }

    fn open(identifier: &str) -> Result<Self, StoreError> {
        store::open(identifier).map(Self).map_err(error)
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.get(key).map_err(error)
    }

    fn get_many(&self, keys: &[String]) -> Result<Pairs, StoreError> {
        let asked = batch::get_many(&self.0, keys).map_err(error)?;
        let found = asked
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)));
        Ok(found.collect())
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.0.set(key, value).map_err(error)
    }

    fn set_many(&self, entries: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        batch::set_many(&self.0, entries).map_err(error)
    }

    fn delete_many(&self, keys: &[String]) -> Result<(), StoreError> {
        batch::delete_many(&self.0, keys).map_err(error)
    }

    fn list_keys(&self, cursor: Option<&str>) -> Result<StorePage, StoreError> {
        let page = self.0.list_keys(cursor).map_err(error)?;
        Ok(StorePage {
            keys: page.keys,
            cursor: page.cursor,
        })
    }
}

fn error(error: Error) -> StoreError {
    match error {
        Error::NoSuchStore => StoreError::NoSuchStore,
        Error::AccessDenied => StoreError::AccessDenied,
        Error::Other(why) => StoreError::Other(why),
    }
}
