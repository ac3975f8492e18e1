//! Clients: a backend and the local tiers that the caches of a program share.

use std::sync::Arc;

use flipcache_core::{Eviction, Options, Resilience};
use tokio::runtime::Handle;

use crate::backend::{self, BackendOptions, BackendState, KvBackend};
use crate::cache::{CacheBuilder, Text, TextKeys, ValueCache};
use crate::driver::Driver;
use crate::shards::Shards;
use crate::{Error, io, metrics};

/// A backend, and the local tiers of all caches over it.
///
/// Clones are the same client. Caches of one client see each other's writes at once. To them, a
/// second client is like another process.
///
/// # Examples
///
/// ```
/// use flipcache::{Client, et};
///
/// # pollster::block_on(async {
/// let client = Client::connect("memory:")?;
/// let names = client.cache("name").local_max(10_000).ttl(et::ONE_HOUR).open()?;
/// names.set("1", "Ada").await?;
/// assert_eq!(names.get("1").await?.as_deref(), Some("Ada"));
/// # Ok::<(), flipcache::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) driver: Arc<Driver>,
}

impl Client {
    /// Connects to the backend that a URL names: `redis://HOST`, `sqlite:PATH`, `memory:` and so
    /// on; see [`BackendUrl`](backend::BackendUrl). A Redis server need not be reachable yet.
    ///
    /// Background tasks run on [`io::runtime`]; methods may be awaited on any runtime.
    ///
    /// # Errors
    ///
    /// [`Error::Url`] and [`Error::Open`] if there cannot be such a backend, and the errors of
    /// [`ClientBuilder::build`].
    pub fn connect(url: &str) -> Result<Self, Error> {
        let runtime = io::runtime()?;
        let backend = backend::open(&url.parse()?, &BackendOptions::default(), runtime)?;
        Self::builder(backend).build()
    }

    /// Returns a builder of a client over `backend`.
    pub fn builder(backend: Arc<dyn KvBackend>) -> ClientBuilder {
        ClientBuilder {
            backend,
            runtime: None,
            shards: Shards::default(),
        }
    }

    /// Returns the state of the backend: whether changes are received, the epoch, the circuit
    /// breaker.
    pub fn backend_state(&self) -> BackendState {
        self.driver.backend_state()
    }

    /// Returns a builder of a cache, with text values and text keys unless the builder changes
    /// that.
    pub fn cache(&self, name: &str) -> CacheBuilder<Text, TextKeys> {
        let options = Options {
            eviction: Eviction::S3Fifo,
            ..Options::default()
        };
        CacheBuilder::new(self.clone(), name, options, Text)
    }

    /// Opens a cache whose types are known only at run time. Caches of one name share one local
    /// tier.
    ///
    /// # Errors
    ///
    /// [`Error`] if the name or the options are not valid, or if the cache is open with other
    /// types.
    pub fn open(&self, name: &str, options: Options) -> Result<ValueCache, Error> {
        self.open_with(name, options, Resilience::default())
    }

    /// As [`open`](Self::open), with options for failures of the backend.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with(
        &self,
        name: &str,
        options: Options,
        resilience: Resilience,
    ) -> Result<ValueCache, Error> {
        ValueCache::open(self, name, options, resilience)
    }
}

/// The options of a client that is not built yet.
#[must_use = "nothing is made until `build`"]
pub struct ClientBuilder {
    backend: Arc<dyn KvBackend>,
    runtime: Option<Handle>,
    shards: Shards,
}

impl ClientBuilder {
    /// Sets the runtime of the client's tasks. By default, [`io::runtime`].
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Sets how the local tiers are held.
    pub fn shards(mut self, shards: Shards) -> Self {
        self.shards = shards;
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    ///
    /// [`Error::Thread`] if the system has no thread for its tasks. [`Error::Instance`] if there is
    /// no memory for its shards, or if their component file does not export the interfaces of a
    /// shard.
    pub fn build(self) -> Result<Client, Error> {
        let runtime = match self.runtime {
            Some(runtime) => runtime,
            None => io::runtime()?,
        };
        let driver = Driver::new(self.backend, runtime, self.shards.build()?);
        let driver = Arc::new(driver);
        metrics::include(&driver);
        Ok(Client { driver })
    }
}
