//! A bucket that encodes and decodes the values of another bucket.

use std::marker::PhantomData;

use flipcache_codec::{CodecError, Decoder, ValueCodec};

use crate::bindings::exports::flipcache::cache::kv_backend::{
    Bucket as OwnBucket, Changes, Guest, GuestBucket, Page, Slot,
};
use crate::bindings::flipcache::cache::kv_backend as inner;
use crate::bindings::flipcache::cache::types::BackendError;

/// The type that the generated code exports.
pub struct Middleware<C>(PhantomData<C>);

/// A bucket whose values are stored through a codec; everything else is passed to the inner bucket.
pub struct Bucket<C> {
    inner: inner::Bucket,
    codec: C,
}

type Entries = Vec<(String, Vec<u8>)>;

impl<C: ValueCodec + Default> Guest for Middleware<C> {
    type Bucket = Bucket<C>;
}

impl<C: ValueCodec + Default> GuestBucket for Bucket<C> {
    fn open(name: String) -> Result<OwnBucket, BackendError> {
        let inner = inner::Bucket::open(&name)?;
        let codec = C::default();
        Ok(OwnBucket::new(Self { inner, codec }))
    }

    fn get(&self, keys: Vec<String>, new_ttl_ms: Option<u64>) -> Result<Vec<Slot>, BackendError> {
        let slots = self.inner.get(&keys, new_ttl_ms)?;
        let mut reply = Decoder::new(&self.codec);
        let slots = slots.into_iter().map(|slot| decode(&mut reply, slot));
        slots.collect()
    }

    fn set(&self, entries: Entries, ttl_ms: Option<u64>) -> Result<(), BackendError> {
        self.inner.set(&self.encode(entries)?, ttl_ms)
    }

    fn set_if_absent(
        &self,
        entries: Entries,
        ttl_ms: Option<u64>,
    ) -> Result<Vec<Option<Slot>>, BackendError> {
        let held = self.inner.set_if_absent(&self.encode(entries)?, ttl_ms)?;
        let mut reply = Decoder::new(&self.codec);
        let decode = |slot: Option<Slot>| slot.map(|slot| decode(&mut reply, slot)).transpose();
        held.into_iter().map(decode).collect()
    }

    fn increment(&self, key: String, delta: i64, ttl_ms: Option<u64>) -> Result<i64, BackendError> {
        if !self.codec.keeps_integers() {
            let reason = "the codec does not store integers as they are";
            return Err(BackendError::Unsupported(reason.to_owned()));
        }
        self.inner.increment(&key, delta, ttl_ms)
    }

    fn delete(&self, keys: Vec<String>) -> Result<u64, BackendError> {
        self.inner.delete(&keys)
    }

    fn exists(&self, keys: Vec<String>) -> Result<u64, BackendError> {
        self.inner.exists(&keys)
    }

    fn expire(&self, keys: Vec<String>, ttl_ms: Option<u64>) -> Result<Vec<bool>, BackendError> {
        self.inner.expire(&keys, ttl_ms)
    }

    fn scan(&self, cursor: Option<String>, limit: u32) -> Result<Page, BackendError> {
        self.inner.scan(cursor.as_deref(), limit)
    }

    fn count(&self) -> Result<u64, BackendError> {
        self.inner.count()
    }

    fn clear(&self) -> Result<u64, BackendError> {
        self.inner.clear()
    }

    fn changes(&self, since: Option<u64>) -> Result<Changes, BackendError> {
        self.inner.changes(since)
    }
}

impl<C: ValueCodec> Bucket<C> {
    /// Encodes all values before any is written.
    fn encode(&self, entries: Entries) -> Result<Entries, BackendError> {
        let encode = |(key, value): (String, Vec<u8>)| {
            let stored = self.codec.encode(&value).map_err(refused)?;
            Ok((key, stored.into_owned()))
        };
        entries.into_iter().map(encode).collect()
    }
}

fn decode<C: ValueCodec>(reply: &mut Decoder<'_, C>, slot: Slot) -> Result<Slot, BackendError> {
    let Slot::Entry(mut entry) = slot else {
        return Ok(slot);
    };
    Ok(match reply.decode(entry.value).map_err(refused)? {
        Some(value) => {
            entry.value = value;
            Slot::Entry(entry)
        }
        None => Slot::WrongType,
    })
}

fn refused(error: CodecError) -> BackendError {
    match error {
        CodecError::TooLarge { limit } => BackendError::TooLarge(limit),
        CodecError::Failed(cause) => BackendError::Other(format!("the codec failed: {cause}")),
    }
}
