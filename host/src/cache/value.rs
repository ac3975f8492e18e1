//! Caches whose types are known only when they are opened.

use std::sync::Arc;

use flipcache_core::{Expiry, InvalidValue, Options, Resilience, Stats, Value};

use crate::backend::{BackendState, InvalidationStatus, Page};
use crate::driver::Handle;
use crate::{Client, Error, Found, driver};

/// A named cache of [`Value`]s in two tiers, whose types are in its [`Options`].
///
/// For programs that open caches on behalf of others, such as a command line. Otherwise it is the
/// same as [`Cache`](super::Cache).
///
/// # Errors
///
/// Every method that reads or writes L2 may return [`Error::Backend`]. Every method that takes a
/// key returns [`Error::InvalidKey`] for one that is not of the cache's type, and
/// [`Error::TooLarge`] for one longer than [`MAX_KEY_BYTES`](crate::MAX_KEY_BYTES).
///
/// # Examples
///
/// ```
/// use flipcache::{Client, Expiry, Options, Value, ValueType};
///
/// # pollster::block_on(async {
/// let options = Options { value_type: ValueType::Integer, ..Options::default() };
/// let cache = Client::connect("memory:")?.open("n", options)?;
/// cache.set("k", &Value::Integer(1), Expiry::Inherit).await?;
/// assert_eq!(cache.get("k").await?.value, Some(Value::Integer(1)));
/// # Ok::<(), flipcache::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct ValueCache {
    handle: Arc<Handle>,
    options: Arc<Options>,
}

impl ValueCache {
    pub(crate) fn open(
        client: &Client,
        name: &str,
        options: Options,
        resilience: Resilience,
    ) -> Result<Self, Error> {
        options.check()?;
        let default = options.default.as_ref();
        let default = default.map(|value| value.encode(options.value_type));
        let default = default.transpose()?.map(|wire| wire.into_owned());
        let driver = Arc::clone(&client.driver);
        let handle = Handle::open(driver, name, None, options.clone(), resilience, default)?;
        Ok(Self {
            handle,
            options: Arc::new(options),
        })
    }

    /// Returns the options that the cache was opened with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Reads the local tier, then L2. A value found in L2 is cached locally.
    ///
    /// # Errors
    ///
    /// [`Error::Undecodable`] or [`Error::WrongType`] if L2 holds something that is not a value of
    /// this cache.
    pub async fn get(&self, key: &str) -> Result<Found<Value>, Error> {
        let found = match self.handle.local_hit(key, driver::Found::local) {
            Some(hit) => hit,
            None => Box::pin(self.handle.get(key)).await?,
        };
        self.found(key, found)
    }

    /// Reads many keys: one slot per key, in the order of `keys`. Costs at most one round trip, two
    /// where defaults are stored.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get). If one key fails, the whole call fails.
    pub async fn get_many(&self, keys: &[&str]) -> Result<Vec<Option<Value>>, Error> {
        let found = self.get_many_detailed(keys).await?;
        Ok(found.into_iter().map(|found| found.value).collect())
    }

    /// As [`get_many`](Self::get_many), and returns where each value came from.
    ///
    /// # Errors
    ///
    /// As [`get_many`](Self::get_many).
    pub async fn get_many_detailed(&self, keys: &[&str]) -> Result<Vec<Found<Value>>, Error> {
        let found = self.handle.get_many(keys).await?;
        let found = keys.iter().zip(found);
        found.map(|(key, found)| self.found(key, found)).collect()
    }

    /// Writes L2, then the local tier. After an error the local tier holds no value of the key.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidValue`] for a value of another type, [`Error::InvalidTtl`] for a TTL of 0 or
    /// more than L2 can hold.
    pub async fn set(&self, key: &str, value: &Value, expiry: Expiry) -> Result<(), Error> {
        self.set_many([(key, value)], expiry).await
    }

    /// Writes entries in one round trip.
    ///
    /// Not atomic: after an error of L2 any subset may have been written. If a key or value is not
    /// valid, nothing is written.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub async fn set_many<'a>(
        &self,
        entries: impl IntoIterator<Item = (&'a str, &'a Value)>,
        expiry: Expiry,
    ) -> Result<(), Error> {
        let encode = |(key, value): (&str, &Value)| Ok((key.to_owned(), self.encode(value)?));
        let entries = entries.into_iter().map(encode);
        let entries = entries.collect::<Result<_, InvalidValue>>()?;
        self.handle.set(entries, expiry).await
    }

    /// Writes a value if the key is absent. Returns `true` if it was written, `false` if the key
    /// was present.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub async fn set_if_absent(
        &self,
        key: &str,
        value: &Value,
        expiry: Expiry,
    ) -> Result<bool, Error> {
        let wire = self.encode(value)?;
        self.handle.set_if_absent(key, wire, expiry).await
    }

    /// Adds to the integer of a key, or to 0 if it is absent, in a cache of integers. Returns the
    /// sum.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidValue`] if the cache is not one of integers or the sum does not fit into 64
    /// bits, [`Error::Undecodable`] if the key does not hold an integer. The key is unchanged then.
    pub async fn increment(&self, key: &str, delta: i64) -> Result<i64, Error> {
        self.handle.increment(key, delta).await
    }

    /// Deletes keys in both tiers. Returns how many of them L2 had.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn delete(&self, keys: &[&str]) -> Result<u64, Error> {
        let keys = keys.iter().map(|key| (*key).to_owned());
        self.handle.delete(keys.collect()).await
    }

    /// Returns whether either tier has the key. Does not count as an access and does not fill the
    /// local tier.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn contains(&self, key: &str) -> Result<bool, Error> {
        self.handle.contains(key).await
    }

    /// Marks the entry as used, under FIFO too, and restarts its TTL. Returns `false` if L2 does
    /// not have it.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn refresh(&self, key: &str) -> Result<bool, Error> {
        self.handle.refresh(key).await
    }

    /// Returns the remaining TTL of an entry; `None` if it is absent. Never [`Expiry::Inherit`].
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn ttl(&self, key: &str) -> Result<Option<Expiry>, Error> {
        self.handle.ttl(key).await
    }

    /// Returns a page of the cache's keys in L2, about `limit` of them. Pages may repeat keys.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCursor`] for a cursor that no page can have returned. Where cursors are
    /// keys, any text is valid.
    pub async fn keys(&self, cursor: Option<&str>, limit: u32) -> Result<Page, Error> {
        self.handle.keys(cursor, limit).await
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

    /// Returns the local tier's value. Does not count as an access and does not read L2.
    pub fn local_get(&self, key: &str) -> Option<Value> {
        let wire = self.handle.local_get(key)?;
        self.options.value_type.decode(&wire).ok()
    }

    /// Returns the local tier's keys, those of each shard in eviction order.
    pub fn local_keys(&self) -> Vec<String> {
        self.handle.local_keys()
    }

    /// Removes every entry of the local tier. L2 is not changed.
    pub fn local_clear(&self) {
        self.handle.local_clear();
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

    /// Returns the counters of the cache since its client was created.
    pub fn stats(&self) -> Stats {
        self.handle.stats()
    }

    fn encode(&self, value: &Value) -> Result<Vec<u8>, InvalidValue> {
        Ok(value.encode(self.options.value_type)?.into_owned())
    }

    fn found(&self, key: &str, found: driver::Found) -> Result<Found<Value>, Error> {
        let value = found.wire.map(|wire| self.options.value_type.decode(&wire));
        let value = value.transpose().map_err(|_| Error::Undecodable {
            key: key.to_owned(),
        })?;
        Ok(Found {
            value,
            source: found.source,
        })
    }
}
