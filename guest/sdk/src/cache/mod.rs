//! Typed caches with blocking calls, for application components.

mod builder;
mod local;
mod pages;

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use crate::bindings::flipcache::cache::cache::{FlipCache, Stats};
use crate::{Codec, Error, Expiry, Integer, Key, Keys, Source, Text, TextKeys, Value};

pub use builder::CacheBuilder;
pub use local::Local;
pub use pages::KeyPages;

/// A named cache of typed values in two tiers. In L2 a key is stored as `name:key`.
///
/// # Errors
///
/// Every method that sends a request to L2 may return [`Error::Backend`]; every method that takes a
/// key [`Error::TooLarge`] if it is too long; every method [`Error::Denied`] if the host does not
/// grant it.
pub struct Cache<C: Codec = Text, K: Keys = TextKeys> {
    name: String,
    raw: FlipCache,
    /// The same cache without its default; `None` if there is no default.
    without_default: Option<FlipCache>,
    codec: C,
    keys: PhantomData<fn() -> K>,
}

/// A value and its source.
#[derive(Clone, Debug, PartialEq)]
pub struct Found<V> {
    /// The value; `None` if neither tier has one and there is no default.
    pub value: Option<V>,
    /// The tier that served it.
    pub source: Source,
}

impl Cache {
    /// Returns a builder of a cache, of text by default.
    pub fn builder(name: &str) -> CacheBuilder {
        CacheBuilder::new(name)
    }

    /// Opens a cache of text with the defaults.
    ///
    /// # Errors
    ///
    /// As [`CacheBuilder::open`].
    pub fn open(name: &str) -> Result<Self, Error> {
        Self::builder(name).open()
    }
}

impl<C: Codec, K: Keys> Cache<C, K> {
    /// Returns the cache's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the value of a key from the local tier, or from L2, which fills the local tier.
    ///
    /// # Errors
    ///
    /// [`Error::Undecodable`], [`Error::WrongType`] or [`Error::Codec`] if L2 holds no valid value
    /// of this cache.
    pub fn get(&self, key: K::Key<'_>) -> Result<Option<C::Value>, Error> {
        let key = key.text();
        self.decoded(&key, self.raw.get(&key)?)
    }

    /// Returns the value of a key as [`get`](Self::get) does, and its source.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn get_detailed(&self, key: K::Key<'_>) -> Result<Found<C::Value>, Error> {
        let key = key.text();
        let found = self.raw.get_detailed(&key)?;
        Ok(Found {
            value: self.decoded(&key, found.value)?,
            source: found.source,
        })
    }

    /// Returns one slot for each key, in their order. Costs at most one round trip.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get); one error fails the whole call.
    pub fn get_many<'k>(
        &self,
        keys: impl IntoIterator<Item = K::Key<'k>>,
    ) -> Result<Vec<Option<C::Value>>, Error> {
        let keys = texts::<K>(keys);
        let values = self.raw.get_many(&keys)?;
        let values = keys.iter().zip(values);
        values
            .map(|(key, value)| self.decoded(key, value))
            .collect()
    }

    /// Returns the value of a key. If neither tier has one, runs `load`, writes what it returns and
    /// returns that.
    ///
    /// The loaded value is written only if the key is still absent. If another client wrote the key
    /// meanwhile, that value is returned. The cache's default plays no part here.
    ///
    /// A loaded value is returned even if it cannot be stored: L2 is down, refuses the write, has no
    /// conditional write, or the value is too large. The next call then loads again.
    /// [`stats`](Self::stats) counts failures of L2 as `backend_errors`.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), before `load` runs; [`Error::Codec`] if the codec cannot encode the
    /// loaded value.
    pub fn get_or_insert_with(
        &self,
        key: K::Key<'_>,
        load: impl FnOnce() -> C::Value,
    ) -> Result<C::Value, Error> {
        self.get_or_try_insert_with(key, || Ok(load()))
    }

    /// As [`get_or_insert_with`](Self::get_or_insert_with), with a loader that may fail: then
    /// nothing is written.
    ///
    /// # Errors
    ///
    /// As [`get_or_insert_with`](Self::get_or_insert_with), and the loader's own.
    pub fn get_or_try_insert_with<E: From<Error>>(
        &self,
        key: K::Key<'_>,
        load: impl FnOnce() -> Result<C::Value, E>,
    ) -> Result<C::Value, E> {
        let key = key.text();
        if let Some(value) = self.get_without_default(&key)? {
            return Ok(value);
        }
        let loaded = load()?;
        let wire = self.encode(&key, loaded.borrow())?;
        // From here on no failure may cost the caller the value that was loaded.
        match self.raw.set_if_absent(&key, &wire, Expiry::Inherit.into()) {
            Ok(true) | Err(_) => Ok(loaded),
            // Another client wrote the key, and may have deleted it since.
            Ok(false) => Ok(self
                .get_without_default(&key)
                .ok()
                .flatten()
                .unwrap_or(loaded)),
        }
    }

    /// Writes L2, then the local tier. After an error the local tier holds no value for the key.
    ///
    /// # Errors
    ///
    /// [`Error::Codec`] or [`Error::InvalidValue`] if the value cannot be encoded.
    pub fn set(&self, key: K::Key<'_>, value: &C::Borrowed) -> Result<(), Error> {
        self.set_with(key, value, Expiry::Inherit)
    }

    /// Writes a value as [`set`](Self::set) does, with its own TTL.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set), and [`Error::InvalidTtl`] if the TTL is shorter than a millisecond or
    /// longer than L2 can count.
    pub fn set_with_ttl(
        &self,
        key: K::Key<'_>,
        value: &C::Borrowed,
        ttl: Duration,
    ) -> Result<(), Error> {
        self.set_with(key, value, Expiry::After(ttl))
    }

    /// Writes a value as [`set`](Self::set) does, with its own expiry.
    ///
    /// # Errors
    ///
    /// As [`set_with_ttl`](Self::set_with_ttl).
    pub fn set_with(
        &self,
        key: K::Key<'_>,
        value: &C::Borrowed,
        expiry: Expiry,
    ) -> Result<(), Error> {
        let key = key.text();
        let value = self.encode(&key, value)?;
        Ok(self.raw.set(&key, &value, expiry.into())?)
    }

    /// Writes entries in one round trip. Not atomic: after an error of L2 any subset may have been
    /// written. Nothing is written if a key or value is not valid.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn set_many<'a>(
        &self,
        entries: impl IntoIterator<Item = (K::Key<'a>, &'a C::Borrowed)>,
    ) -> Result<(), Error>
    where
        C::Borrowed: 'a,
    {
        let encode = |(key, value): (K::Key<'a>, &'a C::Borrowed)| {
            let key = key.text().into_owned();
            let value = self.encode(&key, value)?;
            Ok((key, value))
        };
        let entries = entries.into_iter().map(encode);
        let entries: Vec<_> = entries.collect::<Result<_, Error>>()?;
        Ok(self.raw.set_many(&entries, Expiry::Inherit.into())?)
    }

    /// Writes a value if the key is absent: `true` if it was written, `false` if the key was
    /// present.
    ///
    /// If the host only has `wasi:keyvalue`, this is a read, then a write, and not atomic: two
    /// instances may both get `true`, and the later value stays.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn set_if_absent(&self, key: K::Key<'_>, value: &C::Borrowed) -> Result<bool, Error> {
        let key = key.text();
        let value = self.encode(&key, value)?;
        let inherit = Expiry::Inherit.into();
        Ok(self.raw.set_if_absent(&key, &value, inherit)?)
    }

    /// Deletes a key in both tiers; returns whether L2 had it.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub fn delete(&self, key: K::Key<'_>) -> Result<bool, Error> {
        Ok(self.raw.delete(&key.text())?)
    }

    /// Deletes keys in both tiers; returns how many L2 had.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub fn delete_many<'k>(
        &self,
        keys: impl IntoIterator<Item = K::Key<'k>>,
    ) -> Result<u64, Error> {
        Ok(self.raw.delete_many(&texts::<K>(keys))?)
    }

    /// Returns whether either tier has the key. Does not count as an access and does not fill the
    /// local tier.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub fn contains(&self, key: K::Key<'_>) -> Result<bool, Error> {
        Ok(self.raw.contains(&key.text())?)
    }

    /// Counts an access to the entry, under FIFO too, and restarts its TTL; `false` if L2 does not
    /// have it.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub fn refresh(&self, key: K::Key<'_>) -> Result<bool, Error> {
        Ok(self.raw.refresh(&key.text())?)
    }

    /// Returns the remaining TTL of the entry; `None` if absent; never [`Expiry::Inherit`].
    ///
    /// # Errors
    ///
    /// None of its own.
    pub fn ttl(&self, key: K::Key<'_>) -> Result<Option<Expiry>, Error> {
        Ok(self.raw.ttl(&key.text())?.map(Expiry::from))
    }

    /// Returns the cache's keys in L2; pages are requested as needed. Keys present throughout are
    /// returned at least once, and some may be returned twice. An item may be an error of L2, which
    /// is the last item.
    pub fn keys(&self) -> KeyPages<'_, K> {
        KeyPages::new(&self.raw)
    }

    /// Returns how many keys L2 holds under this name, including those of caches whose names begin
    /// with it.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub fn len(&self) -> Result<u64, Error> {
        Ok(self.raw.len()?)
    }

    /// Returns whether L2 holds no key under this name. Stops at the first page that has one.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub fn is_empty(&self) -> Result<bool, Error> {
        let first = KeyPages::<TextKeys>::new(&self.raw).next();
        Ok(first.transpose()?.is_none())
    }

    /// Deletes every key under this name in both tiers, including those of caches whose names begin
    /// with it; returns how many.
    ///
    /// # Errors
    ///
    /// If L2 fails, some may have been deleted, and the local tier is empty.
    pub fn clear(&self) -> Result<u64, Error> {
        Ok(self.raw.clear()?)
    }

    /// Returns a view of the local tier.
    pub fn local(&self) -> Local<'_, C, K> {
        Local::new(self)
    }

    /// Returns the counters of the cache, since its provider has known it.
    pub fn stats(&self) -> Stats {
        self.raw.stats()
    }

    /// Returns the WIT handle.
    pub fn raw(&self) -> &FlipCache {
        &self.raw
    }

    fn get_without_default(&self, key: &str) -> Result<Option<C::Value>, Error> {
        let raw = self.without_default.as_ref().unwrap_or(&self.raw);
        self.decoded(key, raw.get(key)?)
    }

    fn encode(&self, key: &str, value: &C::Borrowed) -> Result<Value, Error> {
        self.codec
            .encode(value)
            .map_err(|error| codec_error(key, error))
    }

    fn decode(&self, key: &str, value: Value) -> Result<C::Value, Error> {
        self.codec
            .decode(value)
            .map_err(|error| codec_error(key, error))
    }

    fn decoded(&self, key: &str, value: Option<Value>) -> Result<Option<C::Value>, Error> {
        value.map(|value| self.decode(key, value)).transpose()
    }
}

impl<T, K: Keys> Cache<Integer<T>, K>
where
    Integer<T>: Codec,
{
    /// Adds to the integer of a key, 0 if absent, and returns the sum. A key that was absent gets
    /// the cache's TTL; one that was present keeps its own.
    ///
    /// If the host only has `wasi:keyvalue`, this is a read, then a write, and not atomic: if two
    /// instances add at once, one addition may be lost.
    ///
    /// # Errors
    ///
    /// [`Error::Undecodable`] if the key holds no integer, [`Error::InvalidValue`] if the sum
    /// exceeds 64 bits; nothing is changed then.
    pub fn increment(&self, key: K::Key<'_>, delta: i64) -> Result<i64, Error> {
        Ok(self.raw.increment(&key.text(), delta)?)
    }
}

impl<C: Codec, K: Keys> fmt::Debug for Cache<C, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

fn texts<'k, K: Keys>(keys: impl IntoIterator<Item = K::Key<'k>>) -> Vec<String> {
    keys.into_iter()
        .map(|key| key.text().into_owned())
        .collect()
}

fn codec_error(key: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Codec {
        key: key.to_owned(),
        source: error.into(),
    }
}
