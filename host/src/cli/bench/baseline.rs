//! The baseline: the backend without the cache.
//!
//! On Redis it is a connection of its own with bare `GET` and `SET`, as in a program without this
//! library. Other backends are called as the cache calls them.

use std::hint::black_box;
use std::slice;
use std::sync::Arc;

use flipcache::Error;
use flipcache::backend::{BackendError, Bucket, KvBackend, Slot};
use redis::aio::MultiplexedConnection;
use redis::{RedisError, cmd};

use super::cases::missing_key;
use super::target::BenchTarget;
use crate::cli::failure::Failure;

/// The connection of baseline reads and writes, with all keys and values.
pub(super) enum Baseline {
    /// Keys are full keys.
    Redis(MultiplexedConnection, Vec<(String, String)>),
    Backend(Arc<dyn KvBackend>, Bucket, Vec<(String, Vec<u8>)>),
}

impl Baseline {
    /// Connects, if the backend is Redis.
    ///
    /// # Errors
    ///
    /// If the server refuses the connection.
    pub(super) async fn open(
        target: &BenchTarget,
        entries: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Failure> {
        let bucket = target.bucket.clone();
        let Some(address) = target.redis.clone() else {
            let backend = Arc::clone(&target.backend);
            let entries = entries.map(|(key, value)| (key, value.into_bytes()));
            return Ok(Self::Backend(backend, bucket, entries.collect()));
        };
        let client = redis::Client::open(address).map_err(failure)?;
        let connection = client.get_multiplexed_async_connection().await;
        let entries = entries.map(|(key, value)| (bucket.full_key(&key), value));
        Ok(Self::Redis(connection.map_err(failure)?, entries.collect()))
    }

    /// Writes every entry, one after the other.
    ///
    /// # Errors
    ///
    /// The errors of the backend.
    pub(super) async fn set_each(&self) -> Result<(), Failure> {
        match self {
            Self::Redis(connection, entries) => {
                let mut connection = connection.clone();
                for (key, value) in entries {
                    let mut set = cmd("SET");
                    let set = set.arg(key).arg(value);
                    let () = set.query_async(&mut connection).await.map_err(failure)?;
                }
            }
            Self::Backend(backend, bucket, entries) => {
                for entry in entries {
                    let set = backend.set(bucket, slice::from_ref(entry), None);
                    set.await.map_err(Error::from)?;
                }
            }
        }
        Ok(())
    }

    /// Reads every key, one after the other.
    ///
    /// # Errors
    ///
    /// The errors of the backend, and a missing key.
    pub(super) async fn get_each(&self) -> Result<(), Failure> {
        match self {
            Self::Redis(connection, entries) => {
                let mut connection = connection.clone();
                for (key, _) in entries {
                    let mut get = cmd("GET");
                    let value = get.arg(key).query_async(&mut connection).await;
                    let value: Option<String> = value.map_err(failure)?;
                    black_box(value.ok_or_else(missing_key)?);
                }
            }
            Self::Backend(backend, bucket, entries) => {
                for (key, _) in entries {
                    let slots = backend.get(bucket, slice::from_ref(key), None).await;
                    let slots = black_box(slots.map_err(Error::from)?);
                    if !matches!(slots[..], [Slot::Entry(_)]) {
                        return Err(missing_key());
                    }
                }
            }
        }
        Ok(())
    }
}

/// The library's own backend has used the same server before, so an error here is mostly a server
/// that has gone away since.
fn failure(error: RedisError) -> Failure {
    let is_lost = error.is_io_error() || error.is_unrecoverable_error();
    let error = if is_lost {
        BackendError::Unavailable(Box::new(error))
    } else {
        BackendError::Other(Box::new(error))
    };
    Failure::Cache(error.into())
}
