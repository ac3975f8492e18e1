//! Why a cache did not do what was asked: WIT's `cache.error`, and what can befall an instance.

use crate::backend::BackendError;
use crate::bindings::exports::flipcache::cache::{cache, collections};
use crate::bindings::flipcache::cache::types;

/// Why a cache did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The name cannot name a cache.
    #[error("invalid name: {0}")]
    InvalidName(String),
    /// The options are not valid.
    #[error("invalid options: {0}")]
    InvalidOptions(String),
    /// The cache is open with another key or value type.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The host does not grant this name or operation.
    #[error("denied: {0}")]
    Denied(String),
    /// The key is not of the cache's key type.
    #[error(
        "invalid key {key:?}: the cache's keys are decimal integers of 64 bits, as in -3 or 42"
    )]
    InvalidKey {
        /// The key.
        key: String,
    },
    /// The value is not of the cache's value type.
    #[error("invalid value: {0}")]
    InvalidValue(String),
    /// The TTL is 0, or beyond what L2 can hold.
    #[error(
        "invalid TTL of {millis} ms: it must be longer than 0 and no longer than Redis can count"
    )]
    InvalidTtl {
        /// The TTL in milliseconds.
        millis: u64,
    },
    /// The key or the value is too long.
    #[error("too large: the limit is {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// L2 holds bytes under this key that are not of the cache's value type.
    #[error("what the backend holds under key {key:?} is not of the cache's value type")]
    Undecodable {
        /// The key.
        key: String,
    },
    /// L2 holds something under this key that is not a plain string.
    #[error("what the backend holds under key {key:?} is not a plain string")]
    WrongType {
        /// The key.
        key: String,
    },
    /// L2 did not do what was asked.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// A dictionary holds at least one item.
    #[error("invalid capacity: a dictionary holds at least one item")]
    InvalidCapacity,
    /// The dictionary was in an instance that has failed since.
    #[error("the dictionary was lost with its instance")]
    Lost,
    /// The instance failed. It has been replaced: the next call works, on an empty local tier.
    #[error("the cache instance failed and was replaced")]
    Instance(#[source] wasmtime::Error),
    /// The system has no thread to ask the backend on.
    #[error("cannot start a thread")]
    Thread(#[from] std::io::Error),
}

impl From<wasmtime::Error> for CacheError {
    fn from(error: wasmtime::Error) -> Self {
        Self::Instance(error)
    }
}

impl From<cache::Error> for CacheError {
    fn from(error: cache::Error) -> Self {
        match error {
            cache::Error::InvalidName(why) => Self::InvalidName(why),
            cache::Error::InvalidOptions(why) => Self::InvalidOptions(why),
            cache::Error::Conflict(why) => Self::Conflict(why),
            cache::Error::Denied(why) => Self::Denied(why),
            cache::Error::InvalidKey(key) => Self::InvalidKey { key },
            cache::Error::InvalidValue(why) => Self::InvalidValue(why),
            cache::Error::InvalidTtl(millis) => Self::InvalidTtl { millis },
            cache::Error::TooLarge(limit) => Self::TooLarge { limit },
            cache::Error::Undecodable(key) => Self::Undecodable { key },
            cache::Error::WrongType(key) => Self::WrongType { key },
            cache::Error::Backend(error) => Self::Backend(error.into()),
        }
    }
}

impl From<collections::Error> for CacheError {
    fn from(error: collections::Error) -> Self {
        match error {
            collections::Error::InvalidCapacity => Self::InvalidCapacity,
            collections::Error::TooLarge(limit) => Self::TooLarge { limit },
        }
    }
}

impl From<types::BackendError> for BackendError {
    fn from(error: types::BackendError) -> Self {
        match error {
            types::BackendError::Unavailable(why) => Self::Unavailable(why.into()),
            types::BackendError::Timeout => Self::Timeout,
            types::BackendError::AccessDenied(why) => Self::AccessDenied(why.into()),
            types::BackendError::TooLarge(limit) => Self::TooLarge { limit },
            types::BackendError::Unsupported(why) => Self::Unsupported(why.into()),
            types::BackendError::Other(why) => Self::Other(why.into()),
        }
    }
}
