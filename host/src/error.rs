//! Errors of caches: those of WIT's `cache.error`, failures of an instance, and errors that an
//! application's own code returns.

use std::sync::Arc;

use crate::backend::{BackendError, InvalidCursor, OpenError as BackendOpenError, UrlError};
use flipcache_core::{InvalidKey, InvalidOptions, InvalidValue, MAX_KEY_BYTES, OpenError};

/// The error of a cache operation.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The name is not valid for a cache.
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
    /// The TTL is 0, or longer than L2 can hold.
    #[error(
        "invalid TTL of {millis} ms: it must be longer than 0 and no longer than Redis can count"
    )]
    InvalidTtl {
        /// The TTL in milliseconds.
        millis: u64,
    },
    /// No page of the listing can have returned this cursor. The backend works.
    #[error(transparent)]
    InvalidCursor(InvalidCursor),
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
    /// L2 failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The codec could not encode a value, or could not decode a wire form.
    #[error("the codec failed on the value of key {key:?}")]
    Codec {
        /// The key.
        key: String,
        /// The codec's own error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The loader of a missing value failed. All callers that waited for it get this error.
    #[error("cannot load the value")]
    Loader(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// A task of the cache was cancelled: its runtime is shutting down, or code in it panicked.
    #[error("a task of the cache was ended")]
    TaskCancelled,
    /// The URL of the backend is not valid.
    #[error("cannot use the backend's URL")]
    Url(#[from] UrlError),
    /// The backend cannot be opened.
    #[error("cannot open the backend")]
    Open(#[from] BackendOpenError),
    /// The capacity of a dictionary is 0.
    #[error("invalid capacity: a dictionary holds at least one item")]
    InvalidCapacity,
    /// The dictionary was in an instance that has failed since.
    #[error("the dictionary was lost with its instance")]
    DictLost,
    /// The instance failed and has been replaced. The next call works, on an empty local tier.
    #[cfg(feature = "wasmtime")]
    #[error("the cache instance failed and was replaced")]
    Instance(#[source] wasmtime::Error),
    /// The system has no thread for calls of the backend.
    #[error("cannot start a thread")]
    Thread(#[from] std::io::Error),
}

#[cfg(feature = "wasmtime")]
impl From<wasmtime::Error> for Error {
    fn from(error: wasmtime::Error) -> Self {
        Self::Instance(error)
    }
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        let message = error.to_string();
        match error {
            OpenError::Name(_) => Self::InvalidName(message),
            OpenError::Options(_) => Self::InvalidOptions(message),
            OpenError::Conflict => Self::Conflict(message),
            OpenError::TooMany(_) | OpenError::TooManyOfTenant(_) => Self::Denied(message),
        }
    }
}

impl From<InvalidOptions> for Error {
    fn from(error: InvalidOptions) -> Self {
        Self::InvalidOptions(error.to_string())
    }
}

impl From<InvalidValue> for Error {
    fn from(error: InvalidValue) -> Self {
        Self::InvalidValue(error.to_string())
    }
}

impl Error {
    /// Returns the error for a key that is not valid.
    pub(crate) fn of_key(key: &str, error: InvalidKey) -> Self {
        match error {
            InvalidKey::NotAnInteger => Self::InvalidKey {
                key: key.to_owned(),
            },
            InvalidKey::TooLong => Self::TooLarge {
                limit: MAX_KEY_BYTES as u64,
            },
        }
    }
}
