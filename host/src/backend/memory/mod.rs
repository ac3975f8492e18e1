//! A backend in this process's memory: for tests, and for programs that need no other.

mod store;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use self::store::Store;
use super::batch::{LastOfEach, distinct, lengths, refuse_larger};
use super::{BackendError, Bucket, Clock, Entry, Feed, KvBackend, Page, Slot, counter, time};

/// The longest key or value that [`MemoryBackend`] accepts, in bytes: the limit of Redis.
pub const MAX_BYTES: usize = 512 * 1024 * 1024;

/// A backend that exists as long as this value, and is not shared with other processes.
///
/// Only entries that have not expired when a call begins are held in memory. A call costs O(log n)
/// a key and for each entry that has expired since the last call.
///
/// # Examples
///
/// ```
/// use flipcache::backend::{Bucket, KvBackend, memory::MemoryBackend};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let backend = MemoryBackend::new();
/// let bucket = Bucket::new("user")?;
/// backend.set(&bucket, &[("7".to_owned(), b"Ada".to_vec())], None).await?;
/// assert_eq!(backend.count(&bucket).await?, 1);
/// # Ok(())
/// # }
/// ```
pub struct MemoryBackend {
    store: Mutex<Store>,
    clock: Clock,
    feed: Arc<Feed>,
}

impl MemoryBackend {
    /// Returns an empty backend.
    pub fn new() -> Self {
        Self::with_clock(time::monotonic())
    }

    /// Returns an empty backend whose entries expire by `clock`.
    pub fn with_clock(clock: Clock) -> Self {
        Self {
            store: Mutex::default(),
            clock,
            feed: Arc::new(Feed::always_live()),
        }
    }

    /// Locks the store, removes expired entries, and returns it with the current time.
    fn now(&self) -> (MutexGuard<'_, Store>, Duration) {
        // No call leaves the store half changed, so a panic elsewhere does not corrupt it.
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.clock)();
        store.expire(now);
        (store, now)
    }
}

impl Default for MemoryBackend {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl KvBackend for MemoryBackend {
    async fn get(
        &self,
        bucket: &Bucket,
        keys: &[String],
        new_ttl: Option<Duration>,
    ) -> Result<Vec<Slot>, BackendError> {
        let (mut store, now) = self.now();
        let read = |key: &String| {
            let key = bucket.full_key(key);
            if let Some(ttl) = new_ttl {
                store.set_deadline(&key, Some(now.saturating_add(ttl)));
            }
            slot(&store, &key, now)
        };
        Ok(keys.iter().map(read).collect())
    }

    async fn set(
        &self,
        bucket: &Bucket,
        entries: &[(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> Result<(), BackendError> {
        refuse_larger(MAX_BYTES, lengths(entries))?;
        let (mut store, now) = self.now();
        for (key, value) in entries {
            store.put(&bucket.full_key(key), value.clone(), deadline(now, ttl));
        }
        Ok(())
    }

    async fn set_if_absent(
        &self,
        bucket: &Bucket,
        entries: &[(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> Result<Vec<Option<Slot>>, BackendError> {
        refuse_larger(MAX_BYTES, lengths(entries))?;
        let batch = LastOfEach::new(entries);
        let (mut store, now) = self.now();
        let write = |(key, value): &&(String, Vec<u8>)| {
            let key = bucket.full_key(key);
            if store.get(&key).is_some() {
                return Some(slot(&store, &key, now));
            }
            store.put(&key, value.clone(), deadline(now, ttl));
            None
        };
        let results = batch.pairs.iter().map(write).collect();
        Ok(batch.spread(results))
    }

    async fn set_if_present(
        &self,
        bucket: &Bucket,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<bool, BackendError> {
        refuse_larger(MAX_BYTES, [key.len(), value.len()])?;
        let key = bucket.full_key(key);
        let (mut store, now) = self.now();
        let is_there = store.get(&key).is_some();
        if is_there {
            store.put(&key, value.to_vec(), deadline(now, ttl));
        }
        Ok(is_there)
    }

    async fn increment(
        &self,
        bucket: &Bucket,
        key: &str,
        delta: i64,
        ttl: Option<Duration>,
    ) -> Result<i64, BackendError> {
        refuse_larger(MAX_BYTES, [key.len()])?;
        let key = bucket.full_key(key);
        let (mut store, now) = self.now();
        let (held, deadline) = match store.get(&key) {
            Some(row) => (Some(row.value.as_slice()), row.deadline),
            None => (None, deadline(now, ttl)),
        };
        let sum = counter::sum(held, delta)?;
        store.put(&key, sum.to_string().into_bytes(), deadline);
        Ok(sum)
    }

    async fn delete(&self, bucket: &Bucket, keys: &[String]) -> Result<u64, BackendError> {
        let (mut store, _) = self.now();
        let existed = keys
            .iter()
            .filter(|key| store.remove(&bucket.full_key(key)));
        Ok(amount(existed.count()))
    }

    async fn exists(&self, bucket: &Bucket, keys: &[String]) -> Result<u64, BackendError> {
        let (store, _) = self.now();
        let exists = |key: &&str| store.get(&bucket.full_key(key)).is_some();
        Ok(amount(distinct(keys).into_iter().filter(exists).count()))
    }

    async fn expire(
        &self,
        bucket: &Bucket,
        keys: &[String],
        ttl: Option<Duration>,
    ) -> Result<Vec<bool>, BackendError> {
        let (mut store, now) = self.now();
        let set = |key: &String| store.set_deadline(&bucket.full_key(key), deadline(now, ttl));
        Ok(keys.iter().map(set).collect())
    }

    /// The cursor is the last key of the page before; every text is valid.
    async fn scan(
        &self,
        bucket: &Bucket,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page, BackendError> {
        let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
        let after = cursor.map(|key| bucket.full_key(key));
        let (store, _) = self.now();
        let mut listed = store
            .keys(bucket.prefix(), after.as_deref())
            .filter_map(|key| bucket.strip(key));
        let keys: Vec<String> = listed.by_ref().take(limit).map(str::to_owned).collect();
        let cursor = listed.next().and_then(|_| keys.last().cloned());
        Ok(Page { keys, cursor })
    }

    async fn count(&self, bucket: &Bucket) -> Result<u64, BackendError> {
        let (store, _) = self.now();
        Ok(amount(store.keys(bucket.prefix(), None).count()))
    }

    async fn clear(&self, bucket: &Bucket) -> Result<u64, BackendError> {
        let (mut store, _) = self.now();
        Ok(amount(store.remove_prefix(bucket.prefix())))
    }

    fn feed(&self) -> Option<Arc<Feed>> {
        Some(Arc::clone(&self.feed))
    }

    fn system(&self) -> &'static str {
        "memory"
    }
}

fn slot(store: &Store, key: &str, now: Duration) -> Slot {
    store.get(key).map_or(Slot::Absent, |row| {
        Slot::Entry(Entry {
            value: row.value.clone(),
            ttl: row.deadline.map(|deadline| deadline.saturating_sub(now)),
        })
    })
}

fn deadline(now: Duration, ttl: Option<Duration>) -> Option<Duration> {
    ttl.map(|ttl| now.saturating_add(ttl))
}

fn amount(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
