//! A circuit breaker in front of a backend: while the backend fails, calls fail at once, and only a
//! few trial calls reach it.
//!
//! The pattern is that of Nygard, *Release It!*, and of
//! <https://learn.microsoft.com/en-us/azure/architecture/patterns/circuit-breaker>.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::{BackendError, Bucket, Clock, Feed, KvBackend, Page, Slot, time};

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerOptions {
    /// How many consecutive failures open the breaker; at least one is needed. 5 by default.
    pub failures: u32,
    /// How long the breaker stays open before one trial call is let through. If the trial has no
    /// outcome after as long again, another call is let through. 1 second by default.
    pub pause: Duration,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self {
            failures: 5,
            pause: Duration::from_secs(1),
        }
    }
}

/// The state of a breaker, which decides about the next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Lets it through.
    Closed,
    /// Returns [`BackendError::Unavailable`].
    Open,
    /// Lets it through as a trial, whose outcome decides.
    HalfOpen,
}

impl BreakerState {
    /// Returns the state in one word, for output and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

/// A backend that is not called while it fails.
///
/// Only [`BackendError::Unavailable`], [`BackendError::OutcomeUnknown`] and
/// [`BackendError::Timeout`] count as failures; any other result shows that the backend works. A
/// dropped call counts as neither. A trial that has no outcome after another
/// [`pause`](BreakerOptions::pause) no longer keeps others out: its caller may have stopped polling
/// it.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use flipcache::backend::memory::MemoryBackend;
/// use flipcache::backend::{Breaker, BreakerOptions, BreakerState};
///
/// let breaker = Breaker::new(Arc::new(MemoryBackend::new()), BreakerOptions::default());
/// assert_eq!(breaker.state(), BreakerState::Closed);
/// ```
pub struct Breaker {
    inner: Arc<dyn KvBackend>,
    options: BreakerOptions,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Consecutive failures.
    failures: u32,
    /// When the next trial is due, if the breaker is open.
    due: Option<Duration>,
    /// The number of the trial in flight.
    trial: Option<u64>,
    /// The number of the last trial.
    last_trial: u64,
}

/// Why a call was not let through.
#[derive(Debug, thiserror::Error)]
#[error("the circuit breaker is open after {0} consecutive backend failures")]
struct IsOpen(u32);

impl Breaker {
    /// Wraps `inner`.
    pub fn new(inner: Arc<dyn KvBackend>, options: BreakerOptions) -> Self {
        Self::with_clock(inner, options, time::monotonic())
    }

    /// As [`new`](Self::new), with another clock.
    pub fn with_clock(inner: Arc<dyn KvBackend>, options: BreakerOptions, clock: Clock) -> Self {
        Self {
            inner,
            options,
            clock,
            state: Mutex::default(),
        }
    }

    /// Returns what the breaker would do with a call now.
    pub fn state(&self) -> BreakerState {
        let state = self.locked();
        match state.due {
            None => BreakerState::Closed,
            Some(due) if (self.clock)() >= due => BreakerState::HalfOpen,
            Some(_) => BreakerState::Open,
        }
    }

    async fn pass<T>(
        &self,
        call: impl Future<Output = Result<T, BackendError>>,
    ) -> Result<T, BackendError> {
        let mut passage = self.admit()?;
        let result = call.await;
        passage.has_ended = true;
        let failed = result.as_ref().is_err_and(BackendError::is_outage);
        self.record(failed, passage.trial);
        result
    }

    fn admit(&self) -> Result<Passage<'_>, BackendError> {
        let mut state = self.locked();
        let mut trial = None;
        if let Some(due) = state.due {
            let now = (self.clock)();
            if now < due {
                return Err(BackendError::Unavailable(Box::new(IsOpen(state.failures))));
            }
            state.last_trial += 1;
            trial = Some(state.last_trial);
            state.trial = trial;
            // Until then, this trial keeps others out.
            state.due = Some(now.saturating_add(self.options.pause));
        }
        Ok(Passage {
            breaker: self,
            trial,
            has_ended: false,
        })
    }

    fn record(&self, failed: bool, trial: Option<u64>) {
        let mut state = self.locked();
        let is_current = trial.is_some() && state.trial == trial;
        if is_current {
            state.trial = None;
        } else if (state.due.is_some() && trial.is_none()) || (trial.is_some() && failed) {
            // The call was let through before the breaker opened, or a later trial was let through
            // since, whose outcome decides.
            return;
        }
        if !failed {
            if state.due.take().is_some() {
                tracing::info!("the circuit breaker closes: the backend works again");
            }
            state.failures = 0;
            return;
        }
        state.failures = state.failures.saturating_add(1);
        if state.failures >= self.options.failures.max(1) {
            if state.due.is_none() {
                tracing::warn!(failures = state.failures, "the circuit breaker opens");
            }
            state.due = Some((self.clock)().saturating_add(self.options.pause));
        }
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that was let through.
struct Passage<'a> {
    breaker: &'a Breaker,
    trial: Option<u64>,
    has_ended: bool,
}

impl Drop for Passage<'_> {
    fn drop(&mut self) {
        if self.trial.is_none() || self.has_ended {
            return;
        }
        let mut state = self.breaker.locked();
        if state.trial == self.trial {
            // The trial was dropped: the next call may try at once.
            state.trial = None;
            state.due = state.due.map(|_| Duration::ZERO);
        }
    }
}

#[async_trait]
impl KvBackend for Breaker {
    async fn get(
        &self,
        bucket: &Bucket,
        keys: &[String],
        new_ttl: Option<Duration>,
    ) -> Result<Vec<Slot>, BackendError> {
        self.pass(self.inner.get(bucket, keys, new_ttl)).await
    }

    async fn set(
        &self,
        bucket: &Bucket,
        entries: &[(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> Result<(), BackendError> {
        self.pass(self.inner.set(bucket, entries, ttl)).await
    }

    async fn set_if_absent(
        &self,
        bucket: &Bucket,
        entries: &[(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> Result<Vec<Option<Slot>>, BackendError> {
        self.pass(self.inner.set_if_absent(bucket, entries, ttl))
            .await
    }

    async fn set_if_present(
        &self,
        bucket: &Bucket,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<bool, BackendError> {
        self.pass(self.inner.set_if_present(bucket, key, value, ttl))
            .await
    }

    async fn increment(
        &self,
        bucket: &Bucket,
        key: &str,
        delta: i64,
        ttl: Option<Duration>,
    ) -> Result<i64, BackendError> {
        self.pass(self.inner.increment(bucket, key, delta, ttl))
            .await
    }

    async fn delete(&self, bucket: &Bucket, keys: &[String]) -> Result<u64, BackendError> {
        self.pass(self.inner.delete(bucket, keys)).await
    }

    async fn exists(&self, bucket: &Bucket, keys: &[String]) -> Result<u64, BackendError> {
        self.pass(self.inner.exists(bucket, keys)).await
    }

    async fn expire(
        &self,
        bucket: &Bucket,
        keys: &[String],
        ttl: Option<Duration>,
    ) -> Result<Vec<bool>, BackendError> {
        self.pass(self.inner.expire(bucket, keys, ttl)).await
    }

    async fn scan(
        &self,
        bucket: &Bucket,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page, BackendError> {
        self.pass(self.inner.scan(bucket, cursor, limit)).await
    }

    async fn count(&self, bucket: &Bucket) -> Result<u64, BackendError> {
        self.pass(self.inner.count(bucket)).await
    }

    async fn clear(&self, bucket: &Bucket) -> Result<u64, BackendError> {
        self.pass(self.inner.clear(bucket)).await
    }

    fn feed(&self) -> Option<Arc<Feed>> {
        self.inner.feed()
    }

    async fn subscribe(&self, bucket: &Bucket) -> Result<(), BackendError> {
        self.pass(self.inner.subscribe(bucket)).await
    }

    fn deadline(&self) -> Option<Duration> {
        self.inner.deadline()
    }

    fn system(&self) -> &'static str {
        self.inner.system()
    }

    fn breaker(&self) -> Option<BreakerState> {
        Some(self.state())
    }
}
