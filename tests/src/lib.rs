//! Shared test support: servers, a proxy, and the built components.
//!
//! # Layout
//!
//! - [`redis_server`] starts Redis servers, one for each test that needs one.
//! - [`sentinels`] starts a master, its replicas and those who watch them.
//! - [`cluster`] starts the nodes of a cluster.
//! - [`certificates`] creates certificates for servers and clients.
//! - [`proxy`] forwards between a client and a server, and injects network faults.
//! - [`examples`] names the files of the built examples. The binary `build-examples` copies them to
//!   where a reader of the README looks for them.
//! - [`components`] names the files of components for the tests of hosts.
//! - [`composition`] plugs one component into another.
//! - [`conformance`] makes a table of the conformance reports of the hosts.
//! - [`BENCH_APP`] is the application that `host/benches` measures.
//!
//! It depends on nothing that is tested, so that the unit tests of every crate can use it.

pub mod certificates;
pub mod cluster;
pub mod components;
pub mod composition;
pub mod conformance;
pub mod proxy;
pub mod redis_server;
pub mod sentinels;

pub mod examples;

/// The file of an application that reads from the cache and from `wasi:keyvalue`, in loops of its
/// own.
pub const BENCH_APP: &str = env!("FLIPCACHE_TEST_BENCH_APP_FILE");

pub use certificates::{Authority, Identity};
pub use cluster::{ClusterOptions, RedisCluster};
pub use composition::plugged;
pub use proxy::Proxy;
pub use redis_server::{RedisOptions, RedisServer, ServerTls};
pub use sentinels::{SentinelOptions, SentinelTrio};
