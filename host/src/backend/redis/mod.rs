//! A Redis server as the backend, with values as plain strings at `name:key`, as Python's
//! `FlipCache` writes them.
//!
//! # Layout
//!
//! - Addresses: `address` parses URLs, with `server_url` and `hosts` for the parts that all forms
//!   share; `tls` holds the certificates.
//! - Connections: `connection` sends commands; `supervisor` is the task that connects, and
//!   reconnects after a `backoff`; `resolver` finds the endpoint, for a master through `sentinel`;
//!   `dial` opens a connection. If that fails, `failure` is the error, `handshake` explains it, and
//!   `wrong_scheme` names the URL to use.
//! - Tracking: `tracking` receives invalidations, for the key `prefixes` of all buckets;
//!   `subscribe` adds a bucket; `role` distinguishes masters from replicas; `tracking_health` knows
//!   whether the invalidations are complete.
//! - Servers: `server` is one server with its task; `cluster` finds the servers of a cluster;
//!   `servers` is either of them, and `masters` are those that have keys.
//! - Commands: `read`, `write` and `scan` (whose patterns `glob` escapes), in the pipelines of
//!   `request`; `reply` and `error` parse replies.
//!
//! It deliberately does not do this: retry a command that may have been executed (a write that is
//! sent twice can overwrite one that came in between), use a pool (replies come in the order of
//! their commands, so one connection carries all), use Lua, switch the verification of certificates
//! off, or read from replicas.

mod address;
mod backoff;
mod cluster;
mod connection;
mod dial;
mod error;
mod failure;
mod glob;
mod handshake;
mod hosts;
mod masters;
mod prefixes;
mod read;
mod reply;
mod request;
mod resolver;
mod role;
mod scan;
mod sentinel;
mod server;
mod server_url;
mod servers;
mod subscribe;
mod supervisor;
mod tls;
mod tracking;
mod tracking_health;
mod write;
mod wrong_scheme;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::runtime::Handle;

use self::address::Kind;
pub(super) use self::address::canonical_scheme;
pub use self::address::{AddressError, RedisAddress};
use self::cluster::Cluster;
pub use self::cluster::ClusterUrlError;
use self::resolver::Resolver;
pub use self::sentinel::SentinelUrlError;
use self::server::Server;
use self::servers::Servers;
pub use self::tls::{TlsError, TlsOptions};
use self::tracking::Tracking;
use self::tracking_health::TrackingHealth;
use super::batch::{LastOfEach, Pair, distinct, lengths, refuse_larger};
use super::{Access, BackendError, BackendOptions, Bucket, Feed, KvBackend, Page, Slot};

/// The longest key or value that [`RedisBackend`] accepts, in bytes: Redis' own limit
/// (`proto-max-bulk-len`).
pub const MAX_BYTES: usize = 512 * 1024 * 1024;

/// A Redis server of version 6 or later; a TTL on reading needs 6.2. It may be the master that
/// sentinels name, or the masters of a cluster, with one connection to each.
///
/// One connection carries all calls. A task of the backend makes it, and replaces it when it is
/// lost, when a call on it times out, when its server has become a replica, or when sentinels name
/// another master. A call without a connection makes the task try at once, and waits for the
/// outcome. The task ends with the backend.
pub struct RedisBackend {
    servers: Servers,
}

impl RedisBackend {
    /// Starts connecting to the server at `address`. Until the server can be reached, calls return
    /// [`BackendError::Unavailable`].
    ///
    /// Tasks and timers run on `handle`'s runtime, whose I/O and time drivers must be enabled;
    /// methods may be called in any runtime or in none. The certificates are those of the address,
    /// not of the options.
    ///
    /// TLS uses the process's default provider of cryptography in rustls; if none is installed,
    /// *ring* is installed.
    pub fn new(address: &RedisAddress, options: &BackendOptions, handle: Handle) -> Self {
        let shown: Arc<str> = address.to_string().into();
        let bound = options.staleness_bound;
        let resolver = match address.kind() {
            Kind::Server(info) => Resolver::server(info.as_ref().clone(), Arc::clone(&shown)),
            Kind::Sentinels(address) => Resolver::master(address.as_ref().clone(), bound),
            Kind::Cluster(address) => {
                let cluster = Cluster::new(address.as_ref().clone(), shown, options, handle);
                return Self {
                    servers: Servers::Cluster(cluster),
                };
            }
        };
        let tracking = Tracking::new(options.coherence, bound, TrackingHealth::for_server());
        let server = Server::new(Arc::clone(&shown), tracking, options.deadline, handle);
        server.start(resolver, shown);
        Self {
            servers: Servers::One(server),
        }
    }
}

#[async_trait]
impl KvBackend for RedisBackend {
    async fn get(
        &self,
        bucket: &Bucket,
        keys: &[String],
        new_ttl: Option<Duration>,
    ) -> Result<Vec<Slot>, BackendError> {
        let keys = full_keys(bucket, keys)?;
        match new_ttl {
            None => read::get(&self.servers, &keys).await,
            Some(ttl) => read::get_and_expire(&self.servers, &keys, ttl).await,
        }
    }

    async fn set(
        &self,
        bucket: &Bucket,
        entries: &[(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> Result<(), BackendError> {
        let pairs = full_pairs(bucket, &LastOfEach::new(entries))?;
        write::set(&self.servers, &pairs, ttl).await
    }

    async fn set_if_absent(
        &self,
        bucket: &Bucket,
        entries: &[(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> Result<Vec<Option<Slot>>, BackendError> {
        let batch = LastOfEach::new(entries);
        let pairs = full_pairs(bucket, &batch)?;
        let results = write::set_if_absent(&self.servers, &pairs, ttl).await?;
        Ok(batch.spread(results))
    }

    async fn set_if_present(
        &self,
        bucket: &Bucket,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<bool, BackendError> {
        refuse_larger(MAX_BYTES, [key.len(), value.len()])?;
        let pair = (bucket.full_key(key), value.to_vec());
        write::set_if_present(&self.servers, &pair, ttl).await
    }

    async fn increment(
        &self,
        bucket: &Bucket,
        key: &str,
        delta: i64,
        ttl: Option<Duration>,
    ) -> Result<i64, BackendError> {
        let key = bucket.full_key(key);
        refuse_larger(MAX_BYTES, [key.len()])?;
        write::increment(&self.servers, &key, delta, ttl).await
    }

    async fn delete(&self, bucket: &Bucket, keys: &[String]) -> Result<u64, BackendError> {
        // Over several pipelines, a key given twice would still be deleted once.
        let keys = full_keys(bucket, keys)?;
        read::count_over(&self.servers, "DEL", Access::Write, &keys).await
    }

    async fn exists(&self, bucket: &Bucket, keys: &[String]) -> Result<u64, BackendError> {
        let keys = full_keys(bucket, distinct(keys))?;
        read::exists(&self.servers, &keys).await
    }

    async fn expire(
        &self,
        bucket: &Bucket,
        keys: &[String],
        ttl: Option<Duration>,
    ) -> Result<Vec<bool>, BackendError> {
        let keys = full_keys(bucket, keys)?;
        write::expire(&self.servers, &keys, ttl).await
    }

    async fn scan(
        &self,
        bucket: &Bucket,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page, BackendError> {
        scan::scan(&self.servers, bucket, cursor, limit).await
    }

    async fn count(&self, bucket: &Bucket) -> Result<u64, BackendError> {
        scan::count(&self.servers, bucket).await
    }

    async fn clear(&self, bucket: &Bucket) -> Result<u64, BackendError> {
        scan::clear(&self.servers, bucket).await
    }

    fn feed(&self) -> Option<Arc<Feed>> {
        self.servers.feed()
    }

    async fn subscribe(&self, bucket: &Bucket) -> Result<(), BackendError> {
        self.servers.subscribe(bucket).await
    }

    fn deadline(&self) -> Option<Duration> {
        Some(self.servers.deadline())
    }

    fn system(&self) -> &'static str {
        "redis"
    }
}

fn full_keys<K: AsRef<str>>(
    bucket: &Bucket,
    keys: impl IntoIterator<Item = K>,
) -> Result<Vec<String>, BackendError> {
    let keys: Vec<_> = keys
        .into_iter()
        .map(|key| bucket.full_key(key.as_ref()))
        .collect();
    refuse_larger(MAX_BYTES, keys.iter().map(String::len))?;
    Ok(keys)
}

fn full_pairs(bucket: &Bucket, batch: &LastOfEach<'_>) -> Result<Vec<Pair>, BackendError> {
    // Before a value is copied.
    refuse_larger(MAX_BYTES, batch.pairs.iter().map(|(_, value)| value.len()))?;
    let pairs: Vec<Pair> = batch
        .pairs
        .iter()
        .map(|(key, value)| (bucket.full_key(key), value.clone()))
        .collect();
    refuse_larger(MAX_BYTES, lengths(&pairs))?;
    Ok(pairs)
}
