//! Caches whose types are known when they are opened, not when the program is built.

use std::sync::Arc;

use flipcache_core::{Expiry, InvalidValue, Options, Resilience, Stats, Value};

use crate::backend::{BackendState, InvalidationStatus, Page};
use crate::driver::Handle;
use crate::{Client, Error, Found, driver};

/// A named cache of [`Value`]s in two tiers, whose types [`Options`] tell: what a program needs that
/// opens caches for others, as a command line does. Otherwise it is as [`Cache`](super::Cache).
///
/// # Errors
///
/// Every method that asks L2 may answer [`Error::Backend`]; every method that takes a key
/// [`Error::InvalidKey`] for one that is not of the cache's type, and [`Error::TooLarge`] for one longer
/// than [`MAX_KEY_BYTES`](crate::MAX_KEY_BYTES).
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

    /// The options that it was opened with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Reads through: local tier, then L2, which fills the local tier.
    ///
    /// # Errors
    ///
    /// [`Error::Undecodable`] or [`Error::WrongType`] if L2 holds what is no value of this cache.
    pub async fn get(&self, key: &str) -> Result<Found<Value>, Error> {
        let found = match self.handle.local_hit(key, driver::Found::local) {
            Some(hit) => hit,
            None => Box::pin(self.handle.get(key)).await?,
        };
        self.found(key, found)
    }

    /// One slot per key, in the order asked for; at most one round trip, two where defaults are
    /// stored.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get); fails whole.
    pub async fn get_many(&self, keys: &[&str]) -> Result<Vec<Option<Value>>, Error> {
        let found = self.get_many_detailed(keys).await?;
        Ok(found.into_iter().map(|found| found.value).collect())
    }

    /// As [`get_many`](Self::get_many), and where each value came from.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get); fails whole.
    pub async fn get_many_detailed(&self, keys: &[&str]) -> Result<Vec<Found<Value>>, Error> {
        let found = self.handle.get_many(keys).await?;
        let found = keys.iter().zip(found);
        found.map(|(key, found)| self.found(key, found)).collect()
    }

    /// Writes L2, then the local tier. After an error the local tier holds no value for the key.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidValue`] for a value of another type, [`Error::InvalidTtl`] for a TTL of 0 or
    /// more than L2 can hold.
    pub async fn set(&self, key: &str, value: &Value, expiry: Expiry) -> Result<(), Error> {
        self.set_many([(key, value)], expiry).await
    }

    /// Writes entries in one round trip. Not atomic: after an error of L2 any subset may have been
    /// written. Nothing is if a key or value is not valid.
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

    /// Writes a value if the key is absent: `true` if it was written, `false` if the key was there.
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

    /// For integer caches: adds to the integer of a key, 0 if absent; answers the sum.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidValue`] if the cache holds no integers or the sum is beyond 64 bits,
    /// [`Error::Undecodable`] if the key holds no integer; nothing has changed then.
    pub async fn increment(&self, key: &str, delta: i64) -> Result<i64, Error> {
        self.handle.increment(key, delta).await
    }

    /// Deletes keys in both tiers; answers how many L2 had.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub async fn delete(&self, keys: &[&str]) -> Result<u64, Error> {
        let keys = keys.iter().map(|key| (*key).to_owned());
        self.handle.delete(keys.collect()).await
    }

    /// Whether either tier has the key. No use, and fills nothing.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub async fn contains(&self, key: &str) -> Result<bool, Error> {
        self.handle.contains(key).await
    }

    /// Marks the entry as used, under FIFO too, and starts its TTL anew; `false` if L2 does not have it.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub async fn refresh(&self, key: &str) -> Result<bool, Error> {
        self.handle.refresh(key).await
    }

    /// What is left of the entry's life; `None` if absent; never [`Expiry::Inherit`].
    ///
    /// # Errors
    ///
    /// None of its own.
    pub async fn ttl(&self, key: &str) -> Result<Option<Expiry>, Error> {
        self.handle.ttl(key).await
    }

    /// Returns a page of the cache's keys in L2, about `limit` of them. Pages may repeat keys.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCursor`] for a cursor that no page can have had. Where cursors are keys, any text is one.
    pub async fn keys(&self, cursor: Option<&str>, limit: u32) -> Result<Page, Error> {
        self.handle.keys(cursor, limit).await
    }

    /// How many keys L2 holds under this name, those of caches whose names begin so among them.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub async fn len(&self) -> Result<u64, Error> {
        self.handle.len().await
    }

    /// Whether L2 holds no key of this cache. Ends at the first key that it finds.
    ///
    /// # Errors
    ///
    /// None of its own.
    pub async fn is_empty(&self) -> Result<bool, Error> {
        self.handle.is_empty().await
    }

    /// Deletes every key under this name in both tiers, those of caches whose names begin so among
    /// them; answers how many.
    ///
    /// # Errors
    ///
    /// If L2 fails, some may have been deleted, and the local tier is empty.
    pub async fn clear(&self) -> Result<u64, Error> {
        self.handle.clear().await
    }

    /// The local tier's value. No use, and no question to L2.
    pub fn local_get(&self, key: &str) -> Option<Value> {
        let wire = self.handle.local_get(key)?;
        self.options.value_type.decode(&wire).ok()
    }

    /// The local tier's keys, those of each shard in the order in which they would be evicted.
    pub fn local_keys(&self) -> Vec<String> {
        self.handle.local_keys()
    }

    /// Empties the local tier; L2 stays as it is.
    pub fn local_clear(&self) {
        self.handle.local_clear();
    }

    /// Whether it is told what others write: while it is deaf, the local tier answers nothing.
    pub fn invalidation_status(&self) -> InvalidationStatus {
        self.handle.invalidation_status()
    }

    /// The same and more of its store: the epoch, the circuit breaker.
    pub fn backend_state(&self) -> BackendState {
        self.handle.backend_state()
    }

    /// What the cache has done since its client was made.
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
