//! The two engines of the commands, with the same results.

mod cache;
mod dict;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use flipcache::backend::KvBackend;
use flipcache::component::Instance;
use flipcache::{Client, CodeCache, Error, Options, Order, Resilience};

use super::code_cache;
pub(crate) use cache::Cache;
pub(crate) use dict::Dict;

/// The engine of the cache.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Engine {
    /// The cache's rules in this program, local tiers in instances of the component
    #[default]
    Shards,
    /// The component's typed exports, as in hosts of other languages
    Component,
}

/// Opens caches and dictionaries, all in the same local tiers.
pub(crate) enum Caches {
    Shards(Client),
    /// The instance, and its host's backend.
    Component(Instance, Arc<dyn KvBackend>),
}

impl Caches {
    pub(crate) fn new(
        engine: Engine,
        backend: Arc<dyn KvBackend>,
        code_cache: Option<CodeCache>,
    ) -> Result<Self, Error> {
        Ok(match engine {
            Engine::Shards => {
                // Commands run one after the other, so a second shard would only cost its start.
                let shards = code_cache::shards(code_cache).count(NonZeroUsize::MIN);
                Self::Shards(Client::builder(backend).shards(shards).build()?)
            }
            Engine::Component => {
                let mut instance = Instance::builder(Arc::clone(&backend));
                if let Some(code_cache) = code_cache {
                    instance = instance.code_cache(code_cache);
                }
                Self::Component(instance.build()?, backend)
            }
        })
    }

    pub(crate) fn open(
        &self,
        name: &str,
        options: Options,
        resilience: Resilience,
    ) -> Result<Cache, Error> {
        Ok(match self {
            Self::Shards(client) => Cache::Shards(client.open_with(name, options, resilience)?),
            Self::Component(instance, backend) => {
                // No feed invalidates this cache's entries; with this, it checks for changes at
                // every read, if it can.
                let resilience = Resilience {
                    max_staleness: backend.feed().map(|_| Duration::ZERO),
                    ..resilience
                };
                let cache = instance.open_with(name, options, resilience)?;
                Cache::Component(Box::new(cache), Arc::clone(backend))
            }
        })
    }

    pub(crate) fn open_dict(&self, order: Order, max_items: u32) -> Result<Dict, Error> {
        Ok(match self {
            Self::Shards(_) => Dict::Shards(flipcache::Dict::open(order, max_items)?),
            Self::Component(instance, _) => Dict::Component(instance.open_dict(order, max_items)?),
        })
    }
}
