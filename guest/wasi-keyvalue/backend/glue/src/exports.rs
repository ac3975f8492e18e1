//! The WIT interface `kv-backend` over a bucket.

use std::marker::PhantomData;

use crate::bindings::exports::flipcache::cache::kv_backend::{
    Bucket as OwnBucket, Changes, Entry, Guest, GuestBucket, Page, Slot,
};
use crate::bindings::flipcache::cache::types::BackendError;
use crate::bindings::wasi::clocks::wall_clock;
use crate::bucket::{Bucket, BucketError};
use crate::envelope::Held;
use crate::store::{Store, StoreError};

/// What the generated code hangs the exports on.
pub struct Backend<S>(PhantomData<S>);

/// A bucket of a host that has `wasi:keyvalue`.
pub struct Exported<S>(Bucket<S>);

type Entries = Vec<(String, Vec<u8>)>;

impl<S: Store + 'static> Guest for Backend<S> {
    type Bucket = Exported<S>;
}

impl<S: Store + 'static> GuestBucket for Exported<S> {
    fn open(name: String) -> Result<OwnBucket, BackendError> {
        Ok(OwnBucket::new(Self(Bucket::open(&name)?)))
    }

    fn get(&self, keys: Vec<String>, new_ttl_ms: Option<u64>) -> Result<Vec<Slot>, BackendError> {
        if new_ttl_ms.is_some() {
            return Err(unsupported("a read that prolongs a life"));
        }
        let held = self.0.get(&keys, now)?;
        Ok(held.into_iter().map(slot).collect())
    }

    fn set(&self, entries: Entries, ttl_ms: Option<u64>) -> Result<(), BackendError> {
        Ok(self.0.set(entries, ttl_ms, now)?)
    }

    fn set_if_absent(
        &self,
        _entries: Entries,
        _ttl_ms: Option<u64>,
    ) -> Result<Vec<Option<Slot>>, BackendError> {
        Err(unsupported("a write of absent keys alone"))
    }

    fn increment(
        &self,
        _key: String,
        _delta: i64,
        _ttl_ms: Option<u64>,
    ) -> Result<i64, BackendError> {
        Err(unsupported("a sum"))
    }

    fn delete(&self, keys: Vec<String>) -> Result<u64, BackendError> {
        Ok(self.0.delete(&keys, now)?)
    }

    fn exists(&self, keys: Vec<String>) -> Result<u64, BackendError> {
        Ok(self.0.exists(&keys, now)?)
    }

    fn expire(&self, _keys: Vec<String>, _ttl_ms: Option<u64>) -> Result<Vec<bool>, BackendError> {
        Err(unsupported("a new life for what is there"))
    }

    fn scan(&self, cursor: Option<String>, limit: u32) -> Result<Page, BackendError> {
        let listed = self.0.scan(cursor.as_deref(), limit, now)?;
        Ok(Page {
            keys: listed.keys,
            cursor: listed.cursor,
        })
    }

    fn count(&self) -> Result<u64, BackendError> {
        Ok(self.0.count(now)?)
    }

    fn clear(&self) -> Result<u64, BackendError> {
        Ok(self.0.clear(now)?)
    }

    fn changes(&self, _since: Option<u64>) -> Result<Changes, BackendError> {
        Err(unsupported("news of what others write"))
    }
}

/// Unix time in milliseconds.
fn now() -> u64 {
    let now = wall_clock::now();
    let millis = u64::from(now.nanoseconds) / 1_000_000;
    now.seconds.saturating_mul(1_000).saturating_add(millis)
}

fn slot(held: Option<Held>) -> Slot {
    match held {
        None | Some(Held::Over) => Slot::Absent,
        Some(Held::Damaged) => Slot::WrongType,
        Some(Held::Value { value, left }) => Slot::Entry(Entry {
            value,
            ttl_ms: left,
        }),
    }
}

/// Without a condition, what another writes between a read and a write would be lost.
fn unsupported(what: &str) -> BackendError {
    BackendError::Unsupported(format!("{what}; wasi:keyvalue has no call for it"))
}

impl From<BucketError> for BackendError {
    fn from(error: BucketError) -> Self {
        match error {
            BucketError::Store(StoreError::AccessDenied) => Self::AccessDenied(error.to_string()),
            // The interface has no word of its own for a store that cannot be reached, and hosts use this one.
            BucketError::Store(StoreError::Other(why)) => Self::Unavailable(why),
            error => Self::Other(error.to_string()),
        }
    }
}
