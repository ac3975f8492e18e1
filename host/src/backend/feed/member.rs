//! Those who write through one backend: to the store they are one client, and it tells none of them what
//! another one does. So they tell each other.

use std::sync::Arc;
use std::time::Duration;

use super::{Feed, Hearing, Listener, ListenerId, News};
use crate::backend::Bucket;

/// One of them. Over a store without a feed, it tells nobody and is told nothing.
#[derive(Clone)]
pub(crate) struct Member(Option<(Arc<Feed>, ListenerId)>);

impl Member {
    /// One that is told.
    pub(crate) fn listening(feed: Option<Arc<Feed>>, listener: &Arc<dyn Listener>) -> Self {
        Self(feed.map(|feed| {
            let id = feed.listen(listener);
            (feed, id)
        }))
    }

    /// One that asks for [`changes`](Self::changes).
    #[cfg(feature = "wasmtime")]
    pub(crate) fn asking(feed: Option<Arc<Feed>>) -> Self {
        Self(feed.map(|feed| {
            let id = feed.new_id();
            (feed, id)
        }))
    }

    /// Whether there is somebody who tells of changes.
    pub(crate) fn has_feed(&self) -> bool {
        self.0.is_some()
    }

    /// Whether all changes so far have been told, as far as anybody tells.
    #[inline]
    pub(crate) fn is_heard(&self) -> bool {
        self.0.as_ref().is_none_or(|(feed, _)| feed.is_heard())
    }

    pub(crate) fn hearing(&self) -> Hearing {
        let feed = self.0.as_ref();
        feed.map_or(Hearing::Untold, |(feed, _)| feed.hearing())
    }

    /// For how long changes may have gone unheard.
    pub(crate) fn unheard_for(&self) -> Duration {
        let feed = self.0.as_ref();
        feed.map_or(Duration::ZERO, |(feed, _)| feed.unheard_for())
    }

    /// What others have changed; `None`: nobody tells.
    #[cfg(feature = "wasmtime")]
    pub(crate) fn changes(&self, since: Option<u64>, bucket: &Bucket) -> Option<super::Changes> {
        let (feed, id) = self.0.as_ref()?;
        Some(feed.changes(since, *id, bucket))
    }

    /// Tells the others that keys may have changed by what this one did.
    pub(crate) fn tell_keys<K: AsRef<str>>(
        &self,
        bucket: &Bucket,
        keys: impl IntoIterator<Item = K>,
    ) {
        if let Self(Some((feed, id))) = self {
            feed.tell_keys(Some(*id), bucket, keys);
        }
    }

    /// As [`tell_keys`](Self::tell_keys), of all keys.
    pub(crate) fn tell_all(&self, bucket: &Bucket) {
        if let Self(Some((feed, id))) = self {
            feed.tell(Some(*id), News::Bucket(bucket));
        }
    }
}
