//! The caches that a shard knows: by number, by name, and by the keys that stand in L2.

use std::collections::BTreeMap;

use crate::bounds::Bounds;
use crate::catalog::{CacheId, MAX_CACHES};
use crate::name::divisions;
use crate::stats::Cause;
use crate::tier::Tier;

#[derive(Debug, Default)]
pub(super) struct Registry {
    /// By their numbers; `None`: not opened here.
    caches: Vec<Option<Cache>>,
    by_name: BTreeMap<Box<str>, CacheId>,
    /// The length of the longest name: no colon behind it can end a name.
    longest_name: usize,
}

#[derive(Debug)]
struct Cache {
    /// The name and a colon.
    prefix: String,
    tier: Tier,
}

impl Registry {
    /// Opens a cache: a tier made for it begins at `floor`, and one whose values become others ends
    /// there. A tier that was there has still to [`fit`](Tier::fit) its new bounds.
    pub(super) fn open(&mut self, id: CacheId, name: &str, bounds: Bounds, floor: u64, all: u64) {
        if id.number() >= MAX_CACHES {
            return;
        }
        let index = id.number() as usize;
        if index >= self.caches.len() {
            self.caches.resize_with(index + 1, || None);
        }
        match &mut self.caches[index] {
            Some(cache) => {
                if cache.tier.value_type() != bounds.value_type {
                    cache.tier.kill_all(floor, all, Cause::Explicit);
                }
                cache.tier.rebound(bounds);
            }
            vacant => {
                *vacant = Some(Cache {
                    prefix: format!("{name}:"),
                    tier: Tier::new(bounds, floor),
                });
                self.by_name.insert(name.into(), id);
                self.longest_name = self.longest_name.max(name.len());
            }
        }
    }

    pub(super) fn get(&self, id: CacheId) -> Option<&Tier> {
        Some(&self.cache(id)?.tier)
    }

    pub(super) fn get_mut(&mut self, id: CacheId) -> Option<&mut Tier> {
        let cache = self.caches.get_mut(id.number() as usize)?.as_mut()?;
        Some(&mut cache.tier)
    }

    fn cache(&self, id: CacheId) -> Option<&Cache> {
        self.caches.get(id.number() as usize)?.as_ref()
    }

    /// The caches that have the complete key, each with the key that it is there.
    pub(super) fn owners<'a>(&self, full_key: &'a str) -> Vec<(CacheId, &'a str)> {
        let in_names = divisions(full_key).take_while(|(name, _)| name.len() <= self.longest_name);
        let owner = |(name, key)| Some((*self.by_name.get(name)?, key));
        in_names.filter_map(owner).collect()
    }

    /// The caches but `id` that have its key `key`, each with the key that it is there.
    pub(super) fn other_owners(&self, id: CacheId, key: &str) -> Vec<(CacheId, String)> {
        let Some(cache) = self.cache(id).filter(|_| self.by_name.len() > 1) else {
            return Vec::new();
        };
        let full_key = format!("{}{key}", cache.prefix);
        let others = self
            .owners(&full_key)
            .into_iter()
            .filter(|(other, _)| *other != id);
        others.map(|(other, key)| (other, key.to_owned())).collect()
    }

    /// Kills what may stand under `name:`: in the cache itself, in those whose names begin so, and in
    /// those whose keys can begin so.
    pub(super) fn kill_bucket(&mut self, name: &str, floor: u64, all: u64) {
        let bucket = format!("{name}:");
        for cache in self.caches.iter_mut().flatten() {
            if cache.prefix.starts_with(&bucket) || bucket.starts_with(&cache.prefix) {
                cache.tier.kill_all(floor, all, Cause::Told);
            }
        }
    }

    /// The cache whose tier weighs most, if any weighs anything.
    pub(super) fn heaviest(&self) -> Option<CacheId> {
        let weight = |cache: &Option<Cache>| cache.as_ref().map_or(0, |cache| cache.tier.weight());
        let weights = self.caches.iter().map(weight).zip(0..);
        let (weight, id) = weights.max()?;
        (weight > 0).then_some(CacheId::from_number(id))
    }

    /// What all tiers weigh: the slow truth behind the shard's running sum.
    #[cfg(any(test, feature = "model"))]
    pub(super) fn weight(&self) -> u64 {
        let caches = self.caches.iter().flatten();
        caches.map(|cache| cache.tier.weight()).sum()
    }

    #[cfg(any(test, feature = "model"))]
    pub(super) fn validate(&self) {
        for cache in self.caches.iter().flatten() {
            cache.tier.validate();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;

    fn open(registry: &mut Registry, number: u32, name: &str) -> CacheId {
        let id = CacheId::from_number(number);
        registry.open(id, name, Bounds::from(&Options::default()), 0, 0);
        id
    }

    #[test]
    fn owners_nested_names_are_all_found() {
        let mut registry = Registry::default();
        let user = open(&mut registry, 0, "user");
        let admin = open(&mut registry, 7, "user:admin");
        open(&mut registry, 3, "other");
        assert_eq!(
            registry.owners("user:admin:1"),
            [(user, "admin:1"), (admin, "1")]
        );
        assert_eq!(registry.owners("user:7:x"), [(user, "7:x")]);
        assert_eq!(registry.owners("nobody"), []);
        assert_eq!(
            registry.other_owners(admin, "1"),
            [(user, "admin:1".to_owned())]
        );
    }

    #[test]
    fn open_a_number_beyond_the_limit_is_no_cache() {
        let mut registry = Registry::default();
        let id = open(&mut registry, MAX_CACHES, "n");
        assert!(registry.get(id).is_none() && registry.caches.is_empty());
    }
}
