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

#[cfg(test)]
mod tests {
    use flipcache_core::{Answer, Bounds, CacheId, Options};

    use super::*;
    use crate::clock::Clock;
    use crate::shard::InProcess;

    const CACHE: CacheId = CacheId::from_number(0);

    /// A shard that holds the keys `1` and `2` of the cache `n`, whose hashes are the same numbers.
    fn filled() -> InProcess {
        let mut shard = InProcess::new(Clock::system(), 1 << 20);
        shard.open(CACHE, "n", Bounds::from(&Options::default()));
        for (hash, key) in [(1, "1"), (2, "2")] {
            let ticket = shard.ticket(CACHE, hash, key);
            let answer = Answer::Entry {
                value: b"v",
                ttl: None,
            };
            shard.settle(CACHE, hash, key, ticket, answer);
        }
        shard
    }

    fn left_by(tell: impl FnOnce(&Inbox)) -> String {
        let (inbox, mut shard) = (Inbox::default(), filled());
        tell(&inbox);
        inbox.apply(&mut shard);
        inbox.apply(&mut shard);
        shard.local_keys(CACHE).concat()
    }

    #[test]
    fn apply_what_waits_drops_that_and_no_more() {
        assert_eq!(left_by(|_| {}), "12");
        assert_eq!(left_by(|inbox| inbox.key(1, "n:1")), "2");
        assert_eq!(left_by(|inbox| inbox.bucket("other")), "12");
        assert_eq!(left_by(|inbox| inbox.bucket("n")), "");
        assert_eq!(left_by(Inbox::everything), "");
    }

    #[test]
    fn apply_more_than_may_wait_drops_everything() {
        let many = |inbox: &Inbox| (0..=MAX_KEYS).for_each(|_| inbox.key(7, "n:7"));
        assert_eq!(left_by(many), "");
        let long = "x".repeat(MAX_BYTES);
        assert_eq!(left_by(|inbox| inbox.key(7, &long)), "12");
        let twice = |inbox: &Inbox| (0..2).for_each(|_| inbox.key(7, &long));
        assert_eq!(left_by(twice), "");
    }

    #[test]
    fn apply_deafness_that_came_last_leaves_nothing_to_answer() {
        assert_eq!(left_by(Inbox::suspend), "");
        let (inbox, mut shard) = (Inbox::default(), filled());
        inbox.resume();
        inbox.suspend();
        inbox.apply(&mut shard);
        let ticket = shard.ticket(CACHE, 1, "1");
        shard.settle(
            CACHE,
            1,
            "1",
            ticket,
            Answer::Entry {
                value: b"v",
                ttl: None,
            },
        );
        assert_eq!(shard.local_keys(CACHE).concat(), "", "it is suspended");
    }
}
