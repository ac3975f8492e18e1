//! What others change in L2: a driver listens to the feed of its backend, and tells there what it
//! writes itself.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Handle, Tiers};
use crate::backend::{BackendError, Feed, Hearing, Listener, ListenerId, News};
use crate::shard::Shard;

/// A driver's place among those who listen. Without a feed, nobody tells of changes, and entries are
/// answered until their lives end.
pub(super) struct Coherence(Option<(Arc<Feed>, ListenerId)>);

impl Coherence {
    pub(super) fn new(feed: Option<Arc<Feed>>, tiers: &Arc<Tiers>) -> Self {
        let tiers: Arc<dyn Listener> = tiers.clone();
        Self(feed.map(|feed| {
            let id = feed.listen(&tiers);
            (feed, id)
        }))
    }

    /// Whether there is somebody who tells of changes.
    pub(super) fn is_told(&self) -> bool {
        self.0.is_some()
    }

    fn hearing(&self) -> Hearing {
        self.0
            .as_ref()
            .map_or(Hearing::Untold, |(feed, _)| feed.hearing())
    }

    #[inline]
    pub(super) fn is_heard(&self) -> bool {
        self.0.as_ref().is_none_or(|(feed, _)| feed.is_heard())
    }
}

impl Handle {
    pub(crate) fn hearing(&self) -> Hearing {
        self.driver.coherence.hearing()
    }

    /// Asks the local tier, if all changes so far have been told.
    #[inline]
    pub(super) fn if_heard<R>(
        &self,
        hash: u64,
        ask: impl FnOnce(&mut dyn Shard) -> Option<R>,
    ) -> Option<R> {
        match self.driver.coherence.is_heard() {
            true => self.with_shard(hash, ask),
            false => None,
        }
    }

    /// Makes sure that changes in the bucket are heard. Precedes every question and every write whose
    /// answer may be kept, and their tickets, which are void where it has to begin.
    pub(super) async fn hear(&self) -> Result<(), BackendError> {
        if !self.hears.load(Ordering::Acquire) {
            let driver = &self.driver;
            driver.call(driver.backend.hear(&self.heard)).await?;
            self.hears.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Tells others that keys may have changed by what this driver did: to the store, all who use it
    /// here are one client, and it does not tell that one of its own doing.
    pub(super) fn tell_keys<'k>(&self, keys: impl IntoIterator<Item = &'k str>) {
        if let Coherence(Some((feed, id))) = &self.driver.coherence {
            feed.tell_keys(Some(*id), &self.bucket, keys);
        }
    }

    /// As [`tell_keys`](Self::tell_keys), of all keys.
    pub(super) fn tell_all(&self) {
        if let Coherence(Some((feed, id))) = &self.driver.coherence {
            feed.tell(Some(*id), News::Bucket(&self.bucket));
        }
    }
}
