//! Clients that write through the same backend: to the server they are one client, which receives
//! no invalidations of its own writes.

use std::sync::Arc;
use std::time::Duration;

use flipcache::backend::KvBackend;
use flipcache::{Client, Source};
use flipcache_tests::RedisServer;
use tokio::runtime::Handle;

use super::{cache, keep, local, read};
use crate::stores::{Store, compressed_in_memory, connect, in_memory, in_redis};

fn two_clients(backend: &Arc<dyn KvBackend>) -> [Client; 2] {
    [(), ()].map(|()| {
        let client = Client::builder(backend.clone()).runtime(Handle::current());
        client.build().expect("there must be memory for its shards")
    })
}

fn stores() -> [Store; 3] {
    [in_memory(), compressed_in_memory(), in_redis()]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_after_each_write_of_a_sibling_returns_it() {
    for store in stores() {
        let [one, other] = two_clients(&store.backend).map(|client| cache(&client, "user"));
        keep(&other, "k", "0").await;
        one.set("k", "1").await.expect("set");
        assert_eq!(read(&other, "k").await.value.as_deref(), Some("1"));
        assert_eq!(read(&one, "k").await, local("1"), "its own is kept");

        one.delete("k").await.expect("delete");
        assert_eq!(read(&other, "k").await.value, None);

        one.set_if_absent("k", "2").await.expect("set_if_absent");
        assert_eq!(read(&other, "k").await.value.as_deref(), Some("2"));

        one.set_many([("k", "3"), ("l", "3")])
            .await
            .expect("set_many");
        assert_eq!(read(&other, "k").await.value.as_deref(), Some("3"));

        one.clear().await.expect("clear");
        assert_eq!(read(&other, "k").await.value, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_after_a_siblings_write_to_a_nested_name_returns_it() {
    for store in stores() {
        let [one, other] = two_clients(&store.backend);
        let (user, admin) = (cache(&one, "user"), cache(&other, "user:admin"));
        keep(&admin, "1", "old").await;
        user.set("admin:1", "new").await.expect("set");
        assert_eq!(read(&admin, "1").await.value.as_deref(), Some("new"));
        keep(&user, "admin:1", "old").await;
        admin.clear().await.expect("clear");
        assert_eq!(read(&user, "admin:1").await.value, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn increment_of_a_sibling_is_seen() {
    for store in stores() {
        if store
            .backend
            .set(
                &crate::stores::bucket("n"),
                &[("k".into(), b"1".to_vec())],
                None,
            )
            .await
            .is_err()
        {
            continue;
        }
        let [one, other] = two_clients(&store.backend).map(|client| {
            client
                .cache("m")
                .integers()
                .open()
                .expect("the options are valid")
        });
        other.set("k", &1).await.expect("set");
        let Ok(sum) = one.increment("k", 1).await else {
            continue; // Compressed values cannot be added to.
        };
        assert_eq!(sum, 2);
        assert_eq!(other.get("k").await.expect("get"), Some(2));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_that_extends_a_ttl_is_published_to_siblings() {
    let server = RedisServer::start();
    let backend = connect(&server.url());
    let [one, other] = two_clients(&backend);
    let life = Duration::from_secs(60);
    let one = one.cache("user").ttl(life).refresh_ttl_on_get(true);
    let one = one.open().expect("the options are valid");
    let other = cache(&other, "user");
    keep(&other, "k", "v").await;
    one.get("k").await.expect("get");
    let found = read(&other, "k").await;
    assert_eq!(
        found.source,
        Source::Backend,
        "its life is another now: {found:?}"
    );
    assert!(other.ttl("k").await.expect("ttl").is_some());
}
