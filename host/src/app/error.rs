//! Errors of an application's calls, and what the application gets to know of them.

use wasmtime::component::ResourceTableError;

use super::limits::Denied;
use crate::Error;
use crate::backend::{BackendError, describe};
use crate::bindings::exports::flipcache::cache::cache;

/// The error of an application's call.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// The application gets this error.
    #[error(transparent)]
    Cache(Error),
    /// The application is stopped: it used a handle that is not its own.
    #[error("no such handle")]
    Trap(#[from] ResourceTableError),
}

/// The result of a function of an interface.
pub(super) type Called<T> = Result<T, CallError>;

impl<E: Into<Error>> From<E> for CallError
where
    E: NotATrap,
{
    fn from(error: E) -> Self {
        Self::Cache(error.into())
    }
}

/// Errors that the application gets, rather than being stopped.
pub(super) trait NotATrap {}

impl NotATrap for Error {}
impl NotATrap for Denied {}
impl NotATrap for flipcache_core::InvalidOptions {}
impl NotATrap for flipcache_core::InvalidValue {}

impl From<Denied> for Error {
    fn from(error: Denied) -> Self {
        Self::Denied(error.to_string())
    }
}

/// The result of a linker's function.
pub(super) type Returned<T> = wasmtime::Result<(T,)>;

/// Converts the result of a fallible function of `cache`.
pub(super) fn returned<T>(called: Called<T>) -> Returned<Result<T, cache::Error>> {
    match called {
        Ok(value) => Ok((Ok(value),)),
        Err(CallError::Cache(error)) => Ok((Err(error.into()),)),
        Err(CallError::Trap(error)) => Err(error.into()),
    }
}

impl From<Error> for cache::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidName(why) => Self::InvalidName(why),
            Error::InvalidOptions(why) => Self::InvalidOptions(why),
            Error::Conflict(why) => Self::Conflict(why),
            Error::Denied(why) => Self::Denied(why),
            Error::InvalidKey { key } => Self::InvalidKey(key),
            Error::InvalidValue(why) => Self::InvalidValue(why),
            Error::InvalidTtl { millis } => Self::InvalidTtl(millis),
            Error::TooLarge { limit } => Self::TooLarge(limit),
            Error::Undecodable { key } => Self::Undecodable(key),
            Error::WrongType { key } => Self::WrongType(key),
            // The interface has no such case.
            Error::InvalidCursor(error) => Self::Backend(BackendError::from(error).into()),
            Error::Backend(BackendError::TooLarge { limit }) => Self::TooLarge(limit),
            Error::Backend(error) => {
                tracing::debug!(
                    error = describe(&error),
                    "the backend failed an application"
                );
                Self::Backend(error.without_cause().into())
            }
            // Errors of the host itself are not passed to applications.
            error => {
                tracing::warn!(error = describe(&error), "the cache failed an application");
                let error = BackendError::Other("the cache failed".into());
                Self::Backend(error.into())
            }
        }
    }
}
