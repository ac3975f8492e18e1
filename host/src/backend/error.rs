//! The errors of all backends.

use super::InvalidCursor;

/// The cause of a [`BackendError`]: the backend's own error, or a sentence.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a call of a backend failed. The cases of WIT's `backend-error`.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// The backend cannot be reached, or refused the connection. Nothing was written: a retry is
    /// safe and may help.
    #[error("the backend cannot be reached")]
    Unavailable(#[source] Cause),
    /// The connection was lost after a write had been sent and before its reply came, or after a
    /// part of the write. Repeating it may execute it twice.
    #[error("the backend was lost during a write, which may or may not have happened")]
    OutcomeUnknown(#[source] Cause),
    /// No reply came within the deadline. A write may or may not have happened.
    #[error("the backend did not reply in time; a write may or may not have happened")]
    Timeout,
    /// The caller lacks permission. A retry will not help.
    #[error("the backend denied access")]
    AccessDenied(#[source] Cause),
    /// The key or the value is longer than the backend accepts.
    #[error("a key or value is longer than the {limit} bytes that the backend takes")]
    TooLarge {
        /// The backend's limit, in bytes.
        limit: u64,
    },
    /// The backend does not support the call. A retry will not help.
    #[error("the backend cannot do this")]
    Unsupported(#[source] Cause),
    /// Any other error, with the backend's message as its cause.
    #[error("the backend failed")]
    Other(#[source] Cause),
}

/// Whether a call whose outcome is unknown may be repeated as if it had not been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// It may: it changes nothing, or a TTL that a repetition sets again.
    Read,
    /// It may not: it may have taken effect.
    Write,
}

impl Access {
    /// Returns the error of a call that was ended without an outcome.
    pub(crate) fn ended(self, why: &'static str) -> BackendError {
        match self {
            Self::Read => BackendError::Other(why.into()),
            Self::Write => BackendError::OutcomeUnknown(why.into()),
        }
    }
}

impl BackendError {
    /// Returns whether the backend as a whole cannot be reached: this says nothing about the key or
    /// the caller.
    pub(crate) fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_) | Self::OutcomeUnknown(_) | Self::Timeout
        )
    }

    /// Returns whether a write that failed with this error may have taken effect.
    pub(crate) fn may_have_happened(&self) -> bool {
        matches!(self, Self::OutcomeUnknown(_) | Self::Timeout)
    }

    /// Returns the error of a write in several parts. If another part has `happened`, or may have,
    /// the whole cannot be repeated, and is not `Unavailable`.
    pub(crate) fn after_another_part(self, happened: bool) -> Self {
        match self {
            Self::Unavailable(cause) if happened => Self::OutcomeUnknown(cause),
            error => error,
        }
    }

    /// Returns the case, as WIT names it, for logs and metrics. An [invalid cursor](InvalidCursor),
    /// which WIT counts as `other`, is `invalid-cursor`.
    pub fn kind(&self) -> &'static str {
        if self.is_invalid_cursor() {
            return "invalid-cursor";
        }
        match self {
            Self::Unavailable(_) => "unavailable",
            Self::OutcomeUnknown(_) => "outcome-unknown",
            Self::Timeout => "timeout",
            Self::AccessDenied(_) => "access-denied",
            Self::TooLarge { .. } => "too-large",
            Self::Unsupported(_) => "unsupported",
            Self::Other(_) => "other",
        }
    }

    /// Returns the same error for another caller that shares the call: its kind, and its cause as
    /// text.
    pub(crate) fn again(&self) -> Self {
        if self.is_invalid_cursor() {
            return InvalidCursor.into();
        }
        let text = |cause: &Cause| describe(&**cause).into();
        match self {
            Self::Unavailable(cause) => Self::Unavailable(text(cause)),
            Self::OutcomeUnknown(cause) => Self::OutcomeUnknown(text(cause)),
            Self::Timeout => Self::Timeout,
            Self::AccessDenied(cause) => Self::AccessDenied(text(cause)),
            Self::TooLarge { limit } => Self::TooLarge { limit: *limit },
            Self::Unsupported(cause) => Self::Unsupported(text(cause)),
            Self::Other(cause) => Self::Other(text(cause)),
        }
    }

    /// Returns the same error without its cause, for a guest: a backend's message may contain its
    /// address, or full keys. An invalid cursor contains neither, and is kept.
    #[cfg(feature = "wasmtime")]
    pub(crate) fn without_cause(&self) -> Self {
        if self.is_invalid_cursor() {
            return InvalidCursor.into();
        }
        let kind = || self.to_string().into();
        match self {
            Self::Unavailable(_) => Self::Unavailable(kind()),
            Self::OutcomeUnknown(_) => Self::OutcomeUnknown(kind()),
            Self::Timeout => Self::Timeout,
            Self::AccessDenied(_) => Self::AccessDenied(kind()),
            Self::TooLarge { limit } => Self::TooLarge { limit: *limit },
            Self::Unsupported(_) => Self::Unsupported(kind()),
            Self::Other(_) => Self::Other(kind()),
        }
    }
}

/// Returns an error and its causes in one line. A cause that its error repeats appears once.
pub fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let cause_text = error.to_string();
        if !text.ends_with(&cause_text) {
            text += ": ";
            text += &cause_text;
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn describe_shows_every_cause_once() {
        let io = io::Error::other("connection refused");
        assert_eq!(
            describe(&BackendError::Timeout),
            BackendError::Timeout.to_string()
        );
        let error = BackendError::Unavailable(Box::new(BackendError::Other(Box::new(io))));
        assert_eq!(
            describe(&error),
            "the backend cannot be reached: the backend failed: connection refused"
        );
        let repeated = BackendError::Other(Box::new(Repeats(io::Error::other("refused"))));
        assert_eq!(describe(&repeated), "the backend failed: refused");
    }

    /// An error that shows its cause and also has it as its source.
    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Repeats(#[source] io::Error);
}
