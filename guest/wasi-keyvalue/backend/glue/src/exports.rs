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

/// The type that the generated code exports.
pub struct Backend<S>(PhantomData<S>);

/// A bucket over the host's `wasi:keyvalue`.
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
        let held = match new_ttl_ms {
            Some(ttl_ms) => self.0.get_and_expire(&keys, ttl_ms, now)?,
            None => self.0.get(&keys, now)?,
        };
        Ok(held.into_iter().map(slot).collect())
    }

    fn set(&self, entries: Entries, ttl_ms: Option<u64>) -> Result<(), BackendError> {
        Ok(self.0.set(entries, ttl_ms, now)?)
    }

    fn set_if_absent(
        &self,
        entries: Entries,
        ttl_ms: Option<u64>,
    ) -> Result<Vec<Option<Slot>>, BackendError> {
        let before = self.0.set_if_absent(entries, ttl_ms, now)?;
        let found = |held: Option<Held>| held.map(|held| slot(Some(held)));
        Ok(before.into_iter().map(found).collect())
    }

    fn increment(&self, key: String, delta: i64, ttl_ms: Option<u64>) -> Result<i64, BackendError> {
        Ok(self.0.increment(&key, delta, ttl_ms, now)?)
    }

    fn delete(&self, keys: Vec<String>) -> Result<u64, BackendError> {
        Ok(self.0.delete(&keys, now)?)
    }

    fn exists(&self, keys: Vec<String>) -> Result<u64, BackendError> {
        Ok(self.0.exists(&keys, now)?)
    }

    fn expire(&self, keys: Vec<String>, ttl_ms: Option<u64>) -> Result<Vec<bool>, BackendError> {
        Ok(self.0.expire(&keys, ttl_ms, now)?)
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
        let reason = "wasi:keyvalue does not say what others change";
        Err(BackendError::Unsupported(reason.to_owned()))
    }
}

/// Returns Unix time in milliseconds.
fn now() -> u64 {
    let now = wall_clock::now();
    let millis = u64::from(now.nanoseconds) / 1_000_000;
    now.seconds.saturating_mul(1_000).saturating_add(millis)
}

fn slot(held: Option<Held>) -> Slot {
    match held {
        None | Some(Held::Expired) => Slot::Absent,
        Some(Held::Damaged) => Slot::WrongType,
        Some(Held::Value { value, left }) => Slot::Entry(Entry {
            value,
            ttl_ms: left,
        }),
    }
}

impl From<BucketError> for BackendError {
    fn from(error: BucketError) -> Self {
        match error {
            BucketError::Store(StoreError::AccessDenied) => Self::AccessDenied(error.to_string()),
            // The interface has no error for an unreachable store, and hosts use this one.
            BucketError::Store(StoreError::Other(why)) => Self::Unavailable(why),
            BucketError::Store(StoreError::OtherAtWrite(why)) => Self::OutcomeUnknown(why),
            BucketError::NoEntry => Self::Unsupported(error.to_string()),
            error => Self::Other(error.to_string()),
        }
    }
}
