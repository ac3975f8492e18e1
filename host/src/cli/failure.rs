//! Errors as the command line tells them: a kind, a sentence, an exit code.

use flipcache::backend::{BackendError, OpenError, UrlError, describe};
use flipcache::component::CacheError;

use super::text::string_as_json;

/// What went wrong. The message says what failed, on what, and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The words of the command are off.
    #[error("{0}")]
    Usage(String),
    /// The value is not of the cache's type.
    #[error("invalid value: {0}")]
    InvalidValue(String),
    /// The URL of the backend is off. It is not repeated: there may be a password in it.
    #[error("cannot use the backend's URL")]
    Url(#[from] UrlError),
    /// The backend cannot be opened.
    #[error("cannot open the backend")]
    Open(#[from] OpenError),
    /// The cache answered an error.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// Something else: a file or a stream, mostly.
    #[error(transparent)]
    Other(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        error.downcast().unwrap_or_else(Self::Other)
    }
}

impl Failure {
    /// The kind, for programs: WIT's names of errors, and few more.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Usage(_) => "usage",
            Self::InvalidValue(_) => "invalid-value",
            Self::Url(_) => "invalid-url",
            Self::Open(_) => "unavailable",
            Self::Cache(error) => cache_error_kind(error),
            Self::Other(_) => "failed",
        }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self.kind() {
            "usage" | "invalid-url" | "invalid-name" | "invalid-options" | "invalid-ttl"
            | "conflict" => 2,
            "invalid-key" | "invalid-value" | "too-large" | "undecodable" | "wrong-type" => 4,
            _ => 3,
        }
    }

    /// The whole story in one line, and what can be done about it.
    pub(crate) fn message(&self) -> String {
        let message = describe(self);
        match self.advice() {
            Some(advice) => format!("{message}; {advice}"),
            None => message,
        }
    }

    /// One line of JSON.
    pub(crate) fn as_json(&self) -> String {
        let (error, message) = (string_as_json(self.kind()), string_as_json(&self.message()));
        format!(r#"{{"ok":false,"error":{error},"message":{message}}}"#)
    }

    fn advice(&self) -> Option<&'static str> {
        Some(match self.kind() {
            "unavailable" => {
                "check that it runs and that --backend (or FLIPCACHE_BACKEND) names it"
            }
            "access-denied" => "check the user and password in --backend (or FLIPCACHE_BACKEND)",
            "timeout" => "try again",
            "undecodable" => "read it with the --type it was written with, or delete it",
            "wrong-type" => "use another --name or key, or delete it",
            _ => return None,
        })
    }
}

fn cache_error_kind(error: &CacheError) -> &'static str {
    match error {
        CacheError::InvalidName(_) => "invalid-name",
        CacheError::InvalidOptions(_) | CacheError::InvalidCapacity => "invalid-options",
        CacheError::Conflict(_) => "conflict",
        CacheError::Denied(_) => "denied",
        CacheError::InvalidKey { .. } => "invalid-key",
        CacheError::InvalidValue(_) => "invalid-value",
        CacheError::InvalidTtl { .. } => "invalid-ttl",
        CacheError::TooLarge { .. } | CacheError::Backend(BackendError::TooLarge { .. }) => {
            "too-large"
        }
        CacheError::Undecodable { .. } => "undecodable",
        CacheError::WrongType { .. } => "wrong-type",
        CacheError::Backend(BackendError::Unavailable(_)) => "unavailable",
        CacheError::Backend(BackendError::Timeout) => "timeout",
        CacheError::Backend(BackendError::AccessDenied(_)) => "access-denied",
        CacheError::Backend(BackendError::Unsupported(_)) => "unsupported",
        CacheError::Backend(BackendError::Other(_)) => "backend",
        CacheError::Lost | CacheError::Instance(_) | CacheError::Thread(_) => "failed",
    }
}
