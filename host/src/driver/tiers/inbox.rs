//! What a shard has still to be told: whoever takes the shard applies it first.
//!
//! FeedEvent come from where answers of L2 are read, which must not wait for a shard. So an answer that
//! was read after some news is settled after it.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::shard::Shard;

/// The most keys that may wait, and the most buckets; more buckets stand for everything. The bound is on keys of any length, which
/// [`MAX_BYTES`] bounds. If more keys wait, the buckets with most of them stand for their keys, so that a cache with
/// many changes costs the others nothing.
const MAX_KEYS: usize = 4_096;

/// So many bytes of keys may wait.
const MAX_BYTES: usize = 1 << 20;

#[derive(Default)]
pub(super) struct Inbox {
    has_news: AtomicBool,
    waiting: Mutex<Waiting>,
}

/// FeedEvent in the order that matters: whether the shard is suspended in the end. All else only drops.
#[derive(Default)]
struct Waiting {
    keys: Vec<Key>,
    /// Bytes of the keys.
    bytes: usize,
    /// By their names.
    buckets: BTreeSet<Box<str>>,
    everything: bool,
    /// Whether it is to be suspended; `None`: as it is.
    suspended: Option<bool>,
}

struct Key {
    hash: u64,
    full_key: Box<str>,
    name_len: usize,
}

impl Key {
    /// The shortest name of a cache that has the key: its bucket is that of all others.
    fn name(&self) -> &str {
        &self.full_key[..self.name_len]
    }
}

impl Inbox {
    /// A complete key, its hash, and how long the shortest name of a cache is that has it.
    pub(super) fn key(&self, hash: u64, full_key: &str, name_len: usize) {
        self.put(|waiting| {
            if waiting.everything || waiting.buckets.contains(&full_key[..name_len]) {
                return;
            }
            waiting.bytes += full_key.len();
            waiting.keys.push(Key {
                hash,
                full_key: full_key.into(),
                name_len,
            });
            if waiting.keys.len() > MAX_KEYS || waiting.bytes > MAX_BYTES {
                waiting.fold();
            }
        });
    }

    pub(super) fn bucket(&self, name: &str) {
        self.put(|waiting| waiting.add_bucket(name));
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
        for Key { hash, full_key, .. } in waiting.keys {
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
    fn add_bucket(&mut self, name: &str) {
        self.buckets.insert(name.into());
        if self.buckets.len() > MAX_KEYS {
            self.drop_all();
        }
    }

    /// Puts buckets in the place of their keys, those with most of them first, until half as many keys wait as may.
    fn fold(&mut self) {
        let mut costs: BTreeMap<&str, usize> = BTreeMap::new();
        for key in &self.keys {
            *costs.entry(key.name()).or_default() += cost(key);
        }
        let mut costs: Vec<_> = costs.into_iter().map(|(name, cost)| (cost, name)).collect();
        costs.sort_unstable();
        let mut left: usize = costs.iter().map(|(cost, _)| cost).sum();
        let mut folded: BTreeSet<Box<str>> = BTreeSet::new();
        while left > MAX_BYTES / 2 {
            let Some((cost, name)) = costs.pop() else {
                break;
            };
            left -= cost;
            folded.insert(name.into());
        }
        self.keys.retain(|key| !folded.contains(key.name()));
        self.bytes = self.keys.iter().map(|key| key.full_key.len()).sum();
        for name in &folded {
            self.add_bucket(name);
        }
    }

    /// Everything is dropped, whatever else there was.
    fn drop_all(&mut self) {
        self.keys.clear();
        self.buckets.clear();
        self.bytes = 0;
        self.everything = true;
    }
}

/// Returns the bytes that a key counts for: at least its part of the number of keys.
fn cost(key: &Key) -> usize {
    key.full_key.len().max(MAX_BYTES / MAX_KEYS)
}

#[cfg(test)]
mod tests {
    use flipcache_core::{BackendReply, Bounds, CacheId, Options};

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
            let answer = BackendReply::Entry {
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
        assert_eq!(left_by(|inbox| inbox.key(1, "n:1", 1)), "2");
        assert_eq!(left_by(|inbox| inbox.bucket("other")), "12");
        assert_eq!(left_by(|inbox| inbox.bucket("n")), "");
        assert_eq!(left_by(Inbox::everything), "");
    }

    #[test]
    fn apply_more_keys_than_may_wait_drops_their_bucket_and_no_other() {
        let number = |inbox: &Inbox, name: &str, count| {
            (0..count).for_each(|_| inbox.key(7, &format!("{name}:7"), name.len()));
        };
        assert_eq!(left_by(|inbox| number(inbox, "n", MAX_KEYS + 1)), "");
        assert_eq!(left_by(|inbox| number(inbox, "other", 3 * MAX_KEYS)), "12");
        let bytes = |inbox: &Inbox, name: &str| {
            let long = format!("{name}:{}", "x".repeat(MAX_BYTES / 16));
            (0..50).for_each(|_| inbox.key(7, &long, name.len()));
        };
        assert_eq!(left_by(|inbox| bytes(inbox, "n")), "");
        let some = |inbox: &Inbox| {
            inbox.key(1, "n:1", 1);
            bytes(inbox, "other");
        };
        assert_eq!(
            left_by(some),
            "2",
            "what is told of few keys stays told of them"
        );
    }

    #[test]
    fn apply_more_buckets_than_may_wait_drops_everything() {
        let many =
            |count| move |inbox: &Inbox| (0..count).for_each(|n| inbox.bucket(&format!("b{n}")));
        assert_eq!(left_by(many(MAX_KEYS)), "12");
        assert_eq!(left_by(many(MAX_KEYS + 1)), "");
    }

    #[test]
    fn key_of_many_names_that_wait_keeps_both_bounds() {
        let inbox = Inbox::default();
        for number in 0..3 * MAX_KEYS {
            let name = (number % 3_000).to_string();
            let full_key = format!("{name}:{}", "x".repeat(number % 700));
            inbox.key(7, &full_key, name.len());
            let waiting = inbox.waiting();
            assert!(waiting.keys.len() <= MAX_KEYS && waiting.bytes <= MAX_BYTES);
            let bytes: usize = waiting.keys.iter().map(|key| key.full_key.len()).sum();
            assert_eq!(waiting.bytes, bytes);
        }
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
            BackendReply::Entry {
                value: b"v",
                ttl: None,
            },
        );
        assert_eq!(shard.local_keys(CACHE).concat(), "", "it is suspended");
    }
}
