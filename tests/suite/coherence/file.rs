//! Other programs that have the SQLite file open.

use std::time::{Duration, Instant};

use flipcache::backend::{BackendOptions, open};
use flipcache::{Cache, Client};
use tokio::runtime::Handle;

use super::{cache, keep, local, read, wait_until};

/// Returns a client with connections of its own to the file.
fn client(path: &std::path::Path) -> Client {
    let url = format!("sqlite:{}", path.display());
    let url = url.parse().expect("the URL must be valid");
    let backend = open(&url, &BackendOptions::default(), Handle::current());
    let client = Client::builder(backend.expect("the file must open"));
    let client = client.runtime(Handle::current()).build();
    client.expect("there must be memory for its shards")
}

fn two_caches(folder: &tempfile::TempDir) -> [Cache; 2] {
    let path = folder.path().join("cache.db");
    [(), ()].map(|()| cache(&client(&path), "user"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_after_a_write_of_another_program_returns_it() {
    let folder = tempfile::tempdir().expect("a folder for the file must be created");
    let [one, other] = two_caches(&folder);
    for round in 0..10 {
        let value = round.to_string();
        one.set("k", &value).await.expect("set");
        wait_until(&other, "k", Some(&value)).await;
        other.delete("k").await.expect("delete");
        wait_until(&one, "k", None).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn own_writes_do_not_empty_the_local_tier() {
    let folder = tempfile::tempdir().expect("a folder for the file must be created");
    let cache = cache(&client(&folder.path().join("cache.db")), "user");
    keep(&cache, "k", "v").await;
    // Long enough for several polls for changes.
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(200) {
        cache.set("l", "w").await.expect("set");
        assert_eq!(read(&cache, "k").await, local("v"));
    }
}
