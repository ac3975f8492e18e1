//! Errors of the command line: a kind, a message, an exit code.

use std::io;
use std::path::PathBuf;

use flipcache::Error;
use flipcache::backend::{BackendError, OpenError, describe};

use super::app::Stop;
use super::text::string_as_json;

/// The error of a command. Its message says what failed, on what, and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The arguments are not valid.
    #[error("{0}")]
    Usage(String),
    /// The value is not of the cache's type.
    #[error("invalid value: {0}")]
    InvalidValue(String),
    /// The cache returned an error.
    #[error(transparent)]
    Cache(#[from] Error),
    /// The file is not an application that this program can run.
    #[error("cannot run {}", file.display())]
    Unfit {
        file: PathBuf,
        #[source]
        cause: wasmtime::Error,
    },
    /// The application was stopped.
    #[error("the application {0}")]
    Stopped(#[source] Stop),
    /// The result could not be written.
    #[error("cannot write to standard output")]
    Output(#[source] io::Error),
    /// The user pressed Ctrl-C while a command of the shell ran.
    #[error("interrupted; a write in flight may have taken effect")]
    Interrupted,
    /// Another error, mostly of a file or a stream.
    #[error(transparent)]
    Other(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        error.downcast().unwrap_or_else(Self::Other)
    }
}

impl Failure {
    /// Returns whether the reader of standard output closed it, as `head` does.
    pub(crate) fn is_reader_gone(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Returns the kind, for programs: WIT's names of errors, and a few more.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Usage(_) => "usage",
            Self::InvalidValue(_) => "invalid-value",
            Self::Cache(error) => cache_error_kind(error),
            Self::Unfit { .. } => "unfit",
            Self::Stopped(Stop::OutOfTime(_)) => "out-of-time",
            Self::Stopped(Stop::Trap(_)) => "trap",
            Self::Stopped(Stop::OutOfMemory { .. }) => "out-of-memory",
            Self::Interrupted => "interrupted",
            Self::Output(_) | Self::Other(_) => "failed",
        }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self.kind() {
            "usage" | "invalid-url" | "invalid-tls" | "invalid-name" | "invalid-options"
            | "invalid-ttl" | "invalid-cursor" | "conflict" | "unfit" => 2,
            "invalid-key" | "invalid-value" | "too-large" | "undecodable" | "wrong-type" => 4,
            // As the command `timeout`, and as shells report SIGABRT.
            "out-of-time" => 124,
            "trap" | "out-of-memory" => 134,
            // As shells report SIGINT.
            "interrupted" => 130,
            _ => 3,
        }
    }

    /// Returns the complete message in one line, with advice if there is any.
    pub(crate) fn message(&self) -> String {
        let message = describe(self);
        match self.advice() {
            Some(advice) => format!("{message}; {advice}"),
            None => message,
        }
    }

    /// Returns one line of JSON.
    pub(crate) fn as_json(&self) -> String {
        let (error, message) = (string_as_json(self.kind()), string_as_json(&self.message()));
        format!(r#"{{"ok":false,"error":{error},"message":{message}}}"#)
    }

    fn advice(&self) -> Option<&'static str> {
        Some(match self.kind() {
            "unavailable" => {
                "check that it is running and that --backend (or FLIPCACHE_BACKEND) names it"
            }
            "access-denied" => "check the user and password in --backend (or FLIPCACHE_BACKEND)",
            "outcome-unknown" => {
                "read the key before writing it again: the write may have taken effect"
            }
            "timeout" => "try again",
            "undecodable" => "read it with the --type it was written with, or delete it",
            "wrong-type" => "use another --name or key, or delete it",
            _ => return None,
        })
    }
}

fn cache_error_kind(error: &Error) -> &'static str {
    match error {
        Error::InvalidName(_) => "invalid-name",
        Error::InvalidOptions(_) | Error::InvalidCapacity => "invalid-options",
        Error::Conflict(_) => "conflict",
        Error::Denied(_) => "denied",
        Error::InvalidKey { .. } => "invalid-key",
        Error::InvalidValue(_) => "invalid-value",
        Error::InvalidTtl { .. } => "invalid-ttl",
        Error::InvalidCursor(_) => "invalid-cursor",
        Error::TooLarge { .. } | Error::Backend(BackendError::TooLarge { .. }) => "too-large",
        Error::Undecodable { .. } => "undecodable",
        Error::WrongType { .. } => "wrong-type",
        Error::Url(_) => "invalid-url",
        Error::Open(OpenError::Tls(_)) => "invalid-tls",
        Error::Backend(BackendError::Unavailable(_)) | Error::Open(_) => "unavailable",
        Error::Backend(BackendError::OutcomeUnknown(_)) => "outcome-unknown",
        Error::Backend(BackendError::Timeout) => "timeout",
        Error::Backend(BackendError::AccessDenied(_)) => "access-denied",
        Error::Backend(BackendError::Unsupported(_)) => "unsupported",
        Error::Backend(BackendError::Other(_)) => "backend",
        Error::Codec { .. }
        | Error::Loader(_)
        | Error::TaskCancelled
        | Error::DictLost
        | Error::Instance(_)
        | Error::Thread(_) => "failed",
    }
}
