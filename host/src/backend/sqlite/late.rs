//! Writes that end after their caller has stopped waiting. The caller was told that the outcome is unknown, and
//! `PRAGMA data_version` leaves out own commits: so the write itself says what it has changed.

use std::sync::Arc;

use crate::backend::batch::Pair;
use crate::backend::{Bucket, Feed, FeedEvent};

/// The scope of a write. Keys are complete.
#[derive(Clone)]
pub(super) enum Changed {
    Keys(Arc<[String]>),
    Entries(Arc<[Pair]>),
    Bucket(Bucket),
}

/// Publishes what a write may have changed when it is dropped, unless the outcome reached the caller.
pub(super) struct LateChanges {
    feed: Option<Arc<Feed>>,
    changed: Changed,
    has_begun: bool,
}

impl LateChanges {
    /// Nothing is published before [`begin`](Self::begin), nor without a feed.
    pub(super) fn new(feed: Option<Arc<Feed>>, changed: Changed) -> Self {
        Self {
            feed,
            changed,
            has_begun: false,
        }
    }

    /// From here on the write may take effect.
    pub(super) fn begin(&mut self) {
        self.has_begun = true;
    }

    /// The caller has the outcome and tells others itself.
    pub(super) fn delivered(mut self) {
        self.feed = None;
    }
}

impl Drop for LateChanges {
    fn drop(&mut self) {
        let Some(feed) = self.feed.take().filter(|_| self.has_begun) else {
            return;
        };
        tracing::debug!("a write ended after its caller's deadline");
        // The caller is told, too: it may have kept what it read meanwhile.
        match &self.changed {
            Changed::Keys(keys) => keys
                .iter()
                .for_each(|key| feed.publish(None, FeedEvent::Key(key))),
            Changed::Entries(entries) => entries
                .iter()
                .for_each(|(key, _)| feed.publish(None, FeedEvent::Key(key))),
            Changed::Bucket(bucket) => feed.publish(None, FeedEvent::Bucket(bucket)),
        }
    }
}
