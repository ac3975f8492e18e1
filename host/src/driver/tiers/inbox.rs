//! What a shard has still to be told: whoever takes the shard applies it first.
//!
//! News come from where answers of L2 are read, which must not wait for a shard. So an answer that
//! was read after some news is settled after it.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::shard::Shard;

/// So many keys may wait; more of them are everything. The bound is on keys of any length, which
/// [`MAX_BYTES`] bounds.
const MAX_KEYS: usize = 4_096;

/// So many bytes of keys may wait.
const MAX_BYTES: usize = 1 << 20;

#[derive(Default)]
pub(super) struct Inbox {
    has_news: AtomicBool,
    waiting: Mutex<Waiting>,
}

/// News in the order that matters: whether the shard is suspended in the end. All else only drops.
#[derive(Default)]
struct Waiting {
    /// Complete keys and their hashes.
    keys: Vec<(u64, Box<str>)>,
    /// Bytes of the keys.
    bytes: usize,
    buckets: Vec<Box<str>>,
    everything: bool,
    /// Whether it is to be suspended; `None`: as it is.
    suspended: Option<bool>,
}

impl Inbox {
    pub(super) fn key(&self, hash: u64, full_key: &str) {
        self.put(|waiting| {
            waiting.bytes += full_key.len();
            if waiting.everything {
                waiting.bytes = 0;
            } else if waiting.keys.len() < MAX_KEYS && waiting.bytes <= MAX_BYTES {
                waiting.keys.push((hash, full_key.into()));
            } else {
                waiting.drop_all();
            }
        });
    }

    pub(super) fn bucket(&self, name: &str) {
        self.put(|waiting| {
            if waiting.buckets.len() < MAX_KEYS {
                waiting.buckets.push(name.into());
            } else {
                waiting.drop_all();
            }
        });
    }

    pub(super) fn everything(&self) {
        self.put(Waiting::drop_all);
    }

    pub(super) fn suspend(&self) {
        self.put(|waiting| waiting.suspended = Some(true));
    }

    pub(super) fn resume(&self) {
        self.put(|waiting| {
            waiting.drop_all();
            waiting.suspended = Some(false);
        });
    }

    fn put(&self, put: impl FnOnce(&mut Waiting)) {
        let mut waiting = self.waiting();
        put(&mut waiting);
        self.has_news.store(true, Ordering::Release);
    }

    /// Tells the shard what waits.
    #[inline]
    pub(super) fn apply(&self, shard: &mut dyn Shard) {
        if self.has_news.load(Ordering::Acquire) {
            self.apply_all(shard);
        }
    }

    #[cold]
    fn apply_all(&self, shard: &mut dyn Shard) {
        let waiting = {
            let mut waiting = self.waiting();
            self.has_news.store(false, Ordering::Relaxed);
            mem::take(&mut *waiting)
        };
        match waiting.suspended {
            Some(true) => shard.suspend(),
            // This drops everything, too.
            Some(false) => shard.resume(),
            None => {}
        }
        if waiting.everything && waiting.suspended != Some(false) {
            shard.invalidate_all();
        }
        for (hash, full_key) in waiting.keys {
            shard.invalidate(hash, &full_key);
        }
        for name in waiting.buckets {
            shard.invalidate_bucket(&name);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Everything is dropped, whatever else there was.
    fn drop_all(&mut self) {
        self.keys.clear();
        self.buckets.clear();
        self.bytes = 0;
        self.everything = true;
    }
}
