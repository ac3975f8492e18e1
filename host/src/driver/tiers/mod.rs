//! The local tiers of one client: shards, each behind a lock that is held for no longer than one step
//! of the core, and the caches that are open in them.

mod inbox;
mod moving;
mod names;
mod place;
#[cfg(test)]
mod tests;

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use flipcache_core::{Bounds, CacheId, Catalog, KeySeed, OpenError, Options, Seed, Stats};

use crate::backend::{FeedEvent, Listener};
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

struct Directory {
    catalog: Catalog,
    /// By the numbers of the caches, each with the name.
    places: Vec<(Box<str>, Arc<Place>)>,
}

/// One opening of a cache.
pub(super) struct Opened {
    pub(super) cache: CacheId,
    /// Of its keys.
    pub(super) seed: KeySeed,
    place: Arc<Place>,
}

impl Tiers {
    /// Tiers in these shards, of which there is at least one; each may have so many bytes.
    pub(crate) fn new(
        shards: impl IntoIterator<Item = Box<Locked<dyn Shard>>>,
        max_bytes: u64,
    ) -> Self {
        Self {
            shards: shards.into_iter().collect(),
            directory: Mutex::new(Directory {
                catalog: Catalog::for_budget(max_bytes),
                places: Vec::new(),
            }),
            names: Names::default(),
            seed: Seed::new(RandomState::new().hash_one(())),
        }
    }

    /// Opens a cache in every shard; what has expired may be kept for so long. A name of a tenant counts against its
    /// share.
    pub(super) fn open(
        &self,
        tenant: Option<&str>,
        name: &str,
        options: &Options,
        keep_expired: Duration,
    ) -> Result<Opened, OpenError> {
        let mut directory = self.directory();
        let cache = directory.catalog.open_for(tenant, name, options)?;
        let is_spread = Place::spreads(options, self.shards.len());
        let place = self.place_of(&mut directory, cache, name, is_spread);
        let bounds = |bounds| Bounds {
            keep_expired,
            ..bounds
        };
        if place.is_spread() != is_spread {
            let whole = bounds(Bounds::from(options));
            self.move_cache((cache, name), &place, is_spread, whole);
        }
        for index in 0..self.shards.len() {
            let share = bounds(place.share(options, index));
            self.lock(index).open(cache, name, share);
        }
        let seed = self.seed.of_cache(name);
        Ok(Opened { cache, seed, place })
    }

    /// The place of a cache: a new one for a name that is new. A name that had the number before has ended.
    fn place_of(
        &self,
        directory: &mut Directory,
        cache: CacheId,
        name: &str,
        is_spread: bool,
    ) -> Arc<Place> {
        let number = cache.number() as usize;
        match directory.places.get(number) {
            Some((known, place)) if **known == *name => return Arc::clone(place),
            Some((ended, _)) => self.names.forget(ended),
            None => {}
        }
        let place = Place::new(cache.number(), self.shards.len(), is_spread);
        self.names.introduce(name, &place);
        let named = (name.into(), Arc::clone(&place));
        match directory.places.get_mut(number) {
            Some(known) => *known = named,
            None => directory.places.push(named),
        }
        place
    }

    pub(super) fn close(&self, opened: &Opened) {
        self.directory().catalog.close(opened.cache);
    }

    /// Works on the shard of a key. No code of others may run inside.
    #[inline]
    pub(super) fn with<R>(
        &self,
        opened: &Opened,
        hash: u64,
        work: impl FnOnce(&mut dyn Shard) -> R,
    ) -> R {
        loop {
            let index = opened.place.shard(hash);
            let mut shard = self.lock(index);
            // Once the shard is locked, the cache does not move.
            if opened.place.shard(hash) == index {
                return work(&mut *shard);
            }
        }
    }

    /// Works on the shards of keys, one after the other, each with the indices of its own in ascending
    /// order.
    pub(super) fn with_each(
        &self,
        opened: &Opened,
        keys: &[(u64, &str)],
        mut work: impl FnMut(&mut dyn Shard, &[usize]),
    ) {
        let mut left: Vec<usize> = (0..keys.len()).collect();
        while !left.is_empty() {
            left = self.with_each_of(&opened.place, keys, &left, &mut work);
        }
    }

    /// As [`with_each`](Self::with_each) for some of the keys; returns those that have moved before their turn.
    fn with_each_of(
        &self,
        place: &Place,
        keys: &[(u64, &str)],
        indices: &[usize],
        work: &mut impl FnMut(&mut dyn Shard, &[usize]),
    ) -> Vec<usize> {
        let was_spread = place.is_spread();
        let shards = indices
            .iter()
            .map(|at| place.shard_if(was_spread, keys[*at].0));
        let shards: Vec<_> = shards.collect();
        let mut ends = vec![0; self.shards.len()];
        for shard in &shards {
            ends[*shard] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += std::mem::replace(end, sum);
        }
        let mut sorted = vec![0; indices.len()];
        for (at, shard) in indices.iter().zip(shards) {
            sorted[ends[shard]] = *at;
            ends[shard] += 1;
        }
        let (mut start, mut moved) = (0, Vec::new());
        for (index, end) in ends.into_iter().enumerate() {
            if start < end {
                let mut shard = self.lock(index);
                if place.is_spread() == was_spread {
                    work(&mut *shard, &sorted[start..end]);
                } else {
                    moved.extend(&sorted[start..end]);
                }
            }
            start = end;
        }
        moved.sort_unstable();
        moved
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
        if !opened.place.has_kin() {
            return;
        }
        let _settled = self.names.settled();
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

    /// Returns the statistics of each cache whose name is known.
    pub(super) fn stats_of_all(&self) -> Vec<(Box<str>, Stats)> {
        let names = self.directory().catalog.names();
        let stats = names.into_iter().filter_map(|(name, cache)| {
            let directory = self.directory();
            // It may have ended meanwhile, and its number is another's.
            let is_known = directory.catalog.number_of(&name) == Some(cache);
            is_known.then(|| (name, self.stats_of(cache)))
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
    fn on_event(&self, event: FeedEvent<'_>) {
        match event {
            FeedEvent::Key(full_key) => {
                let hash = self.seed.hash_bytes(full_key.as_bytes());
                let names = self.names.settled();
                let (shards, name_len) = names.shards_of(full_key, hash);
                for shard in shards {
                    self.shards[shard].inbox.key(hash, full_key, name_len);
                }
            }
            FeedEvent::Bucket(bucket) => {
                let name = bucket.to_string();
                self.inboxes().for_each(|inbox| inbox.bucket(&name));
            }
            FeedEvent::All => self.inboxes().for_each(Inbox::everything),
            FeedEvent::Lost => self.inboxes().for_each(Inbox::suspend),
            FeedEvent::Restored => self.inboxes().for_each(Inbox::resume),
        }
    }
}
