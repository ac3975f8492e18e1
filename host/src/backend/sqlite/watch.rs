//! Whether other connections have changed the file: `PRAGMA data_version` counts, on the connection that
//! writes, and leaves out what it writes itself: <https://sqlite.org/pragma.html#pragma_data_version>.
//!
//! It does not tell what has changed: after any change by others, anything may be another.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::worker::{FileVersion, Worker};
use crate::backend::{BackendError, Coherence, Feed, FeedEvent, Lease, time};

/// How often it is asked: what others write is seen within this time and that of a question.
const INTERVAL: Duration = Duration::from_millis(20);

/// A task that asks, from when somebody first wants to hear.
pub(super) struct Watch {
    feed: Arc<Feed>,
    bound: Duration,
    task: Arc<OnceCell<AbortOnDrop<()>>>,
}

/// A task that ends with this value.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Watch {
    /// `None` if it is switched off.
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

    /// Begins, if it has not yet.
    ///
    /// A task of the runtime does so for each caller: one that is not polled must not keep others waiting.
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
        let mut beginning = AbortOnDrop(handle.spawn(async move {
            let begin = || async {
                let heard = Lease::after(bound);
                let version = writer.file_version().await?;
                feed.restore(Some(heard));
                let asking = ask(feed, Arc::clone(&writer), bound, version);
                Ok(AbortOnDrop(runtime.spawn(asking)))
            };
            task.get_or_try_init(begin).await.map(|_| ())
        }));
        match time::within(handle, deadline, &mut beginning.0).await {
            Ok(Ok(begun)) => begun,
            Ok(Err(ended)) => Err(BackendError::Other(Box::new(ended))),
            Err(_) => Err(BackendError::Timeout),
        }
    }
}

async fn ask(feed: Arc<Feed>, writer: Arc<Worker>, bound: Duration, mut version: FileVersion) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let heard = Lease::after(bound);
        match writer.file_version().await {
            Ok(now) => {
                if now.has_changed_since(version) {
                    feed.publish(None, FeedEvent::All);
                }
                version = now;
                feed.renew(heard);
            }
            // Until it is answered again, the bound runs out; the count goes on.
            Err(error) => tracing::debug!(%error, "cannot ask whether the file has changed"),
        }
    }
}
