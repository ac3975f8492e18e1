//! A backend and the local tiers over it: what the caches of one program share.

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
/// Clones are the same client. Caches of one client see each other's writes at once; a second client
/// is to them as another process is.
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
    /// A client of the store that a URL names: `redis://HOST`, `sqlite:PATH`, `memory:` and so on, see
    /// [`BackendUrl`](backend::BackendUrl). A Redis server need not be there yet.
    ///
    /// What runs in the background runs on [`io::runtime`]; methods may be awaited in any runtime.
    ///
    /// # Errors
    ///
    /// [`Error::Url`] and [`Error::Open`] if there cannot be such a store, and what
    /// [`ClientBuilder::build`] may answer.
    pub fn connect(url: &str) -> Result<Self, Error> {
        let runtime = io::runtime()?;
        let backend = backend::open(&url.parse()?, &BackendOptions::default(), runtime)?;
        Self::builder(backend).build()
    }

    /// A client of a backend.
    pub fn builder(backend: Arc<dyn KvBackend>) -> ClientBuilder {
        ClientBuilder {
            backend,
            runtime: None,
            shards: Shards::default(),
        }
    }

    /// How things stand with the backend: whether changes are heard, the epoch, the circuit breaker.
    pub fn backend_state(&self) -> BackendState {
        self.driver.backend_state()
    }

    /// A cache of text under text keys, until the builder is told otherwise.
    pub fn cache(&self, name: &str) -> CacheBuilder<Text, TextKeys> {
        let options = Options {
            eviction: Eviction::S3Fifo,
            ..Options::default()
        };
        CacheBuilder::new(self.clone(), name, options, Text)
    }

    /// A cache whose types are known when it is opened. Caches of one name share one local tier.
    ///
    /// # Errors
    ///
    /// [`Error`] if the name or the options are not valid, or the cache is open with other types.
    pub fn open(&self, name: &str, options: Options) -> Result<ValueCache, Error> {
        self.open_with(name, options, Resilience::default())
    }

    /// As [`open`](Self::open), and says how the cache behaves when things go wrong.
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

/// A client that is still to be made.
#[must_use = "nothing is made until `build`"]
pub struct ClientBuilder {
    backend: Arc<dyn KvBackend>,
    runtime: Option<Handle>,
    shards: Shards,
}

impl ClientBuilder {
    /// The runtime of the client's tasks. By default, [`io::runtime`].
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// How the local tiers are held.
    pub fn shards(mut self, shards: Shards) -> Self {
        self.shards = shards;
        self
    }

    /// Makes the client.
    ///
    /// # Errors
    ///
    /// [`Error::Thread`] if there is no thread for its tasks; [`Error::Instance`] if there is no memory
    /// for its shards, or their component file has no door.
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
