//! What others change in L2, for a cache that nobody tells of it: it asks, no more often than it was
//! told to.

use std::cell::Cell;
use std::time::Duration;

use flipcache_core::Moment;

use super::Driver;
use crate::bindings::flipcache::cache::kv_backend::{Changes, News};
use crate::state::{clock, with_shard};

/// How long the local tier may answer without asking, and when it has asked last.
pub(super) struct Asked {
    max_staleness: Option<Duration>,
    last: Cell<Option<Last>>,
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
        }
    }
}

impl Driver {
    /// Precedes every write, whose value is kept: nothing is before it has once been asked for news.
    pub(super) fn listen(&self) {
        if self.asked.last.get().is_none() {
            self.catch_up();
        }
    }

    /// Precedes every answer of the local tier: asks for news if that is due. Without an answer, the local
    /// tier has none either.
    pub(super) fn catch_up(&self) {
        let Some(max_staleness) = self.asked.max_staleness else {
            return;
        };
        let now = clock();
        let last = self.asked.last.get();
        let is_due = |last: Last| {
            let since = now.as_nanos().saturating_sub(last.at.as_nanos());
            Duration::from_nanos(since) >= max_staleness
        };
        if !last.is_none_or(is_due) {
            return;
        }
        let changes = self.bucket.changes(last.map(|last| last.cursor)).ok();
        match &changes {
            Some(Changes {
                news: News::Keys(keys),
                ..
            }) if last.is_some() => {
                for key in keys {
                    let full_key = format!("{}:{key}", self.name);
                    with_shard(|shard| shard.invalidate(self.seed.hash(key), &full_key));
                }
            }
            _ => with_shard(|shard| shard.invalidate_bucket(&self.name)),
        }
        let cursor = changes.map(|changes| changes.cursor);
        let last = cursor.map(|cursor| Last { at: now, cursor });
        self.asked.last.set(last);
    }
}
