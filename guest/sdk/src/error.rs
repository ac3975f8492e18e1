//! Errors of caches and dictionaries: those of WIT, and those of an application's own code.

use std::time::Duration;

use crate::bindings::flipcache::cache::{cache, collections, types};

/// Why a call of a cache or a dictionary failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The name is not valid.
    #[error("invalid name: {0}")]
    InvalidName(String),
    /// The options are not valid.
    #[error("invalid options: {0}")]
    InvalidOptions(String),
    /// The codec cannot encode the default.
    #[error("invalid options: the codec failed on the default")]
    Default(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The cache is open with another key or value type.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The host does not grant this name or operation.
    #[error("denied: {0}")]
    Denied(String),
    /// The key is not of the cache's key type.
    #[error("invalid key {key:?}")]
    InvalidKey {
        /// The key.
        key: String,
    },
    /// The value is not of the cache's value type.
    #[error("invalid value: {0}")]
    InvalidValue(String),
    /// The TTL is shorter than a millisecond, or longer than L2 can count.
    #[error("invalid TTL of {ttl:?}")]
    InvalidTtl {
        /// The TTL, in whole milliseconds.
        ttl: Duration,
    },
    /// The key or the value is too long, or the dictionary's items are.
    #[error("too large: the limit is {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The bytes of this key in L2 are not of the cache's value type.
    #[error("the backend's value of key {key:?} is not of the cache's value type")]
    Undecodable {
        /// The key.
        key: String,
    },
    /// L2 holds something other than a plain string under this key.
    #[error("the backend's value of key {key:?} is not a plain string")]
    WrongType {
        /// The key.
        key: String,
    },
    /// The shared tier did not do what was asked.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The codec cannot encode or decode the value.
    #[error("the codec failed on the value of key {key:?}")]
    Codec {
        /// The key.
        key: String,
        /// The codec's own error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A dictionary holds at least one item.
    #[error("invalid capacity: a dictionary holds at least one item")]
    InvalidCapacity,
}

/// Why a call of L2 failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackendError {
    /// L2 cannot be reached, or refused the connection. Nothing was written: a retry is safe and
    /// may help.
    #[error("the backend is unavailable: {0}")]
    Unavailable(String),
    /// The connection was lost during a write, which may or may not have happened. A retry may
    /// write twice.
    #[error("the backend was lost during a write, which may or may not have happened: {0}")]
    OutcomeUnknown(String),
    /// No reply within the host's deadline. A write may or may not have happened.
    #[error("the backend did not reply in time")]
    Timeout,
    /// The caller may not do this here. A retry does not help.
    #[error("access denied: {0}")]
    AccessDenied(String),
    /// The key or the value is longer than the backend allows.
    #[error("too large for the backend: the limit is {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// This backend does not support the operation. A retry does not help.
    #[error("the backend does not support this: {0}")]
    Unsupported(String),
    /// Anything else, in the backend's words.
    #[error("{0}")]
    Other(String),
}

impl From<cache::Error> for Error {
    fn from(error: cache::Error) -> Self {
        match error {
            cache::Error::InvalidName(why) => Self::InvalidName(why),
            cache::Error::InvalidOptions(why) => Self::InvalidOptions(why),
            cache::Error::Conflict(why) => Self::Conflict(why),
            cache::Error::Denied(why) => Self::Denied(why),
            cache::Error::InvalidKey(key) => Self::InvalidKey { key },
            cache::Error::InvalidValue(why) => Self::InvalidValue(why),
            cache::Error::InvalidTtl(millis) => Self::InvalidTtl {
                ttl: Duration::from_millis(millis),
            },
            cache::Error::TooLarge(limit) => Self::TooLarge { limit },
            cache::Error::Undecodable(key) => Self::Undecodable { key },
            cache::Error::WrongType(key) => Self::WrongType { key },
            cache::Error::Backend(error) => Self::Backend(error.into()),
        }
    }
}

impl From<collections::Error> for Error {
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
            types::BackendError::Unavailable(why) => Self::Unavailable(why),
            types::BackendError::OutcomeUnknown(why) => Self::OutcomeUnknown(why),
            types::BackendError::Timeout => Self::Timeout,
            types::BackendError::AccessDenied(why) => Self::AccessDenied(why),
            types::BackendError::TooLarge(limit) => Self::TooLarge { limit },
            types::BackendError::Unsupported(why) => Self::Unsupported(why),
            types::BackendError::Other(why) => Self::Other(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_what_carries_text_or_a_number_keeps_it() {
        let text = || "why".to_owned();
        let backend = |error| Error::from(cache::Error::Backend(error)).to_string();
        for told in [
            Error::from(cache::Error::InvalidName(text())).to_string(),
            Error::from(cache::Error::InvalidOptions(text())).to_string(),
            Error::from(cache::Error::Conflict(text())).to_string(),
            Error::from(cache::Error::Denied(text())).to_string(),
            Error::from(cache::Error::InvalidKey(text())).to_string(),
            Error::from(cache::Error::InvalidValue(text())).to_string(),
            Error::from(cache::Error::Undecodable(text())).to_string(),
            Error::from(cache::Error::WrongType(text())).to_string(),
            backend(types::BackendError::Unavailable(text())),
            backend(types::BackendError::OutcomeUnknown(text())),
            backend(types::BackendError::AccessDenied(text())),
            backend(types::BackendError::Unsupported(text())),
            backend(types::BackendError::Other(text())),
        ] {
            assert!(told.contains("why"), "{told}");
        }
        for told in [
            Error::from(cache::Error::TooLarge(4_711)).to_string(),
            Error::from(collections::Error::TooLarge(4_711)).to_string(),
            backend(types::BackendError::TooLarge(4_711)),
        ] {
            assert!(told.contains("4711 bytes"), "{told}");
        }
    }

    #[test]
    fn from_invalid_ttl_is_the_duration() {
        let error = Error::from(cache::Error::InvalidTtl(1_500));
        assert!(matches!(error, Error::InvalidTtl { ttl } if ttl.as_millis() == 1_500));
    }
}
