//! What others change in L2: a driver listens to the feed of its backend, and tells there what it
//! writes itself.

use std::sync::atomic::Ordering;

use tokio::time::Instant;

use super::{Driver, Handle};
use crate::backend::{Access, BackendError, BackendState, InvalidationStatus};
use crate::shard::Shard;

impl Driver {
    pub(crate) fn backend_state(&self) -> BackendState {
        BackendState::of(&*self.backend)
    }
}

impl Handle {
    pub(crate) fn invalidation_status(&self) -> InvalidationStatus {
        self.driver.member.invalidation_status()
    }

    pub(crate) fn backend_state(&self) -> BackendState {
        self.driver.backend_state()
    }

    /// Asks the local tier, if all changes so far have been told.
    #[inline]
    pub(super) fn if_heard<R>(
        &self,
        hash: u64,
        ask: impl FnOnce(&mut dyn Shard) -> Option<R>,
    ) -> Option<R> {
        match self.driver.member.is_live() {
            true => self.with_shard(hash, ask),
            false => None,
        }
    }

    /// Whether changes in the bucket have begun to be heard: then [`hear`](Self::hear) waits for nothing.
    pub(super) fn hears(&self) -> bool {
        self.hears.load(Ordering::Acquire)
    }

    /// Makes sure that changes in the bucket are heard. Precedes every question and every write whose
    /// answer may be kept, and their tickets, which are void where it has to begin.
    pub(super) async fn hear(&self) -> Result<(), BackendError> {
        self.hear_by(None).await
    }

    /// The same, by the caller's deadline. `None`: it begins now.
    pub(super) async fn hear_by(&self, until: Option<Instant>) -> Result<(), BackendError> {
        if !self.hears() {
            let until = until.or_else(|| self.deadline());
            let driver = &self.driver;
            let heard = driver.call(Access::Read, driver.backend.subscribe(&self.heard));
            let heard = self.by(until, heard).await;
            heard.unwrap_or(Err(BackendError::Timeout))?;
            self.hears.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Tells others that keys may have changed by what this driver did.
    pub(super) fn tell_keys<'k>(&self, keys: impl IntoIterator<Item = &'k str>) {
        self.driver.member.publish_keys(&self.bucket, keys);
    }

    /// As [`tell_keys`](Self::tell_keys), of all keys.
    pub(super) fn tell_all(&self) {
        self.driver.member.publish_all(&self.bucket);
    }
}
