//! What `SQLite`'s errors mean to a caller: <https://sqlite.org/rescode.html>.

use rusqlite::ErrorCode;

use super::MAX_BYTES;
use crate::backend::BackendError;

impl From<rusqlite::Error> for BackendError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            // The busy timeout is the call's deadline.
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Timeout,
            Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) => {
                Self::Unavailable(Box::new(error))
            }
            Some(
                ErrorCode::PermissionDenied
                | ErrorCode::ReadOnly
                | ErrorCode::AuthorizationForStatementDenied,
            ) => Self::AccessDenied(Box::new(error)),
            Some(ErrorCode::TooBig) => Self::TooLarge {
                limit: u64::try_from(MAX_BYTES).unwrap_or(u64::MAX),
            },
            _ => Self::Other(Box::new(error)),
        }
    }
}
