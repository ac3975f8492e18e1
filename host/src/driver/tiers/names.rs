//! The names of all caches, and which of them share keys.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use flipcache_core::NameIndex;

use super::place::Place;

#[derive(Default)]
pub(super) struct Names(RwLock<NameIndex<Arc<Place>>>);

/// As long as there is one, no place moves.
pub(super) struct Settled<'a>(RwLockReadGuard<'a, NameIndex<Arc<Place>>>);

impl Names {
    /// Takes in a name that is new, and finds those that share keys with it.
    pub(super) fn introduce(&self, name: &str, place: &Arc<Place>) {
        let mut places = self.freeze();
        for other in places.overlapping(name) {
            Place::relate(place, other);
        }
        places.insert(name, Arc::clone(place));
    }

    /// Forgets a name, and those that share keys with it forget its place.
    pub(super) fn forget(&self, name: &str) {
        let removed = self.freeze().remove(name);
        if let Some(place) = removed {
            Place::unrelate(&place);
        }
    }

    /// Blocks look-ups of places until the guard is dropped.
    pub(super) fn freeze(&self) -> RwLockWriteGuard<'_, NameIndex<Arc<Place>>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets no place move meanwhile.
    pub(super) fn settled(&self) -> Settled<'_> {
        Settled(self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Settled<'_> {
    /// The shards where caches are that have a complete key, each once, and how long the shortest name of them is.
    pub(super) fn shards_of(&self, full_key: &str, hash: u64) -> (Vec<usize>, usize) {
        let owners: Vec<_> = self.0.caches_for_key(full_key).collect();
        let longest_key = owners.first().map_or(0, |(_, key)| key.len());
        let mut shards: Vec<_> = owners.iter().map(|(place, _)| place.shard(hash)).collect();
        shards.sort_unstable();
        shards.dedup();
        (shards, full_key.len().saturating_sub(longest_key + 1))
    }
}
