//! The names of caches with their numbers, types and openings.

use std::collections::BTreeMap;

use crate::name::{InvalidName, KeyType, check_name};
use crate::options::{InvalidOptions, Options};
use crate::value::ValueType;

/// Maximum number of names in a catalog, and of tiers in a shard.
pub(crate) const MAX_CACHES: u32 = 1 << 16;

/// Bytes of a shard's budget for each name. The longest names cost about this much.
const BYTES_A_NAME: u64 = 4 << 10;

/// Minimum number of names, however small the budget.
const MIN_NAMES: usize = 256;

/// A tenant may use one of this many parts of the names.
const TENANTS: usize = 8;

/// The number of a cache in its catalog and in every shard that serves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheId(u32);

impl CacheId {
    /// Returns the cache with this number.
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// Returns the number: 0 for the first cache, 1 for the next.
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// Why a cache was not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The name is not valid.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The options are not valid.
    #[error(transparent)]
    Options(#[from] InvalidOptions),
    /// The cache is open with another key or value type.
    #[error("the cache is open with another key or value type")]
    Conflict,
    /// All names of the catalog are open.
    #[error("all {0} names that the local tiers have room for are open; close some")]
    TooMany(usize),
    /// All names of the tenant's share are open.
    #[error("all {0} names of the tenant's share are open; close some")]
    TooManyOfTenant(usize),
}

/// The caches of one driver with their numbers.
///
/// A name that was opened once keeps its number and its entries after its last handle is closed.
/// When a new name needs the room, the name that was closed least recently ends. A tenant has a
/// share of the catalog; once it is used up, the tenant's own closed names end instead.
#[derive(Debug)]
pub struct Catalog {
    /// By number.
    caches: Vec<Known>,
    by_name: BTreeMap<Box<str>, CacheId>,
    /// Closed names, in the order in which they were closed.
    closed: BTreeMap<u64, CacheId>,
    /// How many names were ever closed.
    closings: u64,
    tenants: BTreeMap<Box<str>, Owned>,
    max_names: usize,
}

/// A name in the catalog.
#[derive(Debug)]
struct Known {
    name: Box<str>,
    /// The tenant that owns the name, if any.
    tenant: Option<Box<str>>,
    key_type: KeyType,
    value_type: ValueType,
    /// Number of open handles.
    openings: usize,
    /// Its key in `closed`, if it is closed.
    closed_at: Option<u64>,
}

/// The names of one tenant.
#[derive(Debug, Default)]
struct Owned {
    names: usize,
    /// As in the catalog.
    closed: BTreeMap<u64, CacheId>,
}

impl Default for Catalog {
    fn default() -> Self {
        Self::of_names(MAX_CACHES as usize)
    }
}

impl Catalog {
    /// Creates an empty catalog for up to 65,536 names.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an empty catalog for shards with this budget in bytes. It has a name for every 4
    /// KiB, but at least 256 and at most 65,536 names. A tenant's share is an eighth of them.
    pub fn for_budget(max_bytes: u64) -> Self {
        let names = usize::try_from(max_bytes / BYTES_A_NAME).unwrap_or(usize::MAX);
        Self::of_names(names.clamp(MIN_NAMES, MAX_CACHES as usize))
    }

    fn of_names(max_names: usize) -> Self {
        Self {
            caches: Vec::new(),
            by_name: BTreeMap::new(),
            closed: BTreeMap::new(),
            closings: 0,
            tenants: BTreeMap::new(),
            max_names,
        }
    }

    /// Opens a cache, or opens it again. Every opening needs one [`close`](Self::close). Pass the
    /// number to [`Shard::open`](crate::Shard::open) as well, because it may have belonged to a
    /// name that has ended.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the name or the options are not valid, the cache is open with another key
    /// or value type, or there is no room for another name.
    pub fn open(&mut self, name: &str, options: &Options) -> Result<CacheId, OpenError> {
        self.open_for(None, name, options)
    }

    /// Opens a cache as [`open`](Self::open) does, for a tenant if there is one. A new name counts
    /// against the tenant's share.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`OpenError::TooManyOfTenant`] if all names of the share are
    /// open.
    pub fn open_for(
        &mut self,
        tenant: Option<&str>,
        name: &str,
        options: &Options,
    ) -> Result<CacheId, OpenError> {
        check_name(name)?;
        options.check()?;
        if let Some(id) = self.by_name.get(name).copied() {
            self.caches[id.0 as usize].reopen(options)?;
            self.reclaim(id);
            return Ok(id);
        }
        let id = self.place_for(tenant)?;
        let known = Known {
            name: name.into(),
            tenant: tenant.map(Into::into),
            key_type: options.key_type,
            value_type: options.value_type,
            openings: 1,
            closed_at: None,
        };
        match self.caches.get_mut(id.0 as usize) {
            Some(place) => *place = known,
            None => self.caches.push(known),
        }
        if let Some(tenant) = tenant {
            self.tenants.entry(tenant.into()).or_default().names += 1;
        }
        self.by_name.insert(name.into(), id);
        Ok(id)
    }

    /// Returns all known names with their numbers.
    pub fn names(&self) -> Vec<(Box<str>, CacheId)> {
        let names = self.by_name.iter();
        names.map(|(name, id)| (name.clone(), *id)).collect()
    }

    /// Returns the number of a name, if it is known.
    pub fn number_of(&self, name: &str) -> Option<CacheId> {
        self.by_name.get(name).copied()
    }

    /// Closes one opening.
    pub fn close(&mut self, id: CacheId) {
        let Some(cache) = self.caches.get_mut(id.0 as usize) else {
            return;
        };
        cache.openings = cache.openings.saturating_sub(1);
        if cache.openings == 0 && cache.closed_at.is_none() {
            self.closings += 1;
            cache.closed_at = Some(self.closings);
            self.closed.insert(self.closings, id);
            if let Some(owned) = cache
                .tenant
                .as_ref()
                .and_then(|it| self.tenants.get_mut(it))
            {
                owned.closed.insert(self.closings, id);
            }
        }
    }

    /// Returns the number for a new name: the next one, or that of a name that ends.
    fn place_for(&mut self, tenant: Option<&str>) -> Result<CacheId, OpenError> {
        let share = (self.max_names / TENANTS).max(1);
        let owned = tenant.and_then(|tenant| self.tenants.get(tenant));
        let least_recent = |closed: &BTreeMap<u64, CacheId>| closed.values().next().copied();
        let ending = if let Some(owned) = owned.filter(|owned| owned.names >= share) {
            least_recent(&owned.closed).ok_or(OpenError::TooManyOfTenant(share))?
        } else if self.caches.len() < self.max_names {
            let next = u32::try_from(self.caches.len()).unwrap_or(u32::MAX);
            return Ok(CacheId(next));
        } else {
            least_recent(&self.closed).ok_or(OpenError::TooMany(self.max_names))?
        };
        self.end(ending);
        Ok(ending)
    }

    /// Removes a closed name. The caller gives its number to a new name at once.
    fn end(&mut self, id: CacheId) {
        self.reclaim(id);
        let cache = &self.caches[id.0 as usize];
        self.by_name.remove(&cache.name);
        if let Some(tenant) = &cache.tenant
            && let Some(owned) = self.tenants.get_mut(tenant)
        {
            owned.names -= 1;
            if owned.names == 0 {
                self.tenants.remove(tenant);
            }
        }
    }

    /// Removes a name from the closed ones.
    fn reclaim(&mut self, id: CacheId) {
        let cache = &mut self.caches[id.0 as usize];
        let Some(closed_at) = cache.closed_at.take() else {
            return;
        };
        self.closed.remove(&closed_at);
        if let Some(owned) = cache
            .tenant
            .as_ref()
            .and_then(|it| self.tenants.get_mut(it))
        {
            owned.closed.remove(&closed_at);
        }
    }
}

impl Known {
    fn reopen(&mut self, options: &Options) -> Result<(), OpenError> {
        let types = (options.key_type, options.value_type);
        if self.openings > 0 && (self.key_type, self.value_type) != types {
            return Err(OpenError::Conflict);
        }
        self.openings += 1;
        (self.key_type, self.value_type) = types;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integers() -> Options {
        Options {
            value_type: ValueType::Integer,
            ..Options::default()
        }
    }

    #[test]
    fn open_with_another_type_conflicts_only_while_it_is_open() {
        let mut catalog = Catalog::new();
        let id = catalog.open("n", &Options::default()).expect("it is new");
        assert_eq!(catalog.open("n", &integers()), Err(OpenError::Conflict));
        catalog.close(id);
        assert_eq!(catalog.open("n", &integers()), Ok(id));
        assert_eq!(
            catalog.open("n", &Options::default()),
            Err(OpenError::Conflict)
        );
    }

    fn open(catalog: &mut Catalog, name: impl ToString) -> Result<CacheId, OpenError> {
        catalog.open(&name.to_string(), &Options::default())
    }

    #[test]
    fn open_more_names_than_the_limit_fails_and_known_ones_still_open() {
        let mut catalog = Catalog::for_budget(0);
        for number in 0..MIN_NAMES {
            let id = open(&mut catalog, number).expect("there is room");
            assert_eq!(id.number() as usize, number);
        }
        let one_more = open(&mut catalog, "one more");
        assert_eq!(one_more, Err(OpenError::TooMany(MIN_NAMES)));
        assert_eq!(open(&mut catalog, 7), Ok(CacheId(7)));
    }

    #[test]
    fn open_any_number_of_names_in_turn_never_fails() {
        let mut catalog = Catalog::for_budget(0);
        let kept = open(&mut catalog, "kept").expect("there is room");
        for number in 0..3 * MIN_NAMES {
            let id = open(&mut catalog, number).expect("a closed name ends");
            assert_ne!(id, kept, "an open name keeps its number");
            catalog.close(id);
        }
        assert_eq!(catalog.names().len(), MIN_NAMES);
        assert_eq!(open(&mut catalog, "kept"), Ok(kept));
    }

    #[test]
    fn open_beyond_the_limit_ends_the_name_that_was_closed_least_recently() {
        let mut catalog = Catalog::of_names(3);
        let [a, b, _] = ["a", "b", "c"].map(|name| open(&mut catalog, name).expect("room"));
        for closed in [a, b, a] {
            catalog.close(closed);
        }
        assert_eq!(open(&mut catalog, "a"), Ok(a));
        catalog.close(a);
        assert_eq!(open(&mut catalog, "d"), Ok(b), "b was closed before a");
        assert_eq!(catalog.number_of("b"), None);
        assert_eq!(open(&mut catalog, "a"), Ok(a), "it was known still");
        assert_eq!(open(&mut catalog, "b"), Err(OpenError::TooMany(3)));
    }

    #[test]
    fn open_beyond_a_tenants_share_takes_no_name_of_another() {
        let mut catalog = Catalog::of_names(2 * TENANTS);
        let own = open(&mut catalog, "own").expect("room");
        catalog.close(own);
        let open_for = |catalog: &mut Catalog, name: usize| {
            catalog.open_for(Some("acme"), &name.to_string(), &Options::default())
        };
        let ids = [0, 1].map(|name| open_for(&mut catalog, name).expect("it is in the share"));
        let beyond = open_for(&mut catalog, 2);
        assert_eq!(beyond, Err(OpenError::TooManyOfTenant(2)));
        catalog.close(ids[1]);
        for name in 2..100 {
            let id = open_for(&mut catalog, name).expect("one of its closed names ends");
            assert_eq!(id, ids[1]);
            catalog.close(id);
        }
        let others = catalog.open_for(Some("other"), "x", &Options::default());
        assert!(others.is_ok(), "shares are each tenant's own");
        assert_eq!(catalog.number_of("own"), Some(own));
    }
}
