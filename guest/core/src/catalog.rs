//! Which names are open, as what, and by what number.

use std::collections::BTreeMap;

use crate::name::{InvalidName, KeyType, check_name};
use crate::options::{InvalidOptions, Options};
use crate::value::ValueType;

/// More names than this no catalog takes, and no shard keeps tiers for.
pub(crate) const MAX_CACHES: u32 = 1 << 16;

/// The number of a cache in its catalog, and in every shard that serves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheId(u32);

impl CacheId {
    /// The cache of this number.
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// Its number: the first cache has 0, the next one 1.
    pub const fn number(self) -> u32 {
        self.0
    }
}

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
    /// The catalog has as many names as it can.
    #[error("{MAX_CACHES} names are known already")]
    TooMany,
}

/// The caches of one driver, each with its number. A name keeps its number for good.
#[derive(Debug, Default)]
pub struct Catalog {
    caches: Vec<Known>,
    by_name: BTreeMap<Box<str>, CacheId>,
}

#[derive(Debug)]
struct Known {
    key_type: KeyType,
    value_type: ValueType,
    /// How many handles are open.
    openings: usize,
}

impl Catalog {
    /// An empty catalog.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens a cache, once more perhaps. Every opening is followed by one [`close`](Self::close).
    /// Its shards are to be told, by [`Shard::open`](crate::Shard::open).
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the name or the options are not valid, or the cache is open with another
    /// key or value type.
    pub fn open(&mut self, name: &str, options: &Options) -> Result<CacheId, OpenError> {
        check_name(name)?;
        options.check()?;
        if let Some(id) = self.by_name.get(name).copied() {
            self.caches[id.0 as usize].reopen(options)?;
            return Ok(id);
        }
        let id = u32::try_from(self.caches.len()).map_err(|_| OpenError::TooMany)?;
        if id >= MAX_CACHES {
            return Err(OpenError::TooMany);
        }
        self.caches.push(Known {
            key_type: options.key_type,
            value_type: options.value_type,
            openings: 1,
        });
        self.by_name.insert(name.into(), CacheId(id));
        Ok(CacheId(id))
    }

    /// All names that were ever opened, each with its number.
    pub fn names(&self) -> Vec<(Box<str>, CacheId)> {
        let names = self.by_name.iter();
        names.map(|(name, id)| (name.clone(), *id)).collect()
    }

    /// Ends one opening.
    pub fn close(&mut self, id: CacheId) {
        if let Some(cache) = self.caches.get_mut(id.0 as usize) {
            cache.openings = cache.openings.saturating_sub(1);
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

    #[test]
    fn open_more_names_than_the_limit_is_refused_and_known_ones_open_on() {
        let mut catalog = Catalog::new();
        for number in 0..MAX_CACHES {
            let id = catalog.open(&number.to_string(), &Options::default());
            assert_eq!(id, Ok(CacheId(number)));
        }
        let one_more = catalog.open("one more", &Options::default());
        assert_eq!(one_more, Err(OpenError::TooMany));
        assert_eq!(catalog.open("7", &Options::default()), Ok(CacheId(7)));
    }
}
