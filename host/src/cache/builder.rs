//! The options of a cache, and its opening.

use std::borrow::Borrow;
use std::marker::PhantomData;
use std::time::Duration;

use flipcache_core::{Eviction, InvalidOptions, Options, Resilience};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Boolean, Bytes, Cache, Codec, Float, Integer, IntegerKeys, Json, Keys};
use crate::driver::Handle;
use crate::{Client, Error};

/// The options of a cache that is not open yet.
///
/// The defaults are 100 entries, S3-FIFO, no TTL and no default value. Python's `FlipCache` has the
/// same, except that it evicts first in, first out.
#[must_use = "nothing is opened until `open`"]
pub struct CacheBuilder<C: Codec, K: Keys> {
    client: Client,
    name: String,
    options: Options,
    resilience: Resilience,
    codec: C,
    default: Option<C::Value>,
    refresh_ahead: Duration,
    keys: PhantomData<fn() -> K>,
}

impl<C: Codec, K: Keys> CacheBuilder<C, K> {
    pub(crate) fn new(client: Client, name: &str, options: Options, codec: C) -> Self {
        Self {
            client,
            name: name.to_owned(),
            options,
            resilience: Resilience::default(),
            codec,
            default: None,
            refresh_ahead: Duration::ZERO,
            keys: PhantomData,
        }
    }

    /// Sets how many entries the local tier holds. 0 disables the local tier.
    pub fn local_max(mut self, entries: u32) -> Self {
        self.options.local_max = entries;
        self
    }

    /// Sets how many bytes of keys and values, in wire form, the local tier holds.
    ///
    /// Larger values are not cached locally, and count as [`too_large`](crate::Stats::too_large).
    /// If the cache has at least 64 entries and 1 MiB for each of its client's
    /// [shards](crate::Shards), neither are values larger than one shard's share.
    pub fn local_max_bytes(mut self, bytes: u64) -> Self {
        self.options.local_max_bytes = Some(bytes);
        self
    }

    /// Sets which entry is evicted first from a full local tier. By default, [`Eviction::S3Fifo`].
    pub fn eviction(mut self, eviction: Eviction) -> Self {
        self.options.eviction = eviction;
        self
    }

    /// Sets the TTL of entries, in both tiers. Must not be 0.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.options.ttl = Some(ttl);
        self
    }

    /// Sets whether a read restarts an entry's TTL, in both tiers.
    pub fn refresh_ttl_on_get(mut self, refresh: bool) -> Self {
        self.options.refresh_ttl_on_get = refresh;
        self
    }

    /// Sets the value that a read of an absent key returns. Each such read gets a fresh copy.
    pub fn default(mut self, value: impl Into<C::Value>) -> Self {
        self.default = Some(value.into());
        self
    }

    /// Sets whether a read that returns the default also stores it, if the key is still absent.
    ///
    /// If the default cannot be stored, it is returned anyway, and the failure counts as a backend
    /// error.
    pub fn store_default(mut self, store: bool) -> Self {
        self.options.store_default = store;
        self
    }

    /// Sets how the cache behaves when the backend fails or changes cannot be followed.
    pub fn resilience(mut self, resilience: Resilience) -> Self {
        self.resilience = resilience;
        self
    }

    /// Sets how long before an entry expires [`get_or_insert_with`](Cache::get_or_insert_with)
    /// reloads it in the background. Zero, the default, disables it.
    ///
    /// An entry is reloaded once, by the loader of a caller that the local tier serves in that
    /// time. The loaded value is written only if the entry is still there and has not changed. If
    /// another client's write reaches L2 between the last check and this write, it is overwritten,
    /// as by any later writer.
    ///
    /// A custom backend must implement
    /// [`set_if_present`](crate::backend::KvBackend::set_if_present).
    pub fn refresh_ahead(mut self, before_end: Duration) -> Self {
        self.refresh_ahead = before_end;
        self
    }

    /// Makes keys integers.
    pub fn integer_keys(self) -> CacheBuilder<C, IntegerKeys> {
        CacheBuilder {
            client: self.client,
            name: self.name,
            options: self.options,
            resilience: self.resilience,
            codec: self.codec,
            default: self.default,
            refresh_ahead: self.refresh_ahead,
            keys: PhantomData,
        }
    }

    /// Makes values integers of a type that fits into a signed 64-bit integer. Discards a default
    /// set before.
    pub fn integers<T>(self) -> CacheBuilder<Integer<T>, K>
    where
        Integer<T>: Codec,
    {
        self.codec(Integer::default())
    }

    /// Makes values floating-point numbers. Discards a default set before.
    pub fn floats(self) -> CacheBuilder<Float, K> {
        self.codec(Float)
    }

    /// Makes values booleans. Discards a default set before.
    pub fn booleans(self) -> CacheBuilder<Boolean, K> {
        self.codec(Boolean)
    }

    /// Makes values bytes. Discards a default set before.
    pub fn bytes(self) -> CacheBuilder<Bytes, K> {
        self.codec(Bytes)
    }

    /// Makes values a serde type, stored as JSON. Discards a default set before.
    pub fn json<T: Serialize + DeserializeOwned + Send + 'static>(
        self,
    ) -> CacheBuilder<Json<T>, K> {
        self.codec(Json::default())
    }

    /// Makes values those of a codec. Discards a default set before.
    pub fn codec<D: Codec>(self, codec: D) -> CacheBuilder<D, K> {
        CacheBuilder {
            client: self.client,
            name: self.name,
            options: self.options,
            resilience: self.resilience,
            codec,
            default: None,
            refresh_ahead: self.refresh_ahead,
            keys: PhantomData,
        }
    }

    /// Opens the cache, without a round trip.
    ///
    /// Caches of one name and client share one local tier. If they are opened with different bounds
    /// or eviction, those of the last opening apply.
    ///
    /// # Errors
    ///
    /// [`Error`] if the name or the options are not valid, the default has no wire form, or the
    /// cache is open with another key or value type.
    pub fn open(self) -> Result<Cache<C, K>, Error> {
        let default = self
            .default
            .as_ref()
            .map(|value| self.codec.encode(value.borrow()));
        let default = default.transpose().map_err(|error| {
            let why: Box<dyn std::error::Error + Send + Sync> = error.into();
            Error::InvalidOptions(format!("default: {why}"))
        })?;
        let options = Options {
            key_type: K::TYPE,
            value_type: C::WIRE,
            ..self.options
        };
        if default
            .as_ref()
            .is_some_and(|wire| C::WIRE.decode(wire).is_err())
        {
            return Err(InvalidOptions::DEFAULT.into());
        }
        let driver = self.client.driver;
        let handle = Handle::open(driver, &self.name, None, options, self.resilience, default)?;
        Ok(Cache::new(handle, self.codec, self.refresh_ahead))
    }
}
