//! How a cache is opened.

use std::borrow::Borrow;
use std::marker::PhantomData;
use std::time::Duration;

use flipcache_core::{Eviction, InvalidOptions, Options, Resilience};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Boolean, Bytes, Cache, Codec, Float, Integer, IntegerKeys, Json, Keys};
use crate::driver::Handle;
use crate::{Client, Error};

/// A cache that is still to be opened. The defaults are 100 entries, S3-FIFO, no TTL, no default: those of Python's
/// `FlipCache` but for the eviction, which is first in first out there.
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

    /// Entries that the local tier holds; 0: no local tier.
    pub fn local_max(mut self, entries: u32) -> Self {
        self.options.local_max = entries;
        self
    }

    /// Bytes of keys and values, in wire form, that the local tier holds. Larger values are not kept, and are counted as
    /// [`too_large`](crate::Stats::too_large); neither are those larger than one shard's share, if the cache has
    /// at least 64 entries and 1 MiB for each of its client's [shards](crate::Shards).
    pub fn local_max_bytes(mut self, bytes: u64) -> Self {
        self.options.local_max_bytes = Some(bytes);
        self
    }

    /// Which entry leaves a full local tier first: [`Eviction::S3Fifo`] if nothing else is said.
    pub fn eviction(mut self, eviction: Eviction) -> Self {
        self.options.eviction = eviction;
        self
    }

    /// Time to live of entries, in both tiers. Not 0.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.options.ttl = Some(ttl);
        self
    }

    /// Whether a read starts an entry's TTL anew, in both tiers.
    pub fn refresh_ttl_on_get(mut self, refresh: bool) -> Self {
        self.options.refresh_ttl_on_get = refresh;
        self
    }

    /// What a read of an absent key answers. Each such read answers a fresh value of it.
    pub fn default(mut self, value: impl Into<C::Value>) -> Self {
        self.default = Some(value.into());
        self
    }

    /// Whether a read that returns the default also stores it, if the key is still absent. A
    /// default that cannot be stored is returned all the same, and the failure counts as one of
    /// L2's.
    pub fn store_default(mut self, store: bool) -> Self {
        self.options.store_default = store;
        self
    }

    /// How the cache behaves when things go wrong.
    pub fn resilience(mut self, resilience: Resilience) -> Self {
        self.resilience = resilience;
        self
    }

    /// How long before the end of an entry's life [`get_or_insert_with`](Cache::get_or_insert_with) has it
    /// loaded anew, in the background: once for an entry, by the loader of the caller whom the local tier
    /// answers then. Zero, the default: never.
    ///
    /// What was loaded is written only if the entry has not changed meanwhile and is still there. Another
    /// client's write that reaches L2 in the moment between the last look and that of the write is overwritten, as
    /// by any later writer. A backend of one's own has to offer
    /// [`set_if_present`](crate::backend::KvBackend::set_if_present).
    pub fn refresh_ahead(mut self, before_end: Duration) -> Self {
        self.refresh_ahead = before_end;
        self
    }

    /// Keys are integers.
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

    /// Values are integers of a type that 64 bits with a sign can hold. Removals a default set before.
    pub fn integers<T>(self) -> CacheBuilder<Integer<T>, K>
    where
        Integer<T>: Codec,
    {
        self.codec(Integer::default())
    }

    /// Values are floating-point numbers. Removals a default set before.
    pub fn floats(self) -> CacheBuilder<Float, K> {
        self.codec(Float)
    }

    /// Values are booleans. Removals a default set before.
    pub fn booleans(self) -> CacheBuilder<Boolean, K> {
        self.codec(Boolean)
    }

    /// Values are bytes. Removals a default set before.
    pub fn bytes(self) -> CacheBuilder<Bytes, K> {
        self.codec(Bytes)
    }

    /// Values are of a type of serde's, stored as JSON. Removals a default set before.
    pub fn json<T: Serialize + DeserializeOwned + Send + 'static>(
        self,
    ) -> CacheBuilder<Json<T>, K> {
        self.codec(Json::default())
    }

    /// Values are what a codec makes of bytes. Removals a default set before.
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

    /// Opens the cache. Caches of one name and client share one local tier; of bounds and eviction the
    /// last opening counts. No round trip.
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
