//! Errors of a bucket, with messages that contain no key.

use crate::bindings::exports::wasi::{keyvalue0_2_0_draft, keyvalue0_2_0_draft2};
use crate::bindings::flipcache::cache::cache::Error;
use crate::bindings::flipcache::cache::types::BackendError;

/// The error cases that all drafts have.
pub(crate) enum Refusal {
    NoSuchStore,
    AccessDenied,
    Other(String),
}

impl Refusal {
    /// Converts the error of a cache that could not be opened.
    pub(crate) fn of_open(error: Error) -> Self {
        match error {
            Error::InvalidName(_) => Self::NoSuchStore,
            Error::Denied(_) => Self::AccessDenied,
            error => error.into(),
        }
    }

    pub(crate) fn other(why: impl Into<String>) -> Self {
        Self::Other(why.into())
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Backend(BackendError::AccessDenied(_)) => Self::AccessDenied,
            Error::Backend(BackendError::Unavailable(why)) => {
                Self::Other(format!("the store cannot be reached: {why}"))
            }
            Error::Backend(BackendError::OutcomeUnknown(why)) => Self::Other(format!(
                "the store was lost during a write, which may or may not have happened: {why}"
            )),
            Error::Backend(BackendError::Timeout) => {
                Self::other("the store did not answer in time")
            }
            Error::TooLarge(limit) | Error::Backend(BackendError::TooLarge(limit)) => {
                Self::Other(format!("too large: the limit is {limit} bytes"))
            }
            Error::Backend(BackendError::Unsupported(why) | BackendError::Other(why))
            | Error::Denied(why)
            | Error::InvalidName(why)
            | Error::InvalidOptions(why)
            | Error::Conflict(why)
            | Error::InvalidValue(why) => Self::Other(why),
            Error::WrongType(_) => Self::other("the key holds something that is no plain value"),
            Error::Undecodable(_) => Self::other("the key holds bytes of another type"),
            Error::InvalidKey(_) => Self::other("this is no key"),
            Error::InvalidTtl(_) => Self::other("the store cannot keep the time to live"),
        }
    }
}

impl From<Refusal> for keyvalue0_2_0_draft::store::Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoSuchStore => Self::NoSuchStore,
            Refusal::AccessDenied => Self::AccessDenied,
            Refusal::Other(why) => Self::Other(why),
        }
    }
}

impl From<Refusal> for keyvalue0_2_0_draft2::store::Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoSuchStore => Self::NoSuchStore,
            Refusal::AccessDenied => Self::AccessDenied,
            Refusal::Other(why) => Self::Other(why),
        }
    }
}
