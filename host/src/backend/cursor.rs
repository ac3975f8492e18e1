//! Cursors that no page had: an error of the caller, not of the backend.

use super::BackendError;

/// A cursor that no page of the bucket can have had.
///
/// Backends return it as [`BackendError::Other`]; [`BackendError::is_invalid_cursor`] distinguishes
/// it from their failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid cursor: no page of this listing had it")]
pub struct InvalidCursor;

impl From<InvalidCursor> for BackendError {
    fn from(error: InvalidCursor) -> Self {
        Self::Other(Box::new(error))
    }
}

impl BackendError {
    /// Returns whether the caller passed a [cursor that no page had](InvalidCursor): the backend
    /// works.
    pub fn is_invalid_cursor(&self) -> bool {
        matches!(self, Self::Other(cause) if cause.is::<InvalidCursor>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_invalid_cursor_is_true_of_that_cause_alone_and_of_copies() {
        let error = BackendError::from(InvalidCursor);
        assert!(error.is_invalid_cursor() && !error.is_outage());
        assert_eq!(error.kind(), "invalid-cursor");
        assert!(error.again().is_invalid_cursor());
        #[cfg(feature = "wasmtime")]
        assert!(error.without_cause().is_invalid_cursor());

        let text = BackendError::Other(InvalidCursor.to_string().into());
        assert!(!text.is_invalid_cursor(), "text is not a kind");
        assert_eq!(text.kind(), "other");
    }
}
