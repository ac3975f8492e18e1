//! The caches that a shard knows: by number, by name, and by the keys that stand in L2.

use std::collections::BTreeMap;

use crate::name::{InvalidName, KeyType, check_name};
use crate::options::{InvalidOptions, Options};
use crate::tier::Tier;

/// More names than this one instance does not keep tiers for.
const MAX_CACHES: usize = 1 << 16;

/// The number of a cache in its shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheId(u32);

/// Why a cache was not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The name cannot name a cache.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The options are not valid.
    #[error(transparent)]
    Options(#[from] InvalidOptions),
    /// It is open with another key or value type.
    #[error("the cache is open with another key or value type")]
    Conflict,
    /// The shard knows as many names as it can.
    #[error("{MAX_CACHES} names are known already")]
    TooMany,
}

#[derive(Debug, Default)]
pub(super) struct Registry {
    caches: Vec<Cache>,
    by_name: BTreeMap<Box<str>, CacheId>,
    /// The length of the longest name: no colon behind it can end a name.
    longest_name: usize,
}

#[derive(Debug)]
struct Cache {
    /// The name and a colon.
    prefix: String,
    key_type: KeyType,
    openings: usize,
    tier: Tier,
}

impl Registry {
    /// Opens a cache; a tier made for it begins at `floor`. A tier that was there has still to
    /// [`fit`](Tier::fit) its new bounds.
    pub(super) fn open(
        &mut self,
        name: &str,
        options: &Options,
        floor: u64,
    ) -> Result<CacheId, OpenError> {
        check_name(name)?;
        options.check()?;
        if let Some(id) = self.by_name.get(name).copied() {
            self.caches[id.0 as usize].reopen(options, floor)?;
            return Ok(id);
        }
        let id = u32::try_from(self.caches.len()).map_err(|_| OpenError::TooMany)?;
        if self.caches.len() == MAX_CACHES {
            return Err(OpenError::TooMany);
        }
        self.caches.push(Cache {
            prefix: format!("{name}:"),
            key_type: options.key_type,
            openings: 1,
            tier: Tier::new(options, floor),
        });
        self.by_name.insert(name.into(), CacheId(id));
        self.longest_name = self.longest_name.max(name.len());
        Ok(CacheId(id))
    }

    pub(super) fn close(&mut self, id: CacheId) {
        if let Some(cache) = self.caches.get_mut(id.0 as usize) {
            cache.openings = cache.openings.saturating_sub(1);
        }
    }

    pub(super) fn get(&self, id: CacheId) -> Option<&Tier> {
        self.caches.get(id.0 as usize).map(|cache| &cache.tier)
    }

    pub(super) fn get_mut(&mut self, id: CacheId) -> Option<&mut Tier> {
        self.caches
            .get_mut(id.0 as usize)
            .map(|cache| &mut cache.tier)
    }

    /// The caches that have the complete key, each with the key that it is there.
    pub(super) fn owners<'a>(&self, full_key: &'a str) -> Vec<(CacheId, &'a str)> {
        let colons = full_key.match_indices(':').map(|(at, _)| at);
        let in_names = colons.take_while(|at| *at <= self.longest_name);
        let owner = |at: usize| Some((*self.by_name.get(&full_key[..at])?, &full_key[at + 1..]));
        in_names.filter_map(owner).collect()
    }

    /// The caches but `id` that have its key `key`, each with the key that it is there.
    pub(super) fn other_owners(&self, id: CacheId, key: &str) -> Vec<(CacheId, String)> {
        let Some(cache) = self
            .caches
            .get(id.0 as usize)
            .filter(|_| self.caches.len() > 1)
        else {
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
    pub(super) fn kill_bucket(&mut self, name: &str, floor: u64) {
        let bucket = format!("{name}:");
        for cache in &mut self.caches {
            if cache.prefix.starts_with(&bucket) || bucket.starts_with(&cache.prefix) {
                cache.tier.kill_all(floor);
            }
        }
    }

    /// The cache whose tier weighs most, if any weighs anything.
    pub(super) fn heaviest(&self) -> Option<CacheId> {
        let weights = self
            .caches
            .iter()
            .zip(0..)
            .map(|(cache, id)| (cache.tier.weight(), id));
        let (weight, id) = weights.max()?;
        (weight > 0).then_some(CacheId(id))
    }

    /// What all tiers weigh: the slow truth behind the shard's running sum.
    #[cfg(test)]
    pub(super) fn weight(&self) -> u64 {
        self.caches.iter().map(|cache| cache.tier.weight()).sum()
    }

    #[cfg(test)]
    pub(super) fn validate(&self) {
        for cache in &self.caches {
            cache.tier.validate();
        }
    }
}

impl Cache {
    fn reopen(&mut self, options: &Options, floor: u64) -> Result<(), OpenError> {
        let same_types =
            self.key_type == options.key_type && self.tier.value_type() == options.value_type;
        if self.openings > 0 && !same_types {
            return Err(OpenError::Conflict);
        }
        self.openings += 1;
        self.key_type = options.key_type;
        if !same_types {
            // Nothing that was kept as another type may be answered as this one.
            self.tier.kill_all(floor);
        }
        self.tier.rebound(options);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::ValueType;

    fn open(registry: &mut Registry, name: &str) -> CacheId {
        registry
            .open(name, &Options::default(), 0)
            .expect("a valid opening")
    }

    #[test]
    fn owners_nested_names_are_all_found() {
        let mut registry = Registry::default();
        let user = open(&mut registry, "user");
        let admin = open(&mut registry, "user:admin");
        open(&mut registry, "other");
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
    fn open_with_another_type_conflicts_only_while_it_is_open() {
        let mut registry = Registry::default();
        let id = open(&mut registry, "n");
        let integers = Options {
            value_type: ValueType::Integer,
            ..Options::default()
        };
        assert_eq!(registry.open("n", &integers, 0), Err(OpenError::Conflict));
        registry.close(id);
        assert_eq!(registry.open("n", &integers, 0), Ok(id));
        assert_eq!(
            registry.open("n", &Options::default(), 0),
            Err(OpenError::Conflict)
        );
    }
}
