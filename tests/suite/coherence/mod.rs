//! Writes of other clients become visible: of another client of the server, of another cache of the
//! process, and after every way in which invalidations may be lost.

mod file;
mod lost_invalidations;
mod others;
mod pulled;
mod races;
pub(crate) mod refused;
mod siblings;

use std::time::{Duration, Instant};

use flipcache::backend::{BackendOptions, Coherence, open};
use flipcache::{Cache, Client, Found, Source};
use flipcache_tests::RedisServer;
use tokio::runtime::Handle;

use crate::stores::PATIENCE;

/// Returns a client of a server, of its own.
fn client(server: &RedisServer) -> Client {
    client_with(server, &BackendOptions::default())
}

fn client_with(server: &RedisServer, options: &BackendOptions) -> Client {
    let url = server
        .url()
        .parse()
        .expect("the server's URL must be valid");
    let backend = open(&url, options, Handle::current()).expect("the backend must open");
    let client = Client::builder(backend).runtime(Handle::current());
    client.build().expect("there must be memory for its shards")
}

fn coherence(coherence: Coherence) -> BackendOptions {
    BackendOptions {
        coherence,
        ..BackendOptions::default()
    }
}

fn cache(client: &Client, name: &str) -> Cache {
    client.cache(name).open().expect("the options are valid")
}

/// Writes a value, and checks that the local tier has it. On a busy machine tracking may lapse in
/// between; then it tries again.
pub(crate) async fn keep(cache: &Cache, key: &str, value: &str) {
    let start = Instant::now();
    loop {
        let written = cache.set(key, value).await;
        written.expect("the server must take it");
        let found = read(cache, key).await;
        if found == local(value) {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "it must be kept; {found:?}");
    }
}

pub(crate) async fn read(cache: &Cache, key: &str) -> Found<String> {
    let found = cache.get_detailed(key).await;
    found.expect("the server must reply")
}

fn local(value: &str) -> Found<String> {
    Found {
        value: Some(value.to_owned()),
        source: Source::Local,
    }
}

/// Reads a key until it holds what it must.
pub(crate) async fn wait_until(cache: &Cache, key: &str, value: Option<&str>) {
    let start = Instant::now();
    loop {
        let found = read(cache, key).await;
        if found.value.as_deref() == value {
            return;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "{key} must become {value:?}; it is still {found:?}"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Reads a key until the local tier has it.
pub(crate) async fn wait_until_local(cache: &Cache, key: &str) {
    let start = Instant::now();
    loop {
        let found = cache.get_detailed(key).await;
        if matches!(&found, Ok(found) if found.source == Source::Local) {
            return;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "{key} must be kept again; the last answer was {found:?}"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
