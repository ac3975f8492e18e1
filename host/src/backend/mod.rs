//! The L2 of the caches: the [`KvBackend`] trait, its types, and its implementations.
//!
//! A backend serves buckets, as the WIT interface `kv-backend` describes them; that interface's
//! documentation is the contract of every method here. Each kind of backend is one module, and no
//! other module names it.

pub mod codec;
pub mod memory;
pub mod redis;
pub mod sqlite;

mod batch;
mod breaker;
mod bucket;
mod counter;
mod cursor;
mod error;
mod feed;
mod instrumented;
mod open;
mod state;
pub(crate) mod time;
mod url;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

#[cfg(feature = "wasmtime")]
pub(crate) use batch::Mentions;
pub use breaker::{Breaker, BreakerOptions, BreakerState};
pub use bucket::{Bucket, InvalidName};
pub use cursor::InvalidCursor;
pub(crate) use error::Access;
pub use error::{BackendError, Cause, describe};
pub(crate) use feed::Member;
pub use feed::{Changes, Feed, FeedEvent, InvalidationStatus, Lease, Listener, ListenerId};
pub use instrumented::Instrumented;
pub use open::{BackendOptions, Coherence, OpenError, open};
pub use state::BackendState;
pub use time::Clock;
pub use url::{BackendUrl, UrlError};

/// A backend of the caches (L2).
///
/// A key given twice in one call counts once; for writes the last one counts. Absence is a slot,
/// never an error. After a write has returned `Ok`, every later read by any client sees that write
/// or a newer one.
///
/// Implementations put a deadline on every round trip and return [`BackendError::Timeout`] when it
/// passes. They log neither keys' values nor passwords. A TTL of zero is never passed.
///
/// A write that returns [`BackendError::Timeout`] may still take effect later, after local tiers
/// have read the old value again. If that is possible and the backend does not learn of such a
/// write as of other clients' writes, it publishes the keys on its [`feed`](Self::feed) when the
/// write ends, to all listeners: see [`Feed::publish`].
///
/// A [`Client`](crate::Client) has its calls polled on any thread, always within [its
/// runtime](crate::ClientBuilder::runtime). A caller may poll a call once, keep it, and make
/// others: a call that is not polled must not hold anything that others wait for.
#[async_trait]
pub trait KvBackend: Send + Sync + 'static {
    /// Reads keys in one round trip: one slot per key, in the order of `keys`.
    ///
    /// With `new_ttl`, each key that exists gets that TTL in the same atomic step as its read, and
    /// its entry has it.
    async fn get(
        &self,
        bucket: &Bucket,
        keys: &[String],
        new_ttl: Option<Duration>,
    ) -> Result<Vec<Slot>, BackendError>;

    /// Writes keys in one round trip, all with the same TTL; `None` removes an expiry that a key
    /// had.
    ///
    /// Not atomic over many keys: after an error any subset may have been written.
    async fn set(
        &self,
        bucket: &Bucket,
        entries: &[(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> Result<(), BackendError>;

    /// Writes those keys that are absent. Returns one result per key: `None` where this call wrote
    /// the value, else what the key held already. A key given twice has the same result twice.
    async fn set_if_absent(
        &self,
        bucket: &Bucket,
        entries: &[(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> Result<Vec<Option<Slot>>, BackendError>;

    /// Writes a value if the key holds one; returns whether it did. Anything that is not a plain
    /// string is replaced, as by [`set`](Self::set). Refresh-ahead writes with it.
    ///
    /// # Errors
    ///
    /// `Unsupported`, unless an implementation says otherwise.
    async fn set_if_present(
        &self,
        bucket: &Bucket,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<bool, BackendError> {
        let _ = (bucket, key, value, ttl);
        let reason = "it does not replace values only where they are";
        Err(BackendError::Unsupported(reason.into()))
    }

    /// Adds to the decimal integer of 64 bits that the key holds, 0 if absent; returns the sum.
    ///
    /// A key that was absent gets `ttl`; an existing key keeps its TTL. If the value is not such an
    /// integer, or the sum exceeds 64 bits, the error is [`BackendError::Other`] and the key is
    /// unchanged.
    async fn increment(
        &self,
        bucket: &Bucket,
        key: &str,
        delta: i64,
        ttl: Option<Duration>,
    ) -> Result<i64, BackendError>;

    /// Deletes keys; returns how many existed.
    async fn delete(&self, bucket: &Bucket, keys: &[String]) -> Result<u64, BackendError>;

    /// Returns how many of the keys exist.
    async fn exists(&self, bucket: &Bucket, keys: &[String]) -> Result<u64, BackendError>;

    /// Sets the TTL of keys, or removes it with `None`; returns for each whether it existed.
    async fn expire(
        &self,
        bucket: &Bucket,
        keys: &[String],
        ttl: Option<Duration>,
    ) -> Result<Vec<bool>, BackendError>;

    /// Lists the bucket's keys, about `limit` a page (0 counts as 1).
    ///
    /// A key that exists from the first call to the last is listed at least once. Pages may repeat
    /// keys, and may be empty before the last. Keys are text: one that is not UTF-8 is not listed.
    ///
    /// Cursors come back from guests, which may make them up: whatever the cursor, a page has no
    /// key of another bucket.
    ///
    /// # Errors
    ///
    /// [`BackendError::Other`] of an [`InvalidCursor`] for a cursor that no page can have had. A
    /// backend whose cursors are keys accepts any text and lists the keys after it.
    async fn scan(
        &self,
        bucket: &Bucket,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page, BackendError>;

    /// Returns how many keys [`scan`](Self::scan) lists, each counted once.
    async fn count(&self, bucket: &Bucket) -> Result<u64, BackendError>;

    /// Deletes the keys that [`scan`](Self::scan) lists; returns how many. A key that is not UTF-8,
    /// which only another client can have written, is not a key of a bucket: it is not listed,
    /// counted or deleted.
    async fn clear(&self, bucket: &Bucket) -> Result<u64, BackendError>;

    /// Returns the feed of changes; `None`: the backend publishes none, so that cached entries may
    /// be stale until their TTL ends.
    fn feed(&self) -> Option<Arc<Feed>> {
        None
    }

    /// Subscribes to changes in a bucket. Returns once they are published on the
    /// [`feed`](Self::feed): every later change of a value read from then on is published.
    async fn subscribe(&self, bucket: &Bucket) -> Result<(), BackendError> {
        let _ = bucket;
        Ok(())
    }

    /// Returns how long a call may take before it fails with [`BackendError::Timeout`]; `None`: not
    /// known.
    ///
    /// A caller of a [`Client`](crate::Client) may wait for more than one call: one in flight, and
    /// then its own. The deadline then counts from when the caller began.
    fn deadline(&self) -> Option<Duration> {
        None
    }

    /// Returns the kind of backend in one word, for metrics and traces: `redis`, `sqlite`,
    /// `memory`.
    fn system(&self) -> &'static str {
        "other"
    }

    /// Returns what a circuit breaker in front of the backend does with the next call; `None`:
    /// there is none.
    fn breaker(&self) -> Option<BreakerState> {
        None
    }
}

/// A value and its remaining TTL, both read at the same moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The stored bytes.
    pub value: Vec<u8>,
    /// The remaining TTL; `None`: the entry does not expire. Count it from before the call.
    pub ttl: Option<Duration>,
}

/// The value of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Nothing, or something that has expired.
    Absent,
    /// A plain string of bytes.
    Entry(Entry),
    /// Something that is not a plain string of bytes.
    WrongType,
}

/// Some of a bucket's keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Keys without the bucket's prefix.
    pub keys: Vec<String>,
    /// The cursor to pass to the next call; `None` after the last page.
    pub cursor: Option<String>,
}
