//! A store whose calls are seen, and which fails when told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use flipcache::backend::{BackendError, Bucket, Feed, KvBackend, Page, Slot};
use serde_json::{Value as Json, json};

use super::words::{backend_error, millis, number, of_bytes};

/// A backend in front of another.
pub(crate) struct Seen {
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
    /// As a case writes it.
    error: Json,
    /// What is asked is done nevertheless.
    though_done: bool,
}

impl Seen {
    pub(crate) fn over(inner: Arc<dyn KvBackend>) -> Arc<Self> {
        let state = Mutex::default();
        Arc::new(Self { inner, state })
    }

    /// What it was asked since this was last called.
    pub(crate) fn take_calls(&self) -> Vec<Json> {
        std::mem::take(&mut self.lock().calls)
    }

    /// From now on it answers this `backend-error`; `null`: no longer.
    ///
    /// # Errors
    ///
    /// If there is no such error.
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
        answer: impl Future<Output = Result<T, BackendError>>,
    ) -> Result<T, BackendError> {
        let mut seen = vec![json!(bucket.to_string())];
        seen.extend(call.as_array().into_iter().flatten().cloned());
        let fault = {
            let mut state = self.lock();
            state.calls.push(seen.into());
            state.fault.clone()
        };
        let Some(fault) = fault else {
            return answer.await;
        };
        if fault.though_done {
            answer.await?;
        }
        Err(backend_error(&fault.error).expect("it was checked"))
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
impl KvBackend for Seen {
    async fn get(
        &self,
        bucket: &Bucket,
        keys: &[String],
        new_ttl: Option<Duration>,
    ) -> Result<Vec<Slot>, BackendError> {
        let call = json!(["get", keys, ttl(new_ttl)]);
        let answer = self.inner.get(bucket, keys, new_ttl);
        self.pass(bucket, call, answer).await
    }

    async fn set(
        &self,
        bucket: &Bucket,
        entries: &[(String, Vec<u8>)],
        life: Option<Duration>,
    ) -> Result<(), BackendError> {
        let call = json!(["set", pairs(entries), ttl(life)]);
        let answer = self.inner.set(bucket, entries, life);
        self.pass(bucket, call, answer).await
    }

    async fn set_if_absent(
        &self,
        bucket: &Bucket,
        entries: &[(String, Vec<u8>)],
        life: Option<Duration>,
    ) -> Result<Vec<Option<Slot>>, BackendError> {
        let call = json!(["set-if-absent", pairs(entries), ttl(life)]);
        let answer = self.inner.set_if_absent(bucket, entries, life);
        self.pass(bucket, call, answer).await
    }

    async fn increment(
        &self,
        bucket: &Bucket,
        key: &str,
        delta: i64,
        life: Option<Duration>,
    ) -> Result<i64, BackendError> {
        let call = json!(["increment", key, number(delta.into()), ttl(life)]);
        let answer = self.inner.increment(bucket, key, delta, life);
        self.pass(bucket, call, answer).await
    }

    async fn delete(&self, bucket: &Bucket, keys: &[String]) -> Result<u64, BackendError> {
        let answer = self.inner.delete(bucket, keys);
        self.pass(bucket, json!(["delete", keys]), answer).await
    }

    async fn exists(&self, bucket: &Bucket, keys: &[String]) -> Result<u64, BackendError> {
        let answer = self.inner.exists(bucket, keys);
        self.pass(bucket, json!(["exists", keys]), answer).await
    }

    async fn expire(
        &self,
        bucket: &Bucket,
        keys: &[String],
        life: Option<Duration>,
    ) -> Result<Vec<bool>, BackendError> {
        let answer = self.inner.expire(bucket, keys, life);
        let call = json!(["expire", keys, ttl(life)]);
        self.pass(bucket, call, answer).await
    }

    async fn scan(
        &self,
        bucket: &Bucket,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page, BackendError> {
        let answer = self.inner.scan(bucket, cursor, limit);
        let call = json!(["scan", cursor, limit]);
        self.pass(bucket, call, answer).await
    }

    async fn count(&self, bucket: &Bucket) -> Result<u64, BackendError> {
        let answer = self.inner.count(bucket);
        self.pass(bucket, json!(["count"]), answer).await
    }

    async fn clear(&self, bucket: &Bucket) -> Result<u64, BackendError> {
        let answer = self.inner.clear(bucket);
        self.pass(bucket, json!(["clear"]), answer).await
    }

    fn feed(&self) -> Option<Arc<Feed>> {
        self.inner.feed()
    }

    async fn subscribe(&self, bucket: &Bucket) -> Result<(), BackendError> {
        self.inner.subscribe(bucket).await
    }
}
