//! Spans and metrics of a backend: each call is a span of `tracing` and a sample of a histogram of
//! `metrics`.
//!
//! Fields are named as OpenTelemetry names those of database clients:
//! <https://opentelemetry.io/docs/specs/semconv/database/database-spans/>.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tracing::{Instrument, Span};

use super::{BackendError, BreakerState, Bucket, Feed, KvBackend, Page, Slot};
use crate::metrics;

/// The target of the spans.
const TARGET: &str = "flipcache::backend";

/// A backend with a span and a metric for each call. [`open`](super::open) wraps every backend in
/// one.
///
/// A span has the kind of backend, the operation, the bucket, the number of keys and the kind of
/// error; neither keys nor values.
pub struct Instrumented {
    inner: Arc<dyn KvBackend>,
    system: &'static str,
}

impl Instrumented {
    /// Wraps `inner`.
    pub fn new(inner: Arc<dyn KvBackend>) -> Self {
        let system = inner.system();
        Self { inner, system }
    }

    async fn watch<T>(
        &self,
        (operation, span): (&'static str, Span),
        call: impl Future<Output = Result<T, BackendError>>,
    ) -> Result<T, BackendError> {
        let mut watch = Watch {
            system: self.system,
            operation,
            outcome: "cancelled",
            begun: Instant::now(),
        };
        let result = call.instrument(span.clone()).await;
        watch.outcome = result.as_ref().err().map_or("ok", BackendError::kind);
        if result.is_err() {
            span.record("error.type", watch.outcome);
            span.record("otel.status_code", "ERROR");
        }
        result
    }
}

/// A call in flight. One that is dropped counts too, as cancelled.
struct Watch {
    system: &'static str,
    operation: &'static str,
    outcome: &'static str,
    begun: Instant,
}

impl Drop for Watch {
    fn drop(&mut self) {
        metrics::backend_call(
            self.system,
            self.operation,
            self.outcome,
            self.begun.elapsed(),
        );
    }
}

/// Returns an operation and a span for a call of it. The number of keys is recorded only if there
/// are several.
macro_rules! operation {
    ($name:literal, $backend:expr, $bucket:expr, $keys:expr) => {{
        let keys: usize = $keys;
        let span = tracing::debug_span!(
            target: TARGET,
            concat!("kv.", $name),
            "otel.kind" = "client",
            "otel.status_code" = tracing::field::Empty,
            "db.system.name" = $backend.system,
            "db.operation.name" = $name,
            "db.collection.name" = %$bucket,
            "db.operation.batch.size" = (keys > 1).then_some(keys),
            "error.type" = tracing::field::Empty,
        );
        ($name, span)
    }};
}

#[async_trait]
impl KvBackend for Instrumented {
    async fn get(
        &self,
        bucket: &Bucket,
        keys: &[String],
        new_ttl: Option<Duration>,
    ) -> Result<Vec<Slot>, BackendError> {
        let operation = operation!("get", self, bucket, keys.len());
        self.watch(operation, self.inner.get(bucket, keys, new_ttl))
            .await
    }

    async fn set(
        &self,
        bucket: &Bucket,
        entries: &[(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> Result<(), BackendError> {
        let operation = operation!("set", self, bucket, entries.len());
        self.watch(operation, self.inner.set(bucket, entries, ttl))
            .await
    }

    async fn set_if_absent(
        &self,
        bucket: &Bucket,
        entries: &[(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> Result<Vec<Option<Slot>>, BackendError> {
        let operation = operation!("set-if-absent", self, bucket, entries.len());
        self.watch(operation, self.inner.set_if_absent(bucket, entries, ttl))
            .await
    }

    async fn set_if_present(
        &self,
        bucket: &Bucket,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<bool, BackendError> {
        let operation = operation!("set-if-present", self, bucket, 1);
        let call = self.inner.set_if_present(bucket, key, value, ttl);
        self.watch(operation, call).await
    }

    async fn increment(
        &self,
        bucket: &Bucket,
        key: &str,
        delta: i64,
        ttl: Option<Duration>,
    ) -> Result<i64, BackendError> {
        let operation = operation!("increment", self, bucket, 1);
        self.watch(operation, self.inner.increment(bucket, key, delta, ttl))
            .await
    }

    async fn delete(&self, bucket: &Bucket, keys: &[String]) -> Result<u64, BackendError> {
        let operation = operation!("delete", self, bucket, keys.len());
        self.watch(operation, self.inner.delete(bucket, keys)).await
    }

    async fn exists(&self, bucket: &Bucket, keys: &[String]) -> Result<u64, BackendError> {
        let operation = operation!("exists", self, bucket, keys.len());
        self.watch(operation, self.inner.exists(bucket, keys)).await
    }

    async fn expire(
        &self,
        bucket: &Bucket,
        keys: &[String],
        ttl: Option<Duration>,
    ) -> Result<Vec<bool>, BackendError> {
        let operation = operation!("expire", self, bucket, keys.len());
        self.watch(operation, self.inner.expire(bucket, keys, ttl))
            .await
    }

    async fn scan(
        &self,
        bucket: &Bucket,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page, BackendError> {
        let operation = operation!("scan", self, bucket, 1);
        self.watch(operation, self.inner.scan(bucket, cursor, limit))
            .await
    }

    async fn count(&self, bucket: &Bucket) -> Result<u64, BackendError> {
        let operation = operation!("count", self, bucket, 1);
        self.watch(operation, self.inner.count(bucket)).await
    }

    async fn clear(&self, bucket: &Bucket) -> Result<u64, BackendError> {
        let operation = operation!("clear", self, bucket, 1);
        self.watch(operation, self.inner.clear(bucket)).await
    }

    fn feed(&self) -> Option<Arc<Feed>> {
        self.inner.feed()
    }

    async fn subscribe(&self, bucket: &Bucket) -> Result<(), BackendError> {
        let operation = operation!("subscribe", self, bucket, 1);
        self.watch(operation, self.inner.subscribe(bucket)).await
    }

    fn deadline(&self) -> Option<Duration> {
        self.inner.deadline()
    }

    fn system(&self) -> &'static str {
        self.system
    }

    fn breaker(&self) -> Option<BreakerState> {
        self.inner.breaker()
    }
}
