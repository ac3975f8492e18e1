//! Asynchronous caches that all tasks of a program share: typed, or of [`Value`]s.
//!
//! [`Value`]: flipcache_core::Value

mod batch;
mod blocking;
mod builder;
mod codec;
mod counter;
mod json_error;
mod key;
mod local;
mod python_json;
mod value;

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use flipcache_core::{Expiry, Stats};
use futures_core::Stream;
use futures_util::stream;

use crate::backend::{BackendState, InvalidationStatus};
use crate::driver::Handle;
use crate::{Error, Found, Source};

pub use blocking::Blocking;
pub use builder::CacheBuilder;
pub use codec::{Boolean, Bytes, Codec, Float, Integer, Json, Text};
pub use json_error::JsonError;
pub use key::{IntegerKeys, Key, Keys, TextKeys};
pub use local::Local;
pub use value::ValueCache;

/// The page size of [`Cache::keys`].
const PAGE: u32 = 1_000;

/// A named cache of typed values in two tiers. L2 stores its keys as `name:key`.
///
/// Clones are the same handle. Writes run to completion even if the future is dropped.
///
/// # Errors
///
/// Every method that reads or writes L2 may return [`Error::Backend`]. Every method that takes a
/// key returns [`Error::TooLarge`] for one longer than [`MAX_KEY_BYTES`](crate::MAX_KEY_BYTES).
pub struct Cache<C: Codec = Text, K: Keys = TextKeys> {
    handle: Arc<Handle>,
    codec: Arc<C>,
    refresh_ahead: Duration,
    keys: PhantomData<fn() -> K>,
}

impl<C: Codec, K: Keys> Cache<C, K> {
    pub(crate) fn new(handle: Arc<Handle>, codec: C, refresh_ahead: Duration) -> Self {
        Self {
            handle,
            codec: Arc::new(codec),
            refresh_ahead,
            keys: PhantomData,
        }
    }

    /// Returns the cache's name.
    pub fn name(&self) -> &str {
        self.handle.name()
    }

    /// Reads the local tier, then L2. A value found in L2 is cached locally.
    ///
    /// # Errors
    ///
    /// [`Error::Undecodable`], [`Error::WrongType`] or [`Error::Codec`] if L2 holds something that
    /// is not a value of this cache.
    pub async fn get(&self, key: K::Key<'_>) -> Result<Option<C::Value>, Error> {
        let key = key.text();
        match self.handle.local_hit(&key, <[u8]>::to_vec) {
            Some(wire) => Ok(Some(self.decode(&key, wire)?)),
            None => Ok(self.read(&key).await?.value),
        }
    }

    /// As [`get`](Self::get), and returns where the value came from.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn get_detailed(&self, key: K::Key<'_>) -> Result<Found<C::Value>, Error> {
        let key = key.text();
        match self.handle.local_hit(&key, <[u8]>::to_vec) {
            Some(wire) => Ok(Found {
                value: Some(self.decode(&key, wire)?),
                source: Source::Local,
            }),
            None => self.read(&key).await,
        }
    }

    /// Reads a key that is not in the local tier.
    async fn read(&self, key: &str) -> Result<Found<C::Value>, Error> {
        // Boxed, so that the future of a hit has no space for it.
        let found = Box::pin(self.handle.get(key)).await?;
        let value = found.wire.map(|wire| self.decode(key, wire));
        Ok(Found {
            value: value.transpose()?,
            source: found.source,
        })
    }

    /// Returns the value of a key. If neither tier has one, runs `load`, writes its value and
    /// returns it.
    ///
    /// If many callers miss a key at once, one of their loaders runs, to completion. A loader that
    /// fails or panics leaves nothing behind, and the next caller loads again. The cache's default
    /// is not used here.
    ///
    /// The loaded value is written only if the key is still absent. If another client wrote the key
    /// meanwhile, that value is returned. A delete of a key that is absent anyway is not noticed: a
    /// value loaded before it is written after it.
    ///
    /// If a loaded value cannot be stored, it is returned anyway, to every caller that waited. That
    /// happens if L2 is down, refuses the write or has no conditional write, or if the value is too
    /// large. The failure is logged, [`stats`](Self::stats) counts failures of L2, and the next
    /// call loads again.
    ///
    /// With [`refresh_ahead`](CacheBuilder::refresh_ahead), an entry that expires soon is returned,
    /// and its loader runs in the background.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), before `load` runs. [`Error::Loader`] with the loader's error, the
    /// same for all callers that waited. [`Error::Codec`] if the loaded value has no wire form,
    /// which is what the callers share.
    pub async fn get_or_insert_with<F, L, E>(
        &self,
        key: K::Key<'_>,
        load: F,
    ) -> Result<C::Value, Error>
    where
        F: FnOnce() -> L + Send + 'static,
        L: Future<Output = Result<C::Value, E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let key = key.text();
        let (codec, name) = (Arc::clone(&self.codec), key.clone().into_owned());
        let wire = self
            .handle
            .get_or_load(&key, self.refresh_ahead, async move {
                let value = load()
                    .await
                    .map_err(|error| Error::Loader(Arc::from(error.into())))?;
                codec::to_wire(&*codec, &name, value.borrow())
            });
        self.decode(&key, wire.await?)
    }

    /// Writes L2, then the local tier. After an error the local tier holds no value of the key.
    ///
    /// # Errors
    ///
    /// [`Error::Codec`] if the value has no wire form.
    pub async fn set(&self, key: K::Key<'_>, value: &C::Borrowed) -> Result<(), Error> {
        self.set_with(key, value, Expiry::Inherit).await
    }

    /// As [`set`](Self::set), with a TTL for this entry.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set), and [`Error::InvalidTtl`] for 0 or more than L2 can hold.
    pub async fn set_with_ttl(
        &self,
        key: K::Key<'_>,
        value: &C::Borrowed,
        ttl: Duration,
    ) -> Result<(), Error> {
        self.set_with(key, value, Expiry::After(ttl)).await
    }

    /// As [`set`](Self::set), with an expiry for this entry.
    ///
    /// # Errors
    ///
    /// As [`set_with_ttl`](Self::set_with_ttl).
    pub async fn set_with(
        &self,
        key: K::Key<'_>,
        value: &C::Borrowed,
        expiry: Expiry,
    ) -> Result<(), Error> {
        let key = key.text().into_owned();
        let wire = codec::to_wire(&*self.codec, &key, value)?;
        self.handle.set(vec![(key, wire)], expiry).await
    }

    /// Writes a value if the key is absent. Returns `true` if it was written, `false` if the key
    /// was present.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub async fn set_if_absent(&self, key: K::Key<'_>, value: &C::Borrowed) -> Result<bool, Error> {
        let key = key.text();
        let wire = codec::to_wire(&*self.codec, &key, value)?;
        self.handle.set_if_absent(&key, wire, Expiry::Inherit).await
    }

    /// Deletes a key in both tiers. Returns whether L2 had it.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn delete(&self, key: K::Key<'_>) -> Result<bool, Error> {
        Ok(self.delete_many([key]).await? > 0)
    }

    /// Returns whether either tier has the key. Does not count as an access and does not fill the
    /// local tier.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn contains(&self, key: K::Key<'_>) -> Result<bool, Error> {
        self.handle.contains(&key.text()).await
    }

    /// Marks the entry as used, under FIFO too, and restarts its TTL. Returns `false` if L2 does
    /// not have it.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn refresh(&self, key: K::Key<'_>) -> Result<bool, Error> {
        self.handle.refresh(&key.text()).await
    }

    /// Returns the remaining TTL of an entry; `None` if it is absent. Never [`Expiry::Inherit`].
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn ttl(&self, key: K::Key<'_>) -> Result<Option<Expiry>, Error> {
        self.handle.ttl(&key.text()).await
    }

    /// Returns the cache's keys in L2. Pages are read as the stream advances.
    ///
    /// A key that is present throughout comes at least once; some may come twice.
    ///
    /// # Errors
    ///
    /// An item may be an error of L2; no item follows it.
    pub fn keys(&self) -> impl Stream<Item = Result<K::Owned, Error>> + Send + use<C, K> {
        let handle = Arc::clone(&self.handle);
        let pages = stream::try_unfold(Some(None::<String>), move |cursor| {
            let handle = Arc::clone(&handle);
            async move {
                let Some(cursor) = cursor else {
                    return Ok::<_, Error>(None);
                };
                let page = handle.keys(cursor.as_deref(), PAGE).await?;
                let keys = page.keys.into_iter().filter_map(K::owned).map(Ok);
                let keys: Vec<Result<K::Owned, Error>> = keys.collect();
                Ok(Some((stream::iter(keys), page.cursor.map(Some))))
            }
        });
        futures_util::TryStreamExt::try_flatten(pages)
    }

    /// Returns how many keys L2 holds under this name, including those of caches whose names begin
    /// with `name:`.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn len(&self) -> Result<u64, Error> {
        self.handle.len().await
    }

    /// Returns whether L2 holds no key of this cache. Stops at the first key.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn is_empty(&self) -> Result<bool, Error> {
        self.handle.is_empty().await
    }

    /// Deletes every key under this name in both tiers, including those of caches whose names begin
    /// with `name:`. Returns how many.
    ///
    /// # Errors
    ///
    /// If L2 fails, some keys may have been deleted, and the local tier is empty.
    pub async fn clear(&self) -> Result<u64, Error> {
        self.handle.clear().await
    }

    /// Returns a view of the local tier alone.
    pub fn local(&self) -> Local<'_, C, K> {
        Local::new(self)
    }

    /// Returns the blocking interface of the same cache.
    pub fn blocking(&self) -> Blocking<C, K> {
        Blocking::new(self.clone())
    }

    /// Returns the counters of the cache since its client was created.
    pub fn stats(&self) -> Stats {
        self.handle.stats()
    }

    /// Returns whether the cache receives changes by other clients. While that is lost, the local
    /// tier serves nothing.
    pub fn invalidation_status(&self) -> InvalidationStatus {
        self.handle.invalidation_status()
    }

    /// Returns the state of the backend: that status, the epoch, the circuit breaker.
    pub fn backend_state(&self) -> BackendState {
        self.handle.backend_state()
    }

    #[inline]
    fn decode(&self, key: &str, wire: Vec<u8>) -> Result<C::Value, Error> {
        codec::from_wire(&*self.codec, key, wire)
    }
}

impl<C: Codec, K: Keys> Clone for Cache<C, K> {
    fn clone(&self) -> Self {
        Self {
            handle: Arc::clone(&self.handle),
            codec: Arc::clone(&self.codec),
            refresh_ahead: self.refresh_ahead,
            keys: PhantomData,
        }
    }
}

impl<C: Codec, K: Keys> fmt::Debug for Cache<C, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}
