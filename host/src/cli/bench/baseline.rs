//! The backend without the cache: what is compared with.
//!
//! On Redis it is a connection of its own with bare `GET` and `SET`, as a program has that does not
//! use this library. Other backends are asked as the cache asks them.

use std::hint::black_box;
use std::slice;
use std::sync::Arc;

use flipcache::Error;
use flipcache::backend::{BackendError, Bucket, KvBackend, Slot};
use redis::aio::MultiplexedConnection;
use redis::{RedisError, cmd};

use super::cases::gone;
use super::target::BenchTarget;
use crate::cli::failure::Failure;

/// Where baseline reads and writes go, with all keys and values.
pub(super) enum Baseline {
    /// Keys are complete ones.
    Redis(MultiplexedConnection, Vec<(String, String)>),
    Backend(Arc<dyn KvBackend>, Bucket, Vec<(String, Vec<u8>)>),
}

impl Baseline {
    /// Connects, where it is Redis.
    ///
    /// # Errors
    ///
    /// If the server does not let us in.
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
    /// What the backend answers.
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
    /// What the backend answers, and if a key is gone.
    pub(super) async fn get_each(&self) -> Result<(), Failure> {
        match self {
            Self::Redis(connection, entries) => {
                let mut connection = connection.clone();
                for (key, _) in entries {
                    let mut get = cmd("GET");
                    let value = get.arg(key).query_async(&mut connection).await;
                    let value: Option<String> = value.map_err(failure)?;
                    black_box(value.ok_or_else(gone)?);
                }
            }
            Self::Backend(backend, bucket, entries) => {
                for (key, _) in entries {
                    let slots = backend.get(bucket, slice::from_ref(key), None).await;
                    let slots = black_box(slots.map_err(Error::from)?);
                    if !matches!(slots[..], [Slot::Entry(_)]) {
                        return Err(gone());
                    }
                }
            }
        }
        Ok(())
    }
}

/// The library's own backend has asked the same server before: what goes wrong here is mostly a server
/// that has gone away since.
fn failure(error: RedisError) -> Failure {
    let is_lost = error.is_io_error() || error.is_unrecoverable_error();
    let error = match is_lost {
        true => BackendError::Unavailable(Box::new(error)),
        false => BackendError::Other(Box::new(error)),
    };
    Failure::Cache(error.into())
}
