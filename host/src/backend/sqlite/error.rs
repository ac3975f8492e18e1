//! Maps `SQLite`'s errors to backend errors: <https://sqlite.org/rescode.html>.

use std::io::ErrorKind;

use rusqlite::ErrorCode;

use super::{FileError, MAX_BYTES};
use crate::backend::{BackendError, Cause};

impl From<rusqlite::Error> for BackendError {
    fn from(error: rusqlite::Error) -> Self {
        of_code(error.sqlite_error_code(), Box::new(error))
    }
}

impl From<FileError> for BackendError {
    fn from(error: FileError) -> Self {
        match &error {
            FileError::Open { source, .. } => {
                let sqlite = source.downcast_ref::<rusqlite::Error>();
                of_code(
                    sqlite.and_then(rusqlite::Error::sqlite_error_code),
                    error.into(),
                )
            }
            FileError::Directory { source, .. } if source.kind() == ErrorKind::PermissionDenied => {
                Self::AccessDenied(error.into())
            }
            FileError::Directory { .. } => Self::Unavailable(error.into()),
            _ => Self::Other(error.into()),
        }
    }
}

fn of_code(code: Option<ErrorCode>, error: Cause) -> BackendError {
    match code {
        // The busy timeout is the call's deadline.
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => BackendError::Timeout,
        Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) => {
            BackendError::Unavailable(error)
        }
        Some(
            ErrorCode::PermissionDenied
            | ErrorCode::ReadOnly
            | ErrorCode::AuthorizationForStatementDenied,
        ) => BackendError::AccessDenied(error),
        Some(ErrorCode::TooBig) => BackendError::TooLarge {
            limit: u64::try_from(MAX_BYTES).unwrap_or(u64::MAX),
        },
        _ => BackendError::Other(error),
    }
}
