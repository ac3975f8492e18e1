//! A codec for the values of another backend.

use std::borrow::Cow;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use flipcache_codec::{CodecError, Decoder, ValueCodec};

use crate::backend::batch::Pair;
use crate::backend::{BackendError, BreakerState, Bucket, Entry, Feed, KvBackend, Page, Slot};

/// A backend whose values another backend stores in the encoding of the codec `C`.
///
/// The codec encodes values that are written and decodes those that are read; all other calls are
/// passed on unchanged. So:
///
/// - A key whose stored bytes the codec cannot decode is [`Slot::WrongType`]: no value, but not
///   absent. The other keys of its batch are returned.
/// - A value that the codec cannot encode fails its whole batch, of which nothing is written.
/// - [`increment`](KvBackend::increment) works on the stored bytes, and is
///   [`BackendError::Unsupported`] with a codec that does not [keep
///   integers](ValueCodec::keeps_integers).
/// - The values of one reply may exceed their stored length by [`MAX_GROWTH`](super::MAX_GROWTH)
///   bytes together. Beyond that, the call returns [`BackendError::TooLarge`]; smaller batches
///   still work.
///
/// Encoding and decoding happen on the task that calls.
pub struct Encoded<C> {
    inner: Arc<dyn KvBackend>,
    codec: C,
}

impl<C: ValueCodec> Encoded<C> {
    /// Puts the codec in front of `inner`.
    pub fn new(inner: Arc<dyn KvBackend>, codec: C) -> Self {
        Self { inner, codec }
    }

    /// Returns the stored form of the values. Copies nothing if all are stored as they are.
    fn encode<'e>(&self, entries: &'e [Pair]) -> Result<Cow<'e, [Pair]>, BackendError> {
        let stored = entries.iter().map(|(_, value)| self.codec.encode(value));
        let stored = stored.collect::<Result<Vec<_>, _>>().map_err(refused)?;
        let unchanged = |((_, value), stored): (&Pair, &Cow<[u8]>)| match stored {
            Cow::Borrowed(stored) => ptr::eq(*stored, value.as_slice()),
            Cow::Owned(_) => false,
        };
        if entries.iter().zip(&stored).all(unchanged) {
            return Ok(entries.into());
        }
        let keys = entries.iter().map(|(key, _)| key.clone());
        Ok(keys.zip(stored.into_iter().map(Cow::into_owned)).collect())
    }
}

#[async_trait]
impl<C: ValueCodec> KvBackend for Encoded<C> {
    async fn get(
        &self,
        bucket: &Bucket,
        keys: &[String],
        new_ttl: Option<Duration>,
    ) -> Result<Vec<Slot>, BackendError> {
        let slots = self.inner.get(bucket, keys, new_ttl).await?;
        let mut decoder = Decoder::new(&self.codec);
        let slots = slots.into_iter().map(|slot| decode(&mut decoder, slot));
        slots.collect()
    }

    async fn set(
        &self,
        bucket: &Bucket,
        entries: &[Pair],
        ttl: Option<Duration>,
    ) -> Result<(), BackendError> {
        let entries = self.encode(entries)?;
        self.inner.set(bucket, &entries, ttl).await
    }

    async fn set_if_absent(
        &self,
        bucket: &Bucket,
        entries: &[Pair],
        ttl: Option<Duration>,
    ) -> Result<Vec<Option<Slot>>, BackendError> {
        let entries = self.encode(entries)?;
        let held = self.inner.set_if_absent(bucket, &entries, ttl).await?;
        let mut decoder = Decoder::new(&self.codec);
        let decode = |slot: Option<Slot>| slot.map(|slot| decode(&mut decoder, slot)).transpose();
        held.into_iter().map(decode).collect()
    }

    async fn set_if_present(
        &self,
        bucket: &Bucket,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<bool, BackendError> {
        let entry = [(key.to_owned(), value.to_vec())];
        match self.encode(&entry)?.first() {
            Some((key, value)) => self.inner.set_if_present(bucket, key, value, ttl).await,
            None => Ok(false),
        }
    }

    async fn increment(
        &self,
        bucket: &Bucket,
        key: &str,
        delta: i64,
        ttl: Option<Duration>,
    ) -> Result<i64, BackendError> {
        if !self.codec.keeps_integers() {
            let reason = "the codec does not store integers as they are";
            return Err(BackendError::Unsupported(reason.into()));
        }
        self.inner.increment(bucket, key, delta, ttl).await
    }

    async fn delete(&self, bucket: &Bucket, keys: &[String]) -> Result<u64, BackendError> {
        self.inner.delete(bucket, keys).await
    }

    async fn exists(&self, bucket: &Bucket, keys: &[String]) -> Result<u64, BackendError> {
        self.inner.exists(bucket, keys).await
    }

    async fn expire(
        &self,
        bucket: &Bucket,
        keys: &[String],
        ttl: Option<Duration>,
    ) -> Result<Vec<bool>, BackendError> {
        self.inner.expire(bucket, keys, ttl).await
    }

    async fn scan(
        &self,
        bucket: &Bucket,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page, BackendError> {
        self.inner.scan(bucket, cursor, limit).await
    }

    async fn count(&self, bucket: &Bucket) -> Result<u64, BackendError> {
        self.inner.count(bucket).await
    }

    async fn clear(&self, bucket: &Bucket) -> Result<u64, BackendError> {
        self.inner.clear(bucket).await
    }

    fn feed(&self) -> Option<Arc<Feed>> {
        self.inner.feed()
    }

    async fn subscribe(&self, bucket: &Bucket) -> Result<(), BackendError> {
        self.inner.subscribe(bucket).await
    }

    fn deadline(&self) -> Option<Duration> {
        self.inner.deadline()
    }

    fn system(&self) -> &'static str {
        self.inner.system()
    }

    fn breaker(&self) -> Option<BreakerState> {
        self.inner.breaker()
    }
}

fn decode<C: ValueCodec>(decoder: &mut Decoder<'_, C>, slot: Slot) -> Result<Slot, BackendError> {
    let Slot::Entry(Entry { value, ttl }) = slot else {
        return Ok(slot);
    };
    let value = decoder.decode(value).map_err(refused)?;
    Ok(value.map_or(Slot::WrongType, |value| Slot::Entry(Entry { value, ttl })))
}

fn refused(error: CodecError) -> BackendError {
    match error {
        CodecError::TooLarge { limit } => BackendError::TooLarge { limit },
        error => BackendError::Other(error.into()),
    }
}
