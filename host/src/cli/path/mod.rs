//! The two ways to the cache that the commands can take: the same verbs, the same answers.

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

/// How the commands reach the cache.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Path {
    /// By the component's side door, as Rust programs do: this program asks the backend
    #[default]
    Door,
    /// By the component's typed exports, as every other host does: the component asks the backend
    Component,
}

/// Opens caches and dictionaries, all in the same local tiers.
pub(crate) enum Caches {
    Door(Client),
    /// The instance, and its host's backend.
    Component(Instance, Arc<dyn KvBackend>),
}

impl Caches {
    pub(crate) fn new(
        path: Path,
        backend: Arc<dyn KvBackend>,
        code_cache: Option<CodeCache>,
    ) -> Result<Self, Error> {
        Ok(match path {
            Path::Door => {
                // Commands come one after the other: a second shard would be one more to start.
                let shards = code_cache::shards(code_cache).count(NonZeroUsize::MIN);
                Self::Door(Client::builder(backend).shards(shards).build()?)
            }
            Path::Component => {
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
            Self::Door(client) => Cache::Door(client.open_with(name, options, resilience)?),
            Self::Component(instance, backend) => {
                // Nobody tells it of changes: it asks at every read, where it can.
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
            Self::Door(_) => Dict::Door(flipcache::Dict::open(order, max_items)?),
            Self::Component(instance, _) => Dict::Component(instance.open_dict(order, max_items)?),
        })
    }
}
