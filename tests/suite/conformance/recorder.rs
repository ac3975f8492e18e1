//! A backend that records the calls, and injects faults.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use flipcache::backend::{BackendError, Bucket, Feed, KvBackend, Page, Slot};
use serde_json::{Value as Json, json};

use super::json::{backend_error, millis, number, of_bytes};

/// Wraps another backend.
pub(crate) struct Recorder {
    inner: Arc<dyn KvBackend>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    calls: Vec<Json>,
    fault: Option<Fault>,
}

#[derive(Clone)]
struct Fault {
    /// The error, in the JSON of the cases.
    error: Json,
    /// Whether calls take effect before they fail.
    though_done: bool,
}

impl Recorder {
    pub(crate) fn over(inner: Arc<dyn KvBackend>) -> Arc<Self> {
        let state = Mutex::default();
        Arc::new(Self { inner, state })
    }

    /// Returns the calls since the last `take_calls`.
    pub(crate) fn take_calls(&self) -> Vec<Json> {
        std::mem::take(&mut self.lock().calls)
    }

    /// Fails all calls with this `backend-error` from now on; `null` clears the fault.
    ///
    /// # Errors
    ///
    /// If `backend-error` has no such case.
    pub(crate) fn fail(&self, error: &Json, though_done: bool) -> anyhow::Result<()> {
        let fault = match error {
            Json::Null => None,
            _ => {
                backend_error(error)?;
                let error = error.clone();
                Some(Fault { error, though_done })
            }
        };
        self.lock().fault = fault;
        Ok(())
    }

    async fn pass<T>(
        &self,
        bucket: &Bucket,
        call: Json,
        forwarded: impl Future<Output = Result<T, BackendError>>,
    ) -> Result<T, BackendError> {
        let mut recorded = vec![json!(bucket.to_string())];
        recorded.extend(call.as_array().into_iter().flatten().cloned());
        let fault = {
            let mut state = self.lock();
            state.calls.push(recorded.into());
            state.fault.clone()
        };
        let Some(fault) = fault else {
            return forwarded.await;
        };
        if fault.though_done {
            forwarded.await?;
        }
        Err(backend_error(&fault.error).expect("`fail` has checked the error"))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ttl(ttl: Option<Duration>) -> Json {
    ttl.map(millis).into()
}

fn pairs(entries: &[(String, Vec<u8>)]) -> Json {
    let pair = |(key, value): &(String, Vec<u8>)| json!([key, of_bytes(value)]);
    entries.iter().map(pair).collect()
}

#[async_trait]
impl KvBackend for Recorder {
    async fn get(
        &self,
        bucket: &Bucket,
        keys: &[String],
        new_ttl: Option<Duration>,
    ) -> Result<Vec<Slot>, BackendError> {
        let call = json!(["get", keys, ttl(new_ttl)]);
        let forwarded = self.inner.get(bucket, keys, new_ttl);
        self.pass(bucket, call, forwarded).await
    }

    async fn set(
        &self,
        bucket: &Bucket,
        entries: &[(String, Vec<u8>)],
        expiry: Option<Duration>,
    ) -> Result<(), BackendError> {
        let call = json!(["set", pairs(entries), ttl(expiry)]);
        let forwarded = self.inner.set(bucket, entries, expiry);
        self.pass(bucket, call, forwarded).await
    }

    async fn set_if_absent(
        &self,
        bucket: &Bucket,
        entries: &[(String, Vec<u8>)],
        expiry: Option<Duration>,
    ) -> Result<Vec<Option<Slot>>, BackendError> {
        let call = json!(["set-if-absent", pairs(entries), ttl(expiry)]);
        let forwarded = self.inner.set_if_absent(bucket, entries, expiry);
        self.pass(bucket, call, forwarded).await
    }

    async fn increment(
        &self,
        bucket: &Bucket,
        key: &str,
        delta: i64,
        expiry: Option<Duration>,
    ) -> Result<i64, BackendError> {
        let call = json!(["increment", key, number(delta.into()), ttl(expiry)]);
        let forwarded = self.inner.increment(bucket, key, delta, expiry);
        self.pass(bucket, call, forwarded).await
    }

    async fn delete(&self, bucket: &Bucket, keys: &[String]) -> Result<u64, BackendError> {
        let forwarded = self.inner.delete(bucket, keys);
        self.pass(bucket, json!(["delete", keys]), forwarded).await
    }

    async fn exists(&self, bucket: &Bucket, keys: &[String]) -> Result<u64, BackendError> {
        let forwarded = self.inner.exists(bucket, keys);
        self.pass(bucket, json!(["exists", keys]), forwarded).await
    }

    async fn expire(
        &self,
        bucket: &Bucket,
        keys: &[String],
        expiry: Option<Duration>,
    ) -> Result<Vec<bool>, BackendError> {
        let forwarded = self.inner.expire(bucket, keys, expiry);
        let call = json!(["expire", keys, ttl(expiry)]);
        self.pass(bucket, call, forwarded).await
    }

    async fn scan(
        &self,
        bucket: &Bucket,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page, BackendError> {
        let forwarded = self.inner.scan(bucket, cursor, limit);
        let call = json!(["scan", cursor, limit]);
        self.pass(bucket, call, forwarded).await
    }

    async fn count(&self, bucket: &Bucket) -> Result<u64, BackendError> {
        let forwarded = self.inner.count(bucket);
        self.pass(bucket, json!(["count"]), forwarded).await
    }

    async fn clear(&self, bucket: &Bucket) -> Result<u64, BackendError> {
        let forwarded = self.inner.clear(bucket);
        self.pass(bucket, json!(["clear"]), forwarded).await
    }

    fn feed(&self) -> Option<Arc<Feed>> {
        self.inner.feed()
    }

    async fn subscribe(&self, bucket: &Bucket) -> Result<(), BackendError> {
        self.inner.subscribe(bucket).await
    }
}
