//! The Rust API: typed caches for many tasks at once.

mod codecs;
mod concurrency;
mod deadlines;
mod extending;
mod loaders;
mod operations;

use std::sync::Arc;

use flipcache::backend::KvBackend;
use flipcache::{Client, Error};

use crate::faulty_backend::FaultyBackend;
use crate::stores::in_memory;

/// Returns a client of a store in memory that can be made to fail or to wait.
fn client_over_faulty() -> (Arc<FaultyBackend>, Client) {
    let faulty = FaultyBackend::over(in_memory().backend);
    (faulty.clone(), client(faulty))
}

fn client(backend: Arc<dyn KvBackend>) -> Client {
    let client = Client::builder(backend).runtime(tokio::runtime::Handle::current());
    client.build().expect("there must be memory for its shards")
}

/// Returns the error of a call that must fail.
#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> Error {
    result.expect_err("this must be refused")
}

#[test]
fn handles_may_be_cloned_and_shared_by_all_threads() {
    fn check<T: Clone + Send + Sync + 'static>() {}
    check::<Client>();
    check::<flipcache::Cache>();
    check::<flipcache::Cache<flipcache::Json<Vec<String>>, flipcache::IntegerKeys>>();
    check::<flipcache::Blocking<flipcache::Bytes, flipcache::TextKeys>>();
    check::<flipcache::Dict<String>>();
}
