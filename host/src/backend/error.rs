//! Why a backend did not do what was asked, whatever store it is.

use super::InvalidCursor;

/// What lies under a [`BackendError`]: the store's own error, or a sentence.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why the shared tier did not do what was asked. The cases of WIT's `backend-error`.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// The backend cannot be reached, or refused the connection. Nothing was written: a retry is safe and may help.
    #[error("the backend cannot be reached")]
    Unavailable(#[source] Cause),
    /// The backend was lost after a write had been sent and before its reply came, or after a part of the
    /// write. Repeating it may do it twice.
    #[error("the backend was lost during a write, which may or may not have happened")]
    OutcomeUnknown(#[source] Cause),
    /// No answer within the deadline. A write may or may not have happened.
    #[error("the backend did not answer in time; a write may or may not have happened")]
    Timeout,
    /// The caller may not do this here. A retry will not help.
    #[error("the backend denied access")]
    AccessDenied(#[source] Cause),
    /// The key or the value is longer than the backend takes.
    #[error("a key or value is longer than the {limit} bytes that the backend takes")]
    TooLarge {
        /// What the backend takes, in bytes.
        limit: u64,
    },
    /// This backend cannot do this. A retry will not help.
    #[error("the backend cannot do this")]
    Unsupported(#[source] Cause),
    /// Anything else, in the backend's words.
    #[error("the backend failed")]
    Other(#[source] Cause),
}

/// Whether a call whose outcome is lost may be repeated as if it had never been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// It may: it changes nothing, or a TTL that a repetition sets again.
    Read,
    /// It may not: it may have taken effect.
    Write,
}

impl Access {
    /// Returns the error of a call that ended after it had begun, without an outcome.
    pub(crate) fn ended(self, why: &'static str) -> BackendError {
        match self {
            Self::Read => BackendError::Other(why.into()),
            Self::Write => BackendError::OutcomeUnknown(why.into()),
        }
    }
}

impl BackendError {
    /// Whether the backend as a whole is out of reach: this says nothing about the key or the caller.
    pub(crate) fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_) | Self::OutcomeUnknown(_) | Self::Timeout
        )
    }

    /// Whether a write that failed so may have taken effect.
    pub(crate) fn may_have_happened(&self) -> bool {
        matches!(self, Self::OutcomeUnknown(_) | Self::Timeout)
    }

    /// Returns the error of a write of which another part has taken effect, or may have: the whole cannot be
    /// repeated as if nothing had happened.
    pub(crate) fn after_another_part(self) -> Self {
        match self {
            Self::Unavailable(cause) => Self::OutcomeUnknown(cause),
            error => error,
        }
    }

    /// Its case, as WIT names it: for logs and metrics. An [invalid cursor](InvalidCursor), which WIT has among
    /// `other`, is `invalid-cursor`.
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

    /// The same error once more, for another caller who shares the call: its kind, and its cause in
    /// words.
    pub(crate) fn again(&self) -> Self {
        if self.is_invalid_cursor() {
            return InvalidCursor.into();
        }
        let words = |cause: &Cause| describe(&**cause).into();
        match self {
            Self::Unavailable(cause) => Self::Unavailable(words(cause)),
            Self::OutcomeUnknown(cause) => Self::OutcomeUnknown(words(cause)),
            Self::Timeout => Self::Timeout,
            Self::AccessDenied(cause) => Self::AccessDenied(words(cause)),
            Self::TooLarge { limit } => Self::TooLarge { limit: *limit },
            Self::Unsupported(cause) => Self::Unsupported(words(cause)),
            Self::Other(cause) => Self::Other(words(cause)),
        }
    }

    /// The same error without its cause, for a guest: the words of a store may name its address, or
    /// keys as they stand in it. What is wrong with the guest's own cursor names neither, and stays.
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

/// An error and what lies under it, in one line. What a cause repeats is told once.
pub fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !words.ends_with(&more) {
            words += ": ";
            words += &more;
        }
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn describe_tells_every_cause_once() {
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

    /// As errors are that show their cause and also have it as their source.
    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Repeats(#[source] io::Error);
}
