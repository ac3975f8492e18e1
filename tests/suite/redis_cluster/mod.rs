//! Keys divided among masters, which change.

mod coherence;
mod failover;
mod load;
mod migration;
mod nodes;

use std::time::Duration;

use flipcache::backend::{BackendOptions, open};
use flipcache::{Cache, Client, Integer};
use flipcache_tests::{ClusterOptions, RedisCluster};
use tokio::runtime::Handle;

use crate::stores::foreign;

fn client(url: &str, options: &BackendOptions) -> Client {
    let url = url.parse().expect("the test's URL must be right");
    let backend = open(&url, options, Handle::current()).expect("the backend must open");
    let client = Client::builder(backend).runtime(Handle::current());
    client.build().expect("there must be memory for its shards")
}

/// A cache of numbers.
type Counters = Cache<Integer<i64>>;

/// How long a call of theirs may take.
const DEADLINE: Duration = Duration::from_secs(2);

fn counters(cluster: &RedisCluster) -> Counters {
    let options = BackendOptions {
        deadline: DEADLINE,
        ..BackendOptions::default()
    };
    let cache = client(&cluster.url(), &options).cache("count").integers();
    cache.open().expect("the options are valid")
}

fn cache(cluster: &RedisCluster, name: &str) -> Cache {
    let client = client(&cluster.url(), &BackendOptions::default());
    let cache = client.cache(name).local_max(10_000).open();
    cache.expect("the options are valid")
}

/// Returns a cluster whose masters are replaced soon after they fall silent.
fn impatient() -> RedisCluster {
    RedisCluster::start_with(ClusterOptions {
        node_timeout: Duration::from_secs(1),
        ..ClusterOptions::default()
    })
}

fn without_replicas() -> RedisCluster {
    RedisCluster::start_with(ClusterOptions {
        has_replicas: false,
        ..ClusterOptions::default()
    })
}

/// Returns what a key holds, as its master says.
fn truth(cluster: &RedisCluster, key: &str) -> Option<String> {
    let owner = &cluster.nodes()[cluster.owner(key)];
    foreign(owner, &["GET", key])
}
