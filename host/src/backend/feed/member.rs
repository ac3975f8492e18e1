//! The clients of one backend. They are one client to the server, which does not notify them of
//! their own writes, so they publish their writes to each other.

use std::sync::Arc;
use std::time::Duration;

use super::{Feed, FeedEvent, InvalidationStatus, Listener, ListenerId};
use crate::backend::Bucket;

/// A client of a backend. Without a feed it neither publishes nor receives.
#[derive(Clone)]
pub(crate) struct Member(Option<(Arc<Feed>, ListenerId)>);

impl Member {
    /// Returns a client whose listener receives events.
    pub(crate) fn listening(feed: Option<Arc<Feed>>, listener: &Arc<dyn Listener>) -> Self {
        Self(feed.map(|feed| {
            let id = feed.subscribe(listener);
            (feed, id)
        }))
    }

    /// Returns a client that polls [`changes`](Self::changes).
    #[cfg(feature = "wasmtime")]
    pub(crate) fn asking(feed: Option<Arc<Feed>>) -> Self {
        Self(feed.map(|feed| {
            let id = feed.new_id();
            (feed, id)
        }))
    }

    /// Returns whether the backend has a feed.
    pub(crate) fn has_feed(&self) -> bool {
        self.0.is_some()
    }

    /// Returns whether the published changes are complete, as far as the backend publishes any.
    #[inline]
    pub(crate) fn is_live(&self) -> bool {
        self.0.as_ref().is_none_or(|(feed, _)| feed.is_live())
    }

    pub(crate) fn invalidation_status(&self) -> InvalidationStatus {
        let feed = self.0.as_ref();
        feed.map_or(InvalidationStatus::Untracked, |(feed, _)| {
            feed.invalidation_status()
        })
    }

    /// Returns for how long changes may have gone unpublished.
    pub(crate) fn lost_for(&self) -> Duration {
        let feed = self.0.as_ref();
        feed.map_or(Duration::ZERO, |(feed, _)| feed.lost_for())
    }

    /// Returns what other clients have changed; `None`: the backend has no feed.
    #[cfg(feature = "wasmtime")]
    pub(crate) fn changes(&self, since: Option<u64>, bucket: &Bucket) -> Option<super::Changes> {
        let (feed, id) = self.0.as_ref()?;
        Some(feed.changes(since, *id, bucket))
    }

    /// Publishes that this client may have changed keys.
    pub(crate) fn publish_keys<K: AsRef<str>>(
        &self,
        bucket: &Bucket,
        keys: impl IntoIterator<Item = K>,
    ) {
        if let Self(Some((feed, id))) = self {
            feed.publish_keys(Some(*id), bucket, keys);
        }
    }

    /// As [`publish_keys`](Self::publish_keys), of all keys.
    pub(crate) fn publish_all(&self, bucket: &Bucket) {
        if let Self(Some((feed, id))) = self {
            feed.publish(Some(*id), FeedEvent::Bucket(bucket));
        }
    }
}
