//! A cache of either engine, with the methods of both.

use std::sync::Arc;

use flipcache::backend::{BackendState, KvBackend, Page};
use flipcache::{Expiry, Found, Options, Source, Stats, Value, ValueCache, component};

use crate::cli::failure::Failure;
use crate::cli::interrupt::block_on;

pub(crate) enum Cache {
    Shards(ValueCache),
    /// The cache, and its host's backend.
    Component(Box<component::Cache>, Arc<dyn KvBackend>),
}

impl Cache {
    pub(crate) fn options(&self) -> &Options {
        match self {
            Self::Shards(cache) => cache.options(),
            Self::Component(cache, _) => cache.options(),
        }
    }

    pub(crate) fn get(&self, key: &str) -> Result<Found<Value>, Failure> {
        match self {
            Self::Shards(cache) => block_on(cache.get(key)),
            Self::Component(cache, _) => Ok(cache.get(key)?),
        }
    }

    /// Returns the values, and one source for all that were found: see [`furthest`].
    pub(crate) fn get_many(
        &self,
        keys: &[String],
    ) -> Result<(Vec<Option<Value>>, Source), Failure> {
        match self {
            Self::Shards(cache) => {
                let found = block_on(cache.get_many_detailed(&texts(keys)))?;
                let source = furthest(found.iter().map(|found| found.source));
                Ok((found.into_iter().map(|found| found.value).collect(), source))
            }
            Self::Component(cache, _) => {
                // The export does not return sources, but the counters show them.
                let before = cache.stats()?;
                let values = cache.get_many(keys)?;
                let after = cache.stats()?;
                let are_defaults = values.iter().any(Option::is_some);
                let happened = [
                    (after.stale_hits > before.stale_hits, Source::Stale),
                    (after.backend_hits > before.backend_hits, Source::Backend),
                    (
                        after.misses > before.misses
                            && are_defaults
                            && cache.options().default.is_some(),
                        Source::Default,
                    ),
                    (after.local_hits > before.local_hits, Source::Local),
                ];
                let sources = happened.into_iter().filter(|(has, _)| *has);
                let source = furthest(sources.map(|(_, source)| source));
                Ok((values, source))
            }
        }
    }

    pub(crate) fn set(&self, key: &str, value: Value, expiry: Expiry) -> Result<(), Failure> {
        match self {
            Self::Shards(cache) => block_on(cache.set(key, &value, expiry)),
            Self::Component(cache, _) => Ok(cache.set(key, value, expiry)?),
        }
    }

    pub(crate) fn set_many(
        &self,
        entries: Vec<(String, Value)>,
        expiry: Expiry,
    ) -> Result<(), Failure> {
        match self {
            Self::Shards(cache) => {
                let entries = entries.iter().map(|(key, value)| (key.as_str(), value));
                block_on(cache.set_many(entries, expiry))
            }
            Self::Component(cache, _) => Ok(cache.set_many(entries, expiry)?),
        }
    }

    pub(crate) fn delete(&self, keys: &[String]) -> Result<u64, Failure> {
        match self {
            Self::Shards(cache) => block_on(cache.delete(&texts(keys))),
            Self::Component(cache, _) => Ok(cache.delete(keys)?),
        }
    }

    pub(crate) fn contains(&self, key: &str) -> Result<bool, Failure> {
        match self {
            Self::Shards(cache) => block_on(cache.contains(key)),
            Self::Component(cache, _) => Ok(cache.contains(key)?),
        }
    }

    pub(crate) fn refresh(&self, key: &str) -> Result<bool, Failure> {
        match self {
            Self::Shards(cache) => block_on(cache.refresh(key)),
            Self::Component(cache, _) => Ok(cache.refresh(key)?),
        }
    }

    pub(crate) fn keys(&self, cursor: Option<&str>, limit: u32) -> Result<Page, Failure> {
        match self {
            Self::Shards(cache) => block_on(cache.keys(cursor, limit)),
            Self::Component(cache, _) => Ok(cache.keys(cursor, limit)?),
        }
    }

    pub(crate) fn len(&self) -> Result<u64, Failure> {
        match self {
            Self::Shards(cache) => block_on(cache.len()),
            Self::Component(cache, _) => Ok(cache.len()?),
        }
    }

    pub(crate) fn clear(&self) -> Result<u64, Failure> {
        match self {
            Self::Shards(cache) => block_on(cache.clear()),
            Self::Component(cache, _) => Ok(cache.clear()?),
        }
    }

    pub(crate) fn local_get(&self, key: &str) -> Result<Option<Value>, Failure> {
        match self {
            Self::Shards(cache) => Ok(cache.local_get(key)),
            Self::Component(cache, _) => Ok(cache.local_get(key)?),
        }
    }

    pub(crate) fn local_keys(&self) -> Result<Vec<String>, Failure> {
        match self {
            Self::Shards(cache) => Ok(cache.local_keys()),
            Self::Component(cache, _) => Ok(cache.local_keys()?),
        }
    }

    pub(crate) fn backend_state(&self) -> BackendState {
        match self {
            Self::Shards(cache) => cache.backend_state(),
            Self::Component(_, backend) => BackendState::of(&**backend),
        }
    }

    pub(crate) fn stats(&self) -> Result<Stats, Failure> {
        match self {
            Self::Shards(cache) => Ok(cache.stats()),
            Self::Component(cache, _) => Ok(cache.stats()?),
        }
    }
}

/// Returns one source for several values: `Stale` before all others, as readers must know of it;
/// then `Backend`, `Default`, `Local`.
fn furthest(sources: impl IntoIterator<Item = Source>) -> Source {
    let rank = |source: &Source| match source {
        Source::None => 0,
        Source::Local => 1,
        Source::Default => 2,
        Source::Backend => 3,
        Source::Stale => 4,
    };
    sources.into_iter().max_by_key(rank).unwrap_or(Source::None)
}

fn texts(keys: &[String]) -> Vec<&str> {
    keys.iter().map(String::as_str).collect()
}
