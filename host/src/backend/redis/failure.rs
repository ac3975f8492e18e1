//! Why there is no connection.

use std::sync::Arc;

use ::redis::RedisError;

use super::{error, handshake};
use crate::backend::BackendError;

/// Why there is no connection.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Failure {
    /// No attempt has ended yet.
    #[error("not connected yet to {0}")]
    NotYet(Arc<str>),
    /// The last attempt failed.
    #[error("cannot connect to {address}")]
    Refused {
        /// The address, without a password.
        address: Arc<str>,
        #[source]
        source: RedisError,
    },
    /// A sentinel replied that it knows no such service.
    #[error("{sentinel} knows no master by the name `{service}`")]
    UnknownService {
        sentinel: Arc<str>,
        service: Arc<str>,
    },
    /// The connection was lost or given up.
    #[error("the connection was lost")]
    Lost,
}

impl Failure {
    /// Returns whether no server could be reached.
    pub(super) fn is_unreachable(&self) -> bool {
        matches!(self, Self::Refused { source, .. } if source.is_io_error())
    }
}

impl From<Failure> for BackendError {
    fn from(failure: Failure) -> Self {
        match &failure {
            Failure::Refused { source, .. } if error::is_denial(source) => {
                Self::AccessDenied(Box::new(failure))
            }
            Failure::Refused { source, .. } if handshake::is_wrong_scheme(source) => {
                Self::Unsupported(Box::new(failure))
            }
            _ => Self::Unavailable(Box::new(failure)),
        }
    }
}
