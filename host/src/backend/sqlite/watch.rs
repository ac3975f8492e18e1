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

use super::worker::Worker;
use crate::backend::{BackendError, Coherence, Feed, Heard, News};

/// How often it is asked: what others write is seen within this time and that of a question.
const INTERVAL: Duration = Duration::from_millis(20);

/// A task that asks, from when somebody first wants to hear.
pub(super) struct Watch {
    feed: Arc<Feed>,
    bound: Duration,
    task: OnceCell<JoinHandle<()>>,
}

impl Watch {
    /// `None` if it is switched off.
    pub(super) fn new(coherence: Coherence, bound: Duration) -> Option<Self> {
        (coherence != Coherence::Off).then(|| Self {
            feed: Arc::new(Feed::deaf()),
            bound,
            task: OnceCell::new(),
        })
    }

    pub(super) fn feed(&self) -> Arc<Feed> {
        Arc::clone(&self.feed)
    }

    /// Begins, if it has not yet.
    pub(super) async fn begin(
        &self,
        writer: &Arc<Worker>,
        handle: &Handle,
    ) -> Result<(), BackendError> {
        let begin = || async {
            let heard = Heard::after(self.bound);
            let version = writer.data_version().await?;
            self.feed.hears(Some(heard));
            let asking = ask(self.feed(), Arc::clone(writer), self.bound, version);
            Ok(handle.spawn(asking))
        };
        self.task.get_or_try_init(begin).await.map(|_| ())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

async fn ask(feed: Arc<Feed>, writer: Arc<Worker>, bound: Duration, mut version: i64) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let heard = Heard::after(bound);
        match writer.data_version().await {
            Ok(now) => {
                if now != version {
                    version = now;
                    feed.tell(None, News::Everything);
                }
                feed.still_hears(heard);
            }
            // Until it is answered again, the bound runs out; the count goes on.
            Err(error) => tracing::debug!(%error, "cannot ask whether the file has changed"),
        }
    }
}
