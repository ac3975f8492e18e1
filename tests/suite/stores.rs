//! Backends for tests, each with the resources that must outlive it.

use std::any::Any;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flipcache::backend::codec::{Encoded, Zstd};
use flipcache::backend::memory::{self, MemoryBackend};
use flipcache::backend::redis::{self, TlsOptions};
use flipcache::backend::sqlite;
use flipcache::backend::{
    BackendError, BackendOptions, BackendUrl, Bucket, Entry, KvBackend, Slot, open,
};
use flipcache_tests::certificates::LOOPBACK;
use flipcache_tests::{Authority, RedisCluster, RedisOptions, RedisServer, ServerTls};
use tokio::runtime::Handle;

/// How long a test waits for something that must happen, before it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A deadline that no call of a test comes near: what ends within [`PATIENCE`] has not waited for
/// it.
pub(crate) const LONG: Duration = Duration::from_secs(600);

/// A backend that is empty.
pub(crate) struct Store {
    // Dropped in this order.
    pub(crate) backend: Arc<dyn KvBackend>,
    /// The longest value it takes.
    pub(crate) limit: usize,
    _keep: Box<dyn Any + Send + Sync>,
}

/// Returns a store in memory.
pub(crate) fn in_memory() -> Store {
    Store {
        backend: Arc::new(MemoryBackend::new()),
        limit: memory::MAX_BYTES,
        _keep: Box::new(()),
    }
}

/// Returns a store in memory that holds compressed values.
pub(crate) fn compressed_in_memory() -> Store {
    Store {
        backend: Arc::new(Encoded::new(Arc::new(MemoryBackend::new()), Zstd)),
        ..in_memory()
    }
}

/// Returns a store in a file.
pub(crate) fn in_sqlite() -> Store {
    let folder = tempfile::tempdir().expect("a folder for the file must be created");
    let path = folder.path().join("cache.db");
    Store {
        backend: connect(&format!("sqlite:{}", path.display())),
        limit: sqlite::MAX_BYTES,
        _keep: Box::new(folder),
    }
}

/// Returns a store in a Redis server.
pub(crate) fn in_redis() -> Store {
    let server = RedisServer::start();
    Store {
        backend: connect(&server.url()),
        limit: redis::MAX_BYTES,
        _keep: Box::new(server),
    }
}

/// Returns a store in a Redis server that is reached over TLS only.
pub(crate) fn in_redis_over_tls() -> Store {
    let authority = Authority::new("contract");
    let server = RedisServer::start_with(RedisOptions {
        tls: Some(ServerTls::new(authority.issue("server", &LOOPBACK))),
        ..RedisOptions::default()
    });
    Store {
        backend: connect_over_tls(&server.url(), trusting(&authority)),
        limit: redis::MAX_BYTES,
        _keep: Box::new((server, authority)),
    }
}

/// Returns a store in a cluster that is empty.
pub(crate) fn in_cluster(cluster: &Arc<RedisCluster>) -> Store {
    Store {
        backend: connect(&cluster.url()),
        limit: redis::MAX_BYTES,
        _keep: Box::new(Arc::clone(cluster)),
    }
}

/// Returns the options of a client that trusts an authority, and shows nothing.
pub(crate) fn trusting(authority: &Authority) -> TlsOptions {
    TlsOptions {
        ca: Some(authority.root()),
        ..TlsOptions::default()
    }
}

/// Returns the backend of a URL, with certificates.
pub(crate) fn connect_over_tls(url: &str, tls: TlsOptions) -> Arc<dyn KvBackend> {
    let options = BackendOptions {
        tls,
        deadline: LONG,
        ..BackendOptions::default()
    };
    connect_with(url, &options)
}

/// Returns the backend of a URL, with the default options.
pub(crate) fn connect(url: &str) -> Arc<dyn KvBackend> {
    connect_within(url, BackendOptions::default().deadline)
}

/// Returns the backend of a URL, with a deadline.
pub(crate) fn connect_within(url: &str, deadline: Duration) -> Arc<dyn KvBackend> {
    let options = BackendOptions {
        deadline,
        ..BackendOptions::default()
    };
    connect_with(url, &options)
}

/// Returns the backend of a URL, with options.
pub(crate) fn connect_with(url: &str, options: &BackendOptions) -> Arc<dyn KvBackend> {
    let url: BackendUrl = url.parse().expect("the test's URL must be right");
    open(&url, options, Handle::current()).expect("the backend must open")
}

/// Returns the bucket `name`.
pub(crate) fn bucket(name: &str) -> Bucket {
    Bucket::new(name).expect("the test's name must be right")
}

/// Keys as the trait takes them.
pub(crate) fn keys<const N: usize>(keys: [&str; N]) -> Vec<String> {
    keys.map(str::to_owned).into()
}

/// Entries as the trait takes them.
pub(crate) fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, Vec<u8>)> {
    pairs
        .map(|(key, value)| (key.to_owned(), value.as_bytes().to_vec()))
        .into()
}

/// Returns the value of a key without a TTL.
pub(crate) fn lasting(value: &str) -> Slot {
    Slot::Entry(Entry {
        value: value.as_bytes().to_vec(),
        ttl: None,
    })
}

/// Returns what one key holds.
pub(crate) async fn get(backend: &dyn KvBackend, bucket: &Bucket, key: &str) -> Slot {
    let slots = backend.get(bucket, &keys([key]), None).await;
    let mut slots = slots.expect("the backend must answer");
    assert_eq!(slots.len(), 1, "answer one slot for one key");
    slots.remove(0)
}

/// Writes one key.
pub(crate) async fn set(
    backend: &dyn KvBackend,
    bucket: &Bucket,
    key: &str,
    value: &str,
    ttl: Option<Duration>,
) -> Result<(), BackendError> {
    backend.set(bucket, &pairs([(key, value)]), ttl).await
}

/// Reads one key until it holds nothing.
pub(crate) async fn wait_until_absent(backend: &dyn KvBackend, bucket: &Bucket, key: &str) {
    let start = Instant::now();
    while get(backend, bucket, key).await != Slot::Absent {
        assert!(
            start.elapsed() < PATIENCE,
            "{key} must expire; it is still there"
        );
        tokio::task::yield_now().await;
    }
}

/// Returns all keys of a bucket, page by page, sorted, without repetitions.
pub(crate) async fn list(backend: &dyn KvBackend, bucket: &Bucket, limit: u32) -> Vec<String> {
    let mut listed = Vec::new();
    let mut cursor = None;
    loop {
        let page = backend.scan(bucket, cursor.as_deref(), limit).await;
        let page = page.expect("the backend must list its keys");
        listed.extend(page.keys);
        cursor = page.cursor;
        if cursor.is_none() {
            listed.sort();
            listed.dedup();
            return listed;
        }
    }
}

/// Returns the reply of the server to another client.
pub(crate) fn foreign<T: ::redis::FromRedisValue>(server: &RedisServer, command: &[&str]) -> T {
    let client = ::redis::Client::open(server.url()).expect("the server's URL must be valid");
    let mut connection = client.get_connection().expect("the server must be up");
    let mut asked = ::redis::cmd(command[0]);
    asked.arg(&command[1..]);
    asked.query(&mut connection).expect("the server must reply")
}

/// Returns what anyone could print of an error.
pub(crate) fn everything_of(error: &(dyn Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |&error| error.source());
    chain.map(|error| format!("{error} {error:?} ")).collect()
}

/// Returns what a read answers while it fails.
pub(crate) async fn failure(backend: &dyn KvBackend) -> BackendError {
    let answer = backend.get(&bucket("user"), &keys(["k"]), None).await;
    answer.expect_err("the call must fail now")
}
