//! The two ways to the cache that the commands can take: the same verbs, the same answers.

mod cache;
mod dict;

use std::sync::Arc;

use clap::ValueEnum;
use flipcache::backend::KvBackend;
use flipcache::component::Instance;
use flipcache::{Client, Error, Options, Order};

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
    Component(Instance),
}

impl Caches {
    pub(crate) fn new(path: Path, backend: Arc<dyn KvBackend>) -> Result<Self, Error> {
        Ok(match path {
            Path::Door => Self::Door(Client::builder(backend).build()?),
            Path::Component => Self::Component(Instance::builder(backend).build()?),
        })
    }

    pub(crate) fn open(&self, name: &str, options: Options) -> Result<Cache, Error> {
        Ok(match self {
            Self::Door(client) => Cache::Door(client.open(name, options)?),
            Self::Component(instance) => Cache::Component(Box::new(instance.open(name, options)?)),
        })
    }

    pub(crate) fn open_dict(&self, order: Order, max_items: u32) -> Result<Dict, Error> {
        Ok(match self {
            Self::Door(_) => Dict::Door(flipcache::Dict::open(order, max_items)?),
            Self::Component(instance) => Dict::Component(instance.open_dict(order, max_items)?),
        })
    }
}
