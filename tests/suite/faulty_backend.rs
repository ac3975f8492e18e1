//! A backend that injects faults, and records its calls.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use flipcache::backend::{BackendError, Bucket, Feed, KvBackend, Page, Slot};
use tokio::sync::Semaphore;

use crate::stores::PATIENCE;

/// The injected fault, until another one is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No fault.
    Off,
    /// The backend is unavailable.
    Down,
    /// Calls take effect, and their replies are lost.
    LostReplies,
    /// Reads succeed, and writes are rejected for lack of memory.
    Full,
    /// Replies have one slot too few.
    Short,
    /// Calls panic.
    Panics,
    /// Calls first await a timer of the runtime.
    Sleeps,
    /// Calls wait for a permit before they take effect.
    Waits,
    /// Calls take effect at once, and their replies wait for a permit.
    DelayedReplies,
    /// Subscriptions wait for a permit.
    SubscribesLate,
}

/// Wraps another backend.
pub(crate) struct FaultyBackend {
    inner: Arc<dyn KvBackend>,
    fault: Mutex<Fault>,
    calls: Mutex<Vec<&'static str>>,
    /// The permits of waiting calls.
    gate: Semaphore,
    feed: Option<Arc<Feed>>,
    /// How many calls with delayed replies have taken effect.
    delayed: AtomicUsize,
    /// The deadline that it reports, but does not enforce.
    deadline: Option<Duration>,
}

impl FaultyBackend {
    /// Wraps a backend, without a feed.
    pub(crate) fn over(inner: Arc<dyn KvBackend>) -> Arc<Self> {
        Arc::new(Self::plain(inner))
    }

    /// Wraps a backend, with its feed.
    pub(crate) fn with_feed(inner: Arc<dyn KvBackend>) -> Arc<Self> {
        let feed = inner.feed();
        Arc::new(Self {
            feed,
            ..Self::plain(inner)
        })
    }

    /// Wraps a backend, and reports this deadline.
    pub(crate) fn with_deadline(inner: Arc<dyn KvBackend>, deadline: Duration) -> Arc<Self> {
        Arc::new(Self {
            deadline: Some(deadline),
            ..Self::plain(inner)
        })
    }

    fn plain(inner: Arc<dyn KvBackend>) -> Self {
        Self {
            inner,
            fault: Mutex::new(Fault::Off),
            calls: Mutex::default(),
            gate: Semaphore::new(0),
            feed: None,
            delayed: AtomicUsize::new(0),
            deadline: None,
        }
    }

    /// Adds permits for waiting calls.
    pub(crate) fn release(&self, calls: usize) {
        self.gate.add_permits(calls);
    }

    /// Waits until it has received this many calls since `calls` was last called.
    pub(crate) async fn wait_for_calls(&self, count: usize) {
        let start = Instant::now();
        while self
            .calls
            .lock()
            .expect("no caller panics while it holds the lock")
            .len()
            < count
        {
            assert!(
                start.elapsed() < PATIENCE,
                "the backend must receive {count} calls"
            );
            tokio::task::yield_now().await;
        }
    }

    /// Waits until this many calls with delayed replies have taken effect.
    pub(crate) async fn wait_for_delayed(&self, count: usize) {
        let start = Instant::now();
        while self.delayed.load(Ordering::SeqCst) < count {
            assert!(
                start.elapsed() < PATIENCE,
                "{count} calls must have taken effect"
            );
            tokio::task::yield_now().await;
        }
    }

    pub(crate) fn set_fault(&self, fault: Fault) {
        *self
            .fault
            .lock()
            .expect("no caller panics while it holds the lock") = fault;
    }

    /// Deletes a key without a feed event, as another client.
    pub(crate) async fn delete_unannounced(&self, name: &str, key: &str) {
        let keys = [key.to_owned()];
        let deleted = self.inner.delete(&crate::stores::bucket(name), &keys).await;
        assert_eq!(deleted.expect("the store must reply"), 1);
    }

    /// Writes a key without a feed event, as another client.
    pub(crate) async fn set_unannounced(&self, name: &str, key: &str, value: &str, ttl: Duration) {
        let entries = [(key.to_owned(), value.as_bytes().to_vec())];
        let bucket = crate::stores::bucket(name);
        let written = self.inner.set(&bucket, &entries, Some(ttl)).await;
        written.expect("the store must accept the value");
    }

    /// Returns the calls since this was last called.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        std::mem::take(
            &mut self
                .calls
                .lock()
                .expect("no caller panics while it holds the lock"),
        )
    }

    async fn pass<T>(
        &self,
        name: &'static str,
        call: impl Future<Output = Result<T, BackendError>>,
    ) -> Result<T, BackendError> {
        self.calls
            .lock()
            .expect("no caller panics while it holds the lock")
            .push(name);
        let fault = *self
            .fault
            .lock()
            .expect("no caller panics while it holds the lock");
        match fault {
            Fault::Down => Err(BackendError::Unavailable("injected fault".into())),
            Fault::Full if name.starts_with("set") => Err(BackendError::TooLarge { limit: 0 }),
            Fault::LostReplies => {
                call.await?;
                Err(BackendError::Timeout)
            }
            Fault::Panics => panic!("injected fault"),
            Fault::Sleeps => {
                tokio::time::sleep(Duration::from_millis(1)).await;
                call.await
            }
            Fault::Waits => {
                self.gate
                    .acquire()
                    .await
                    .expect("the semaphore is never closed")
                    .forget();
                call.await
            }
            Fault::DelayedReplies => {
                let answer = call.await;
                self.delayed.fetch_add(1, Ordering::SeqCst);
                self.gate
                    .acquire()
                    .await
                    .expect("the semaphore is never closed")
                    .forget();
                answer
            }
            Fault::Off | Fault::Short | Fault::Full | Fault::SubscribesLate => call.await,
        }
    }

    fn shorten<T>(&self, mut slots: Vec<T>) -> Vec<T> {
        if *self
            .fault
            .lock()
            .expect("no caller panics while it holds the lock")
            == Fault::Short
        {
            slots.pop();
        }
        slots
    }
}

#[async_trait]
impl KvBackend for FaultyBackend {
    async fn get(
        &self,
        bucket: &Bucket,
        keys: &[String],
        new_ttl: Option<Duration>,
    ) -> Result<Vec<Slot>, BackendError> {
        let slots = self
            .pass("get", self.inner.get(bucket, keys, new_ttl))
            .await?;
        Ok(self.shorten(slots))
    }

    async fn set(
        &self,
        bucket: &Bucket,
        entries: &[(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> Result<(), BackendError> {
        self.pass("set", self.inner.set(bucket, entries, ttl)).await
    }

    async fn set_if_absent(
        &self,
        bucket: &Bucket,
        entries: &[(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> Result<Vec<Option<Slot>>, BackendError> {
        let held = self
            .pass(
                "set_if_absent",
                self.inner.set_if_absent(bucket, entries, ttl),
            )
            .await?;
        Ok(self.shorten(held))
    }

    async fn set_if_present(
        &self,
        bucket: &Bucket,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<bool, BackendError> {
        let call = self.inner.set_if_present(bucket, key, value, ttl);
        self.pass("set_if_present", call).await
    }

    async fn increment(
        &self,
        bucket: &Bucket,
        key: &str,
        delta: i64,
        ttl: Option<Duration>,
    ) -> Result<i64, BackendError> {
        self.pass("increment", self.inner.increment(bucket, key, delta, ttl))
            .await
    }

    async fn delete(&self, bucket: &Bucket, keys: &[String]) -> Result<u64, BackendError> {
        self.pass("delete", self.inner.delete(bucket, keys)).await
    }

    async fn exists(&self, bucket: &Bucket, keys: &[String]) -> Result<u64, BackendError> {
        self.pass("exists", self.inner.exists(bucket, keys)).await
    }

    async fn expire(
        &self,
        bucket: &Bucket,
        keys: &[String],
        ttl: Option<Duration>,
    ) -> Result<Vec<bool>, BackendError> {
        self.pass("expire", self.inner.expire(bucket, keys, ttl))
            .await
    }

    async fn scan(
        &self,
        bucket: &Bucket,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page, BackendError> {
        self.pass("scan", self.inner.scan(bucket, cursor, limit))
            .await
    }

    async fn count(&self, bucket: &Bucket) -> Result<u64, BackendError> {
        self.pass("count", self.inner.count(bucket)).await
    }

    async fn clear(&self, bucket: &Bucket) -> Result<u64, BackendError> {
        self.pass("clear", self.inner.clear(bucket)).await
    }

    fn feed(&self) -> Option<Arc<Feed>> {
        self.feed.clone()
    }

    async fn subscribe(&self, bucket: &Bucket) -> Result<(), BackendError> {
        let fault = *self
            .fault
            .lock()
            .expect("no caller panics while it holds the lock");
        if fault == Fault::SubscribesLate {
            self.gate
                .acquire()
                .await
                .expect("the semaphore is never closed")
                .forget();
        }
        self.inner.subscribe(bucket).await
    }

    fn deadline(&self) -> Option<Duration> {
        self.deadline
    }
}
