//! A backend in one `SQLite` file, shared by the processes of a machine without Redis.
//!
//! Write-ahead logging lets readers and one writer work at once: <https://sqlite.org/wal.html>.
//! Every write is one `BEGIN IMMEDIATE` transaction, so that it is atomic between processes:
//! <https://sqlite.org/lang_transaction.html>.

mod error;
mod file;
mod late;
mod rows;
mod watch;
mod worker;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::runtime::Handle;

pub use self::file::FileError;
use self::late::{Changed, LateChanges};
use self::rows::{Range, Rows};
use self::watch::Watch;
use self::worker::{Missing, Role, Worker};
use super::batch::{LastOfEach, Pair, distinct, lengths, refuse_larger};
use super::{BackendError, BackendOptions, Bucket, Clock, Feed, KvBackend, Page, Slot, time};

/// The longest key or value that [`SqliteBackend`] accepts, in bytes.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// How many keys `clear` deletes in one transaction: other processes can write in between.
const CLEARED_AT_ONCE: u32 = 1000;

/// A backend in one file, which several processes may have open at once.
///
/// Keys of all buckets are in one table, by full key. Entries expire by the wall clock, which all
/// processes share, to the millisecond: setting the clock forward expires them early, setting it
/// back expires them late. Expired entries are never returned. They are removed from the file when
/// it is opened, and once a minute by a write, at most 1,000 in one transaction.
///
/// The first call that has something to write creates the file and its directory; to reads, a
/// missing file is an empty one. Dropping the backend brings the file's log (`-wal`) into it, and
/// waits for at most a second for a call in flight.
///
/// A write that has begun runs to completion even if its future is dropped; one that still waits
/// for its turn when the deadline passes is never begun. Changes by a write that ends after its
/// caller's deadline are published on the [`feed`](KvBackend::feed).
pub struct SqliteBackend {
    reads: Worker,
    writes: Arc<Worker>,
    watch: Option<Watch>,
    deadline: Duration,
    handle: Handle,
}

impl SqliteBackend {
    /// Opens the file at `path`, if it exists. A directory that is created later is accessible to
    /// the user alone, on Unix. The path is taken literally: a `~` is expanded in
    /// [`BackendUrl`](super::BackendUrl) only.
    ///
    /// The deadline is how long a call may take, and how long it waits for other processes. Calls
    /// run on the threads for blocking work of `handle`'s runtime, whose timer must be enabled.
    /// This function itself blocks, for at most about the deadline.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the file cannot be opened, or is not a database of this program.
    pub fn open(path: &Path, options: &BackendOptions, handle: Handle) -> Result<Self, FileError> {
        Self::open_with_clock(path, options, handle, time::wall())
    }

    /// As [`open`](Self::open), with expiry by another clock, which counts from the Unix epoch.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with_clock(
        path: &Path,
        options: &BackendOptions,
        handle: Handle,
        clock: Clock,
    ) -> Result<Self, FileError> {
        let deadline = options.deadline;
        // The process may have changed its directory when the file is created.
        let path = file::absolute(path)?;
        let worker = |role| {
            let (handle, clock) = (handle.clone(), clock.clone());
            Worker::open(path.clone(), role, deadline, handle, clock)
        };
        Ok(Self {
            writes: Arc::new(worker(Role::Writer)?),
            reads: worker(Role::Reader)?,
            watch: Watch::new(options.coherence, options.staleness_bound),
            deadline,
            handle,
        })
    }

    /// Writes entries that may be new; creates a missing file for them.
    async fn put<T: Send + 'static>(
        &self,
        changed: Changed,
        work: impl FnOnce(&Rows<'_>) -> Result<T, BackendError> + Send + 'static,
    ) -> Result<T, BackendError> {
        let late = self.late(changed);
        self.writes.write(late, Missing::Create, work).await
    }

    /// Changes existing entries.
    async fn change<T: Send + 'static>(
        &self,
        changed: Changed,
        work: impl FnOnce(&Rows<'_>) -> Result<T, BackendError> + Send + 'static,
    ) -> Result<T, BackendError> {
        let late = self.late(changed);
        self.writes.write(late, Missing::Leave, work).await
    }

    fn late(&self, changed: Changed) -> LateChanges {
        LateChanges::new(self.feed(), changed)
    }
}

impl Drop for SqliteBackend {
    fn drop(&mut self) {
        self.watch = None;
        self.reads.close();
        self.writes.close();
    }
}

#[async_trait]
impl KvBackend for SqliteBackend {
    async fn get(
        &self,
        bucket: &Bucket,
        keys: &[String],
        new_ttl: Option<Duration>,
    ) -> Result<Vec<Slot>, BackendError> {
        let keys = full_keys(bucket, keys);
        let Some(ttl) = new_ttl else {
            return self
                .reads
                .read(move |rows| keys.iter().map(|key| rows.slot(key)).collect())
                .await;
        };
        self.change(Changed::Keys(keys.clone()), move |rows| {
            keys.iter()
                .map(|key| {
                    rows.expire(key, Some(ttl))?;
                    rows.slot(key)
                })
                .collect()
        })
        .await
    }

    async fn set(
        &self,
        bucket: &Bucket,
        entries: &[(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> Result<(), BackendError> {
        refuse_larger(MAX_BYTES, lengths(entries))?;
        let entries = full_entries(bucket, entries.iter());
        self.put(Changed::Entries(entries.clone()), move |rows| {
            entries
                .iter()
                .try_for_each(|(key, value)| rows.put(key, value, ttl))
        })
        .await
    }

    async fn set_if_absent(
        &self,
        bucket: &Bucket,
        entries: &[(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> Result<Vec<Option<Slot>>, BackendError> {
        refuse_larger(MAX_BYTES, lengths(entries))?;
        let batch = LastOfEach::new(entries);
        let pairs = full_entries(bucket, batch.pairs.iter().copied());
        let results = self
            .put(Changed::Entries(pairs.clone()), move |rows| {
                pairs
                    .iter()
                    .map(|(key, value)| rows.put_if_absent(key, value, ttl))
                    .collect()
            })
            .await?;
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
        let keys: Arc<[String]> = [bucket.full_key(key)].into();
        let value = value.to_vec();
        self.change(Changed::Keys(keys.clone()), move |rows| {
            rows.put_if_present(&keys[0], &value, ttl)
        })
        .await
    }

    async fn increment(
        &self,
        bucket: &Bucket,
        key: &str,
        delta: i64,
        ttl: Option<Duration>,
    ) -> Result<i64, BackendError> {
        refuse_larger(MAX_BYTES, [key.len()])?;
        let keys: Arc<[String]> = [bucket.full_key(key)].into();
        self.put(Changed::Keys(keys.clone()), move |rows| {
            rows.increment(&keys[0], delta, ttl)
        })
        .await
    }

    async fn delete(&self, bucket: &Bucket, keys: &[String]) -> Result<u64, BackendError> {
        let keys = full_keys(bucket, keys);
        self.change(Changed::Keys(keys.clone()), move |rows| {
            keys.iter()
                .try_fold(0, |sum, key| Ok(sum + u64::from(rows.delete(key)?)))
        })
        .await
    }

    async fn exists(&self, bucket: &Bucket, keys: &[String]) -> Result<u64, BackendError> {
        let keys: Vec<_> = distinct(keys)
            .into_iter()
            .map(|key| bucket.full_key(key))
            .collect();
        self.reads
            .read(move |rows| {
                keys.iter()
                    .try_fold(0, |sum, key| Ok(sum + u64::from(rows.is_there(key)?)))
            })
            .await
    }

    async fn expire(
        &self,
        bucket: &Bucket,
        keys: &[String],
        ttl: Option<Duration>,
    ) -> Result<Vec<bool>, BackendError> {
        let keys = full_keys(bucket, keys);
        self.change(Changed::Keys(keys.clone()), move |rows| {
            keys.iter().map(|key| rows.expire(key, ttl)).collect()
        })
        .await
    }

    /// The cursor is the last key of the page before; every text is valid.
    async fn scan(
        &self,
        bucket: &Bucket,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page, BackendError> {
        let limit = limit.max(1);
        let range = Range::new(bucket, cursor);
        let mut listed = self
            .reads
            .read(move |rows| rows.keys(&range, limit.saturating_add(1)))
            .await?;
        let more = listed.len() > usize::try_from(limit).unwrap_or(usize::MAX);
        if more {
            listed.pop();
        }
        let keys: Vec<String> = listed
            .iter()
            .filter_map(|key| bucket.strip(key).map(str::to_owned))
            .collect();
        let cursor = keys.last().filter(|_| more).cloned();
        Ok(Page { keys, cursor })
    }

    async fn count(&self, bucket: &Bucket) -> Result<u64, BackendError> {
        let range = Range::new(bucket, None);
        self.reads.read(move |rows| rows.count(&range)).await
    }

    async fn clear(&self, bucket: &Bucket) -> Result<u64, BackendError> {
        let mut range = Range::new(bucket, None);
        let mut deleted = 0;
        loop {
            let part = range.clone();
            let cleared = self
                .change(Changed::Bucket(bucket.clone()), move |rows| {
                    rows.delete_first(&part, CLEARED_AT_ONCE)
                })
                .await?;
            deleted += cleared.existed;
            match cleared.last {
                Some(last) => range.start_after(last),
                None => return Ok(deleted),
            }
        }
    }

    fn feed(&self) -> Option<Arc<Feed>> {
        self.watch.as_ref().map(Watch::feed)
    }

    async fn subscribe(&self, _: &Bucket) -> Result<(), BackendError> {
        match &self.watch {
            Some(watch) => {
                let begun = watch.begin(&self.writes, &self.handle, self.deadline);
                begun.await
            }
            None => Ok(()),
        }
    }

    fn deadline(&self) -> Option<Duration> {
        Some(self.writes.deadline())
    }

    fn system(&self) -> &'static str {
        "sqlite"
    }
}

fn full_keys(bucket: &Bucket, keys: &[String]) -> Arc<[String]> {
    keys.iter().map(|key| bucket.full_key(key)).collect()
}

fn full_entries<'a>(
    bucket: &Bucket,
    entries: impl Iterator<Item = &'a (String, Vec<u8>)>,
) -> Arc<[Pair]> {
    entries
        .map(|(key, value)| (bucket.full_key(key), value.clone()))
        .collect()
}
