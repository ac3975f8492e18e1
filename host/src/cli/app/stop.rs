//! The reasons why an instance was stopped.

use std::error::Error;
use std::time::Duration;

use bytesize::ByteSize;
use wasmtime::Trap;

use super::memory::MemoryLimit;

/// The reason why an instance was stopped. Its text completes a sentence that begins with the application.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    /// It reached its timeout.
    #[error("did not end within {} s; --timeout sets the limit", .0.as_secs_f64())]
    OutOfTime(Duration),
    /// It failed after it had requested more memory than allowed.
    #[error("requested more memory than {max}; --max-memory sets the limit")]
    OutOfMemory {
        max: ByteSize,
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// It trapped.
    #[error("trapped")]
    Trap(#[source] Box<dyn Error + Send + Sync>),
}

impl Stop {
    /// Returns the reason for an error of a call into an instance.
    pub(super) fn of(error: &wasmtime::Error, limit: &MemoryLimit) -> Self {
        // With the backtrace, for the application's authors.
        tracing::debug!("the application stopped: {error:?}");
        let cause: Box<dyn Error + Send + Sync> = match error.downcast_ref::<Trap>() {
            Some(trap) => (*trap).into(),
            None => error.root_cause().to_string().into(),
        };
        if limit.is_refused() {
            Self::OutOfMemory {
                max: ByteSize::b(limit.max() as u64),
                cause,
            }
        } else {
            Self::Trap(cause)
        }
    }
}
