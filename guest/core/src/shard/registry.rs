//! The caches of a shard: by number, by name, and by complete key.

use crate::bounds::Bounds;
use crate::catalog::{CacheId, MAX_CACHES};
use crate::names::NameIndex;
use crate::stats::RemovalCause;
use crate::tier::Tier;

/// The cost of a cache besides its name and its entries, in bytes.
const NAME_OVERHEAD: u64 = 1024;

#[derive(Debug, Default)]
pub(super) struct Registry {
    /// By number; `None`: not open here.
    caches: Vec<Option<Cache>>,
    by_name: NameIndex<CacheId>,
    /// The cost of all names, in bytes.
    names_weight: u64,
}

#[derive(Debug)]
struct Cache {
    /// The name and a colon.
    prefix: String,
    tier: Tier,
}

impl Registry {
    /// Opens a cache. A new tier starts at `min_version`; a tier whose value type changes is
    /// invalidated at it. An existing tier must then be [fitted](Tier::evict_to_fit) to its new
    /// bounds. The number must not belong to another name: see
    /// [`remove_other_name`](Self::remove_other_name).
    pub(super) fn open(
        &mut self,
        id: CacheId,
        name: &str,
        bounds: Bounds,
        min_version: u64,
        all: u64,
    ) {
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
                    cache
                        .tier
                        .invalidate_all(min_version, all, RemovalCause::Explicit);
                }
                cache.tier.set_bounds(bounds);
            }
            vacant => {
                *vacant = Some(Cache {
                    prefix: format!("{name}:"),
                    tier: Tier::new(bounds, min_version),
                });
                self.by_name.insert(name, id);
                self.names_weight += name_weight(name.len());
            }
        }
    }

    /// Removes the cache of this number if it has another name; returns the weight of its tier.
    pub(super) fn remove_other_name(&mut self, id: CacheId, name: &str) -> u64 {
        let place = self.caches.get_mut(id.number() as usize);
        let other = place.and_then(|place| place.take_if(|cache| cache.name() != name));
        let Some(other) = other else {
            return 0;
        };
        self.by_name.remove(other.name());
        self.names_weight -= name_weight(other.name().len());
        other.tier.weight()
    }

    /// Returns the cost of all names, in bytes: everything a shard holds for caches besides their
    /// entries.
    pub(super) fn names_weight(&self) -> u64 {
        self.names_weight
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

    /// Returns the caches that have the complete key, each with its own key for it.
    pub(super) fn caches_for_key<'a>(&self, full_key: &'a str) -> Vec<(CacheId, &'a str)> {
        let found = self.by_name.caches_for_key(full_key);
        found.map(|(cache, key)| (*cache, key)).collect()
    }

    /// Returns the caches other than `id` that have its key `key`, each with its own key for it.
    pub(super) fn other_caches_for_key(&self, id: CacheId, key: &str) -> Vec<(CacheId, String)> {
        let Some(cache) = self.cache(id).filter(|_| self.by_name.has_nested()) else {
            return Vec::new();
        };
        let full_key = format!("{}{key}", cache.prefix);
        let others = self
            .caches_for_key(&full_key)
            .into_iter()
            .filter(|(other, _)| *other != id);
        others.map(|(other, key)| (other, key.to_owned())).collect()
    }

    /// Invalidates what may be stored under `name:`: in the cache itself, in caches whose names
    /// begin so, and in caches whose keys can begin so.
    pub(super) fn invalidate_bucket(&mut self, name: &str, min_version: u64, all: u64) {
        let this = self.by_name.get(name).copied();
        let others = self.by_name.overlapping(name).copied();
        for id in this.into_iter().chain(others) {
            if let Some(Some(cache)) = self.caches.get_mut(id.number() as usize) {
                cache
                    .tier
                    .invalidate_all(min_version, all, RemovalCause::Invalidated);
            }
        }
    }

    /// Returns the cache with the heaviest tier, unless all are empty.
    pub(super) fn heaviest(&self) -> Option<CacheId> {
        let weight = |cache: &Option<Cache>| cache.as_ref().map_or(0, |cache| cache.tier.weight());
        let weights = self.caches.iter().map(weight).zip(0..);
        let (weight, id) = weights.max()?;
        (weight > 0).then_some(CacheId::from_number(id))
    }

    /// Returns the weight of all tiers, summed from scratch to check the shard's running sum.
    #[cfg(any(test, feature = "model"))]
    pub(super) fn weight(&self) -> u64 {
        let caches = self.caches.iter().flatten();
        caches.map(|cache| cache.tier.weight()).sum()
    }

    #[cfg(any(test, feature = "model"))]
    pub(super) fn validate(&self) {
        let mut names_weight = 0;
        for cache in self.caches.iter().flatten() {
            cache.tier.validate();
            names_weight += name_weight(cache.name().len());
        }
        assert_eq!(
            self.names_weight, names_weight,
            "the weight of names is wrong"
        );
    }
}

impl Cache {
    fn name(&self) -> &str {
        self.prefix.strip_suffix(':').unwrap_or(&self.prefix)
    }
}

/// Returns the bytes that a shard holds for a cache besides its entries: tier, index, and the name
/// three times.
fn name_weight(len: usize) -> u64 {
    NAME_OVERHEAD + 3 * len as u64
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
    fn caches_for_key_nested_names_are_all_found() {
        let mut registry = Registry::default();
        let user = open(&mut registry, 0, "user");
        let admin = open(&mut registry, 7, "user:admin");
        open(&mut registry, 3, "other");
        assert_eq!(
            registry.caches_for_key("user:admin:1"),
            [(user, "admin:1"), (admin, "1")]
        );
        assert_eq!(registry.caches_for_key("user:7:x"), [(user, "7:x")]);
        assert_eq!(registry.caches_for_key("absent"), []);
        assert_eq!(
            registry.other_caches_for_key(admin, "1"),
            [(user, "admin:1".to_owned())]
        );
    }

    #[test]
    fn open_a_number_again_under_another_name_is_another_cache() {
        let mut registry = Registry::default();
        let id = open(&mut registry, 0, "one");
        assert_eq!(registry.remove_other_name(id, "one"), 0);
        assert_eq!(registry.caches_for_key("one:k"), [(id, "k")]);
        registry.remove_other_name(id, "other");
        assert_eq!(
            (registry.caches_for_key("one:k"), registry.names_weight()),
            (vec![], 0)
        );
        open(&mut registry, 0, "other");
        assert_eq!(registry.caches_for_key("other:k"), [(id, "k")]);
        registry.validate();
    }

    #[test]
    fn open_a_number_beyond_the_limit_is_no_cache() {
        let mut registry = Registry::default();
        let id = open(&mut registry, MAX_CACHES, "n");
        assert!(registry.get(id).is_none() && registry.caches.is_empty());
    }
}
