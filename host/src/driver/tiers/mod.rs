//! The local tiers of one client: shards, each behind a lock that is held for no longer than one step
//! of the core, and the caches that are open in them.

mod inbox;
mod names;
mod place;

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use flipcache_core::{Bounds, CacheId, Catalog, KeySeed, OpenError, Options, Seed, Stats};

use crate::backend::{Listener, News};
use crate::shard::Shard;
use inbox::Inbox;
use names::Names;
use place::Place;

pub(crate) struct Tiers {
    shards: Box<[Box<Locked<dyn Shard>>]>,
    directory: Mutex<Directory>,
    names: Names,
    seed: Seed,
}

/// A shard behind its lock, on cache lines of its own, so that neighbours' locks do not slow it.
#[repr(align(128))]
pub(crate) struct Locked<S: ?Sized> {
    inbox: Inbox,
    shard: Mutex<S>,
}

impl<S: Shard + 'static> Locked<S> {
    pub(crate) fn new(shard: S) -> Box<Locked<dyn Shard>> {
        Box::new(Self {
            inbox: Inbox::default(),
            shard: Mutex::new(shard),
        })
    }
}

#[derive(Default)]
struct Directory {
    catalog: Catalog,
    /// By the numbers of the caches.
    places: Vec<Arc<Place>>,
}

/// One opening of a cache.
pub(super) struct Opened {
    pub(super) cache: CacheId,
    /// Of its keys.
    pub(super) seed: KeySeed,
    place: Arc<Place>,
}

impl Tiers {
    /// Tiers in these shards, of which there is at least one.
    pub(crate) fn new(shards: impl IntoIterator<Item = Box<Locked<dyn Shard>>>) -> Self {
        Self {
            shards: shards.into_iter().collect(),
            directory: Mutex::default(),
            names: Names::default(),
            seed: Seed::new(RandomState::new().hash_one(())),
        }
    }

    /// Opens a cache in every shard; what has expired may be kept for so long.
    pub(super) fn open(
        &self,
        name: &str,
        options: &Options,
        keep_expired: Duration,
    ) -> Result<Opened, OpenError> {
        let mut directory = self.directory();
        let cache = directory.catalog.open(name, options)?;
        let is_spread = Place::spreads(options, self.shards.len());
        let (place, has_moved) = match directory.places.get(cache.number() as usize) {
            Some(place) => (Arc::clone(place), place.move_to(is_spread)),
            None => {
                let place = Place::new(cache.number(), self.shards.len(), is_spread);
                self.names.introduce(name, &place);
                directory.places.push(Arc::clone(&place));
                (place, false)
            }
        };
        for index in 0..self.shards.len() {
            let mut shard = self.lock(index);
            let bounds = Bounds {
                keep_expired,
                ..place.share(options, index)
            };
            shard.open(cache, name, bounds);
            if has_moved {
                // Whoever still looks where keys were finds nothing, and puts nothing there: the
                // tickets from before are old, and those from after know the new place.
                shard.clear_local(cache);
                shard.invalidate_bucket(name);
            }
        }
        let seed = self.seed.of_cache(name);
        Ok(Opened { cache, seed, place })
    }

    pub(super) fn close(&self, opened: &Opened) {
        self.directory().catalog.close(opened.cache);
    }

    /// Works on the shard of a key. No code of others may run inside.
    pub(super) fn with<R>(
        &self,
        opened: &Opened,
        hash: u64,
        work: impl FnOnce(&mut dyn Shard) -> R,
    ) -> R {
        work(&mut *self.lock(opened.place.shard(hash)))
    }

    /// Works on the shards of keys, one after the other, each with the indices of its own in ascending
    /// order.
    pub(super) fn with_each(
        &self,
        opened: &Opened,
        keys: &[(u64, &str)],
        mut work: impl FnMut(&mut dyn Shard, &[usize]),
    ) {
        // Where a cache moves meanwhile, a key's shard may be another the second time.
        let shards: Vec<_> = keys.iter().map(|key| opened.place.shard(key.0)).collect();
        let mut ends = vec![0; self.shards.len()];
        for shard in &shards {
            ends[*shard] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += std::mem::replace(end, sum);
        }
        let mut indices = vec![0; keys.len()];
        for (index, shard) in shards.into_iter().enumerate() {
            indices[ends[shard]] = index;
            ends[shard] += 1;
        }
        let mut start = 0;
        for (shard, end) in ends.into_iter().enumerate() {
            if start < end {
                work(&mut *self.lock(shard), &indices[start..end]);
            }
            start = end;
        }
    }

    /// Tells the other shards where caches have the same complete key of it.
    pub(super) fn tell_elsewhere(
        &self,
        opened: &Opened,
        hash: u64,
        name: &str,
        key: &str,
        mut tell: impl FnMut(&mut dyn Shard, &str),
    ) {
        for shard in opened.place.elsewhere(hash) {
            let full_key = format!("{name}:{key}");
            tell(&mut *self.lock(shard), &full_key);
        }
    }

    /// See [`invalidate_bucket`](flipcache_core::Shard::invalidate_bucket).
    pub(super) fn invalidate_bucket(&self, name: &str) {
        for index in 0..self.shards.len() {
            self.lock(index).invalidate_bucket(name);
        }
    }

    pub(super) fn clear_local(&self, opened: &Opened) {
        for index in 0..self.shards.len() {
            self.lock(index).clear_local(opened.cache);
        }
    }

    /// The keys of each shard, in the order in which they leave it.
    pub(super) fn local_keys(&self, opened: &Opened) -> Vec<String> {
        let shards = 0..self.shards.len();
        let keys = shards.flat_map(|index| self.lock(index).local_keys(opened.cache));
        keys.collect()
    }

    pub(super) fn stats(&self, opened: &Opened) -> Stats {
        self.stats_of(opened.cache)
    }

    /// What each cache that was ever opened has done, with its name.
    pub(super) fn stats_of_all(&self) -> Vec<(Box<str>, Stats)> {
        let names = self.directory().catalog.names();
        let stats = names.into_iter().map(|(name, cache)| {
            let stats = self.stats_of(cache);
            (name, stats)
        });
        stats.collect()
    }

    fn stats_of(&self, cache: CacheId) -> Stats {
        let shards = 0..self.shards.len();
        shards.map(|index| self.lock(index).stats(cache)).sum()
    }

    fn lock(&self, index: usize) -> MutexGuard<'_, dyn Shard + 'static> {
        let Locked { inbox, shard } = &*self.shards[index];
        // Each step of a shard leaves it whole.
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        inbox.apply(&mut *shard);
        shard
    }

    fn inboxes(&self) -> impl Iterator<Item = &Inbox> {
        self.shards.iter().map(|shard| &shard.inbox)
    }

    fn directory(&self) -> MutexGuard<'_, Directory> {
        self.directory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for Tiers {
    fn hear(&self, news: News<'_>) {
        match news {
            News::Key(full_key) => {
                let hash = self.seed.hash_bytes(full_key.as_bytes());
                for shard in self.names.shards_of(full_key, hash) {
                    self.shards[shard].inbox.key(hash, full_key);
                }
            }
            News::Bucket(bucket) => {
                let name = bucket.to_string();
                self.inboxes().for_each(|inbox| inbox.bucket(&name));
            }
            News::Everything => self.inboxes().for_each(Inbox::everything),
            News::Deaf => self.inboxes().for_each(Inbox::suspend),
            News::Hearing => self.inboxes().for_each(Inbox::resume),
        }
    }
}
