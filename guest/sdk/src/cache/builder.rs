//! The options with which a cache is opened.

use std::borrow::Borrow;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Cache;
use crate::bindings::flipcache::cache::cache::{FlipCache, Options};
use crate::life::millis;
use crate::{
    Boolean, Bytes, Codec, Error, Eviction, Float, Integer, IntegerKeys, Json, Keys, Resilience,
    Text, TextKeys,
};

/// A builder that opens a cache. The defaults are those of Python's `FlipCache`: 100 entries of
/// text, FIFO, no TTL, no default.
#[must_use = "nothing is opened until `open`"]
pub struct CacheBuilder<C: Codec = Text, K: Keys = TextKeys> {
    name: String,
    options: Options,
    resilience: Resilience,
    codec: C,
    default: Option<C::Value>,
    keys: PhantomData<fn() -> K>,
}

impl CacheBuilder {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            options: defaults(),
            resilience: Resilience::default(),
            codec: Text,
            default: None,
            keys: PhantomData,
        }
    }
}

impl<C: Codec, K: Keys> CacheBuilder<C, K> {
    /// Sets the maximum number of entries of the local tier; 0 disables it.
    pub fn local_max(mut self, entries: u32) -> Self {
        self.options.local_max = entries;
        self
    }

    /// Sets the maximum bytes of keys and values, in wire form, of the local tier.
    pub fn local_max_bytes(mut self, bytes: u64) -> Self {
        self.options.local_max_bytes = Some(bytes);
        self
    }

    /// Sets which entry is evicted first from a full local tier.
    pub fn eviction(mut self, eviction: Eviction) -> Self {
        self.options.eviction = eviction;
        self
    }

    /// Sets the TTL of entries, in both tiers, in whole milliseconds. At least one.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.options.ttl_ms = Some(millis(ttl));
        self
    }

    /// Sets whether a read restarts an entry's TTL, in both tiers.
    ///
    /// If the host only has `wasi:keyvalue`, such a read rewrites the value. It may then undo a
    /// write or a delete that another instance makes at that moment.
    pub fn refresh_ttl_on_get(mut self, refresh: bool) -> Self {
        self.options.refresh_ttl_on_get = refresh;
        self
    }

    /// Sets the value that a read of an absent key returns.
    pub fn default(mut self, value: impl Into<C::Value>) -> Self {
        self.default = Some(value.into());
        self
    }

    /// Sets whether a read that returns the default also stores it, if the key is still absent. A
    /// default that cannot be stored is returned all the same, and the failure counts as one of
    /// L2's.
    pub fn store_default(mut self, store: bool) -> Self {
        self.options.store_default = store;
        self
    }

    /// Sets how the cache behaves when L2 fails and at the edges of TTLs.
    pub fn resilience(mut self, resilience: Resilience) -> Self {
        self.resilience = resilience;
        self
    }

    /// Makes the keys integers.
    pub fn integer_keys(self) -> CacheBuilder<C, IntegerKeys> {
        CacheBuilder {
            name: self.name,
            options: self.options,
            resilience: self.resilience,
            codec: self.codec,
            default: self.default,
            keys: PhantomData,
        }
    }

    /// Makes the values integers of a type that fits 64 bits with a sign. Removes a default set
    /// before.
    pub fn integers<T: TryFrom<i64> + Into<i64> + Copy>(self) -> CacheBuilder<Integer<T>, K> {
        self.codec(Integer::default())
    }

    /// Makes the values floating-point numbers. Removes a default set before.
    pub fn floats(self) -> CacheBuilder<Float, K> {
        self.codec(Float)
    }

    /// Makes the values booleans. Removes a default set before.
    pub fn booleans(self) -> CacheBuilder<Boolean, K> {
        self.codec(Boolean)
    }

    /// Makes the values bytes. Removes a default set before.
    pub fn bytes(self) -> CacheBuilder<Bytes, K> {
        self.codec(Bytes)
    }

    /// Makes the values a serde type, stored as JSON. Removes a default set before.
    pub fn json<T: Serialize + DeserializeOwned>(self) -> CacheBuilder<Json<T>, K> {
        self.codec(Json::default())
    }

    /// Converts the values with a codec. Removes a default set before.
    pub fn codec<D: Codec>(self, codec: D) -> CacheBuilder<D, K> {
        CacheBuilder {
            name: self.name,
            options: self.options,
            resilience: self.resilience,
            codec,
            default: None,
            keys: PhantomData,
        }
    }

    /// Opens the cache. Handles of one name share one local tier; its bounds and eviction are those
    /// of the last opening. Costs no round trip to L2, unless the host must check a permission.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`] and [`Error::InvalidOptions`] if the name or an option is not valid,
    /// [`Error::Default`] if the codec cannot encode the default, [`Error::Conflict`] if the cache
    /// is open with another key or value type, [`Error::Denied`] if the host does not grant it,
    /// [`Error::Backend`] if the host could not check.
    pub fn open(self) -> Result<Cache<C, K>, Error> {
        let default = self.default.as_ref();
        let default = default.map(|value| self.codec.encode(value.borrow()));
        let mut options = self.options;
        options.key_type = K::TYPE;
        options.value_type = C::WIRE;
        let resilience = self.resilience.into();
        let mut without_default = None;
        if let Some(default) = default {
            let default = default.map_err(|error| Error::Default(error.into()))?;
            without_default = Some(FlipCache::open_with(&self.name, &options, resilience)?);
            options.default = Some(default);
        }
        let raw = FlipCache::open_with(&self.name, &options, resilience)?;
        Ok(Cache {
            name: self.name,
            raw,
            without_default,
            codec: self.codec,
            keys: PhantomData,
        })
    }
}

/// Returns the defaults of Python's `FlipCache`.
fn defaults() -> Options {
    Options {
        local_max: 100,
        local_max_bytes: None,
        eviction: Eviction::Fifo,
        ttl_ms: None,
        refresh_ttl_on_get: false,
        key_type: TextKeys::TYPE,
        value_type: Text::WIRE,
        default: None,
        store_default: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Value, ValueType};

    #[test]
    fn new_has_pythons_defaults() {
        let builder = CacheBuilder::new("n");
        assert_eq!((builder.name.as_str(), builder.default), ("n", None));
        assert_eq!(
            (builder.options.local_max, builder.options.ttl_ms),
            (100, None)
        );
        assert_eq!(builder.options.eviction, Eviction::Fifo);
        assert_eq!(builder.resilience, Resilience::default());
    }

    #[test]
    fn codec_after_a_default_removes_it_and_keeps_the_options() {
        let builder = CacheBuilder::new("n")
            .ttl(Duration::from_secs(3))
            .default("text")
            .integers::<i64>()
            .integer_keys();
        assert_eq!(
            (builder.default, builder.options.ttl_ms),
            (None, Some(3_000))
        );
    }

    /// A codec that encodes nothing.
    struct Refusing;

    impl Codec for Refusing {
        type Value = ();
        type Borrowed = ();
        type Error = &'static str;

        const WIRE: ValueType = ValueType::Bytes;

        fn encode(&self, (): &()) -> Result<Value, &'static str> {
            Err("no form")
        }

        fn decode(&self, _: Value) -> Result<(), &'static str> {
            Ok(())
        }
    }

    #[test]
    fn open_with_a_default_that_cannot_be_encoded_returns_the_codecs_error() {
        let refused = CacheBuilder::new("n").codec(Refusing).default(()).open();
        let refused = refused.map(|_| ());
        assert!(matches!(refused, Err(Error::Default(error)) if error.to_string() == "no form"));
    }
}
