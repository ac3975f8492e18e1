//! Writes that end after their caller's deadline. Their outcome was unknown to the caller, and
//! `PRAGMA data_version` leaves out this connection's commits, so the write itself publishes what
//! it has changed.

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

/// Publishes what a write may have changed when it is dropped, unless the outcome reached the
/// caller.
pub(super) struct LateChanges {
    feed: Option<Arc<Feed>>,
    changed: Changed,
    has_begun: bool,
}

impl LateChanges {
    /// Publishes nothing before [`begin`](Self::begin), nor without a feed.
    pub(super) fn new(feed: Option<Arc<Feed>>, changed: Changed) -> Self {
        Self {
            feed,
            changed,
            has_begun: false,
        }
    }

    /// Records that the write may take effect from now on.
    pub(super) fn begin(&mut self) {
        self.has_begun = true;
    }

    /// Records that the caller has the outcome and publishes the changes itself.
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
        // Published to the caller too, as it may have cached what it read meanwhile.
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
