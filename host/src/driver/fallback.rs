//! What a read answers where L2 has not: an entry of before, or the cache's default.

use std::sync::Arc;

use tokio::time::Instant;

use super::Handle;
use super::read::{Asked, Found, Reason};
use crate::backend::{BackendError, Slot};
use crate::{Error, Source};

impl Handle {
    /// What the local tier can say now that L2 has failed: an entry whose life was only to be prolonged still
    /// answers; another one, as a stale one perhaps.
    pub(super) fn without_l2(&self, asked: &Asked, error: &BackendError) -> Option<Found> {
        let (key, hash) = (&*asked.key, asked.hash);
        let live = self.if_heard(hash, |shard| {
            let wire = shard.peek(self.cache(), hash, key);
            wire.filter(|_| asked.reason == Reason::Renewed)
                .map(Found::local)
        });
        live.or_else(|| self.stale(hash, key, error))
    }

    /// The entry that may answer marked stale, if L2 cannot be reached or does not answer.
    pub(super) fn stale(&self, hash: u64, key: &str, error: &BackendError) -> Option<Found> {
        let window = self.resilience.stale_on_error;
        if window.is_zero() || !error.is_outage() {
            return None;
        }
        let unheard = self.driver.member.lost_for();
        self.with_shard(hash, |shard| {
            let wire = shard.stale(self.cache(), hash, key, window, unheard)?;
            Some(Found::new(wire, Source::Stale))
        })
    }

    /// Returns the default for keys that are in neither tier, and stores it where the cache says
    /// so. A default that cannot be stored is returned all the same: L2 has just said that the keys
    /// are absent.
    pub(super) async fn with_defaults(
        self: &Arc<Self>,
        keys: &[impl AsRef<str>],
        mut answers: Vec<Found>,
        until: Option<Instant>,
    ) -> Result<Vec<Found>, Error> {
        let Some(default) = &self.default else {
            return Ok(answers);
        };
        let is_absent = |at: &usize| answers[*at].wire.is_none();
        let absent: Vec<usize> = (0..answers.len()).filter(is_absent).collect();
        for at in &absent {
            answers[*at] = Found {
                wire: Some(default.clone()),
                source: Source::Default,
            };
        }
        if absent.is_empty() || !self.options.store_default {
            return Ok(answers);
        }
        let entries = absent
            .iter()
            .map(|at| (keys[*at].as_ref().to_owned(), default.clone()));
        let held = self
            .put_if_absent_by(until, entries.collect(), self.options.ttl)
            .await;
        let Ok(held) = held else {
            return Ok(answers);
        };
        for (at, held) in absent.into_iter().zip(held) {
            match held {
                // Just written, or absent again already: the default it is.
                None | Some(Slot::Absent) => {}
                Some(Slot::WrongType) => {
                    return Err(Error::WrongType {
                        key: keys[at].as_ref().to_owned(),
                    });
                }
                Some(Slot::Entry(entry)) if !self.is_readable(&entry.value) => {
                    let key = keys[at].as_ref().to_owned();
                    return Err(Error::Undecodable { key });
                }
                Some(Slot::Entry(entry)) => {
                    answers[at] = Found {
                        wire: Some(entry.value),
                        source: Source::Backend,
                    };
                }
            }
        }
        Ok(answers)
    }
}
