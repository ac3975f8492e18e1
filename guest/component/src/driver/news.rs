//! What others change in L2, for a cache that nobody tells of it: it asks, no more often than it was
//! told to.

use std::cell::Cell;
use std::time::Duration;

use flipcache_core::Moment;

use super::Driver;
use crate::bindings::flipcache::cache::kv_backend::{ChangedKeys, Changes};
use crate::state::{clock, lost_since, with_shard};

/// How long the local tier may answer without asking, and what came of the last time it did.
pub(super) struct Asked {
    max_staleness: Option<Duration>,
    /// The last time that there was an answer.
    last: Cell<Option<Last>>,
    /// There has been none since.
    is_deaf: Cell<bool>,
}

#[derive(Clone, Copy)]
struct Last {
    at: Moment,
    cursor: u64,
}

impl Asked {
    pub(super) fn never(max_staleness: Option<Duration>) -> Self {
        Self {
            max_staleness,
            last: Cell::new(None),
            is_deaf: Cell::new(false),
        }
    }

    /// Whether the news that there are reach no further back than they may.
    fn is_up_to_date(&self, max_staleness: Duration) -> bool {
        let recent = |last: Last| since(last.at) < max_staleness;
        !self.is_deaf.get() && self.last.get().is_some_and(recent)
    }
}

impl Driver {
    /// Precedes every write, whose value is kept: nothing is before it has once been asked for news.
    pub(super) fn listen(&self) {
        if self.asked.last.get().is_none() {
            self.catch_up();
        }
    }

    /// Precedes every answer of the local tier: asks for news if that is due. `false`: there is no answer, so
    /// the local tier has none either, until there is one.
    pub(super) fn catch_up(&self) -> bool {
        let Some(max_staleness) = self.asked.max_staleness else {
            return true;
        };
        if self.asked.is_up_to_date(max_staleness) {
            return true;
        }
        let (at, last) = (clock(), self.asked.last.get());
        let changes = self.bucket.changes(last.map(|last| last.cursor));
        self.asked.is_deaf.set(changes.is_err());
        let Ok(Changes { changed, cursor }) = changes else {
            return false;
        };
        match changed {
            ChangedKeys::Keys(keys) if last.is_some() => {
                for key in keys {
                    let full_key = format!("{}:{key}", self.name);
                    with_shard(|shard| shard.invalidate(self.seed.hash(&key), &full_key));
                }
            }
            _ => with_shard(|shard| shard.invalidate_bucket(&self.name)),
        }
        self.asked.last.set(Some(Last { at, cursor }));
        true
    }

    /// For how long changes have gone unheard.
    pub(super) fn unheard_for(&self) -> Duration {
        let asked = &self.asked;
        let unanswered = match asked.last.get() {
            _ if !asked.is_deaf.get() => Duration::ZERO,
            Some(last) => since(last.at),
            None => Duration::MAX,
        };
        lost_since().map_or(Duration::ZERO, since).max(unanswered)
    }
}

fn since(moment: Moment) -> Duration {
    Duration::from_nanos(clock().as_nanos().saturating_sub(moment.as_nanos()))
}
