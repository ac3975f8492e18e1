//! The names of all caches, and which of them share keys.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use flipcache_core::divisions;

use super::place::Place;

#[derive(Default)]
pub(super) struct Names(RwLock<HashMap<Box<str>, Arc<Place>>>);

impl Names {
    /// Takes in a name that is new, and finds those that share keys with it.
    pub(super) fn introduce(&self, name: &str, place: &Arc<Place>) {
        let mut places = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let is_within = |inner: &str, outer: &str| {
            let rest = inner.strip_prefix(outer);
            rest.is_some_and(|rest| rest.starts_with(':'))
        };
        for (other, other_place) in places.iter() {
            if is_within(name, other) || is_within(other, name) {
                Place::relate(place, other_place);
            }
        }
        places.insert(name.into(), Arc::clone(place));
    }

    /// The shards where caches are that have a complete key, each once.
    pub(super) fn shards_of(&self, full_key: &str, hash: u64) -> Vec<usize> {
        let places = self.places();
        let owners = divisions(full_key).filter_map(|(name, _)| places.get(name));
        let mut shards: Vec<_> = owners.map(|place| place.shard(hash)).collect();
        shards.sort_unstable();
        shards.dedup();
        shards
    }

    fn places(&self) -> RwLockReadGuard<'_, HashMap<Box<str>, Arc<Place>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}
