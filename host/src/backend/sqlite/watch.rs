//! Detects changes of the file by other connections: `PRAGMA data_version` counts them, on the
//! connection that writes, and leaves out its own writes:
//! <https://sqlite.org/pragma.html#pragma_data_version>.
//!
//! It does not say which keys have changed: after any change by others, all entries are
//! invalidated.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::worker::{FileVersion, Worker};
use crate::backend::{BackendError, Coherence, Feed, FeedEvent, Lease, time};

/// How often the version is read: changes by others are published within this time and that of one
/// read.
const INTERVAL: Duration = Duration::from_millis(20);

/// A task that reads the version, from the first subscription on.
pub(super) struct Watch {
    feed: Arc<Feed>,
    bound: Duration,
    task: Arc<OnceCell<AbortOnDrop<()>>>,
}

/// A task that is aborted when this value is dropped.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Watch {
    /// Returns the watch of a file; `None` if coherence is off.
    pub(super) fn new(coherence: Coherence, bound: Duration) -> Option<Self> {
        (coherence != Coherence::Off).then(|| Self {
            feed: Arc::new(Feed::disconnected()),
            bound,
            task: Arc::default(),
        })
    }

    pub(super) fn feed(&self) -> Arc<Feed> {
        Arc::clone(&self.feed)
    }

    /// Starts the task, unless it runs already.
    ///
    /// Runs as a task of the runtime: a caller that is not polled must not block others.
    pub(super) async fn begin(
        &self,
        writer: &Arc<Worker>,
        handle: &Handle,
        deadline: Duration,
    ) -> Result<(), BackendError> {
        if self.task.initialized() {
            return Ok(());
        }
        let deadline = time::deadline_after(deadline);
        let (task, feed, writer) = (Arc::clone(&self.task), self.feed(), Arc::clone(writer));
        let (bound, runtime) = (self.bound, handle.clone());
        let mut start = AbortOnDrop(handle.spawn(async move {
            let begin = || async {
                let lease = Lease::after(bound);
                let version = writer.file_version().await?;
                feed.restore(Some(lease));
                let polling = poll(feed, Arc::clone(&writer), bound, version);
                Ok(AbortOnDrop(runtime.spawn(polling)))
            };
            task.get_or_try_init(begin).await.map(|_| ())
        }));
        match time::within(handle, deadline, &mut start.0).await {
            Ok(Ok(begun)) => begun,
            Ok(Err(ended)) => Err(BackendError::Other(Box::new(ended))),
            Err(_) => Err(BackendError::Timeout),
        }
    }
}

async fn poll(feed: Arc<Feed>, writer: Arc<Worker>, bound: Duration, mut version: FileVersion) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let lease = Lease::after(bound);
        match writer.file_version().await {
            Ok(now) => {
                if now.has_changed_since(version) {
                    feed.publish(None, FeedEvent::All);
                }
                version = now;
                feed.renew(lease);
            }
            // Until a read succeeds, the lease runs out; the counter continues.
            Err(error) => tracing::debug!(%error, "cannot read the data version of the file"),
        }
    }
}
