//! Why an instance ended before it was done.

use std::error::Error;
use std::time::Duration;

use bytesize::ByteSize;
use wasmtime::Trap;

use super::memory::MemoryLimit;

/// What stopped an instance. As a sentence, it says what the application did.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    /// It had its time.
    #[error("did not end within {} s; --timeout says how long it may take", .0.as_secs_f64())]
    OutOfTime(Duration),
    /// It failed after it had asked for more memory than it may have.
    #[error("asked for more memory than {max}; --max-memory says how much it may have")]
    OutOfMemory {
        max: ByteSize,
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// It failed.
    #[error("trapped")]
    Trap(#[source] Box<dyn Error + Send + Sync>),
}

impl Stop {
    /// What an error of a call into an instance means.
    pub(super) fn of(error: &wasmtime::Error, limit: &MemoryLimit) -> Self {
        // With the backtrace: it is for whoever wrote the application.
        tracing::debug!("the application stopped: {error:?}");
        let cause: Box<dyn Error + Send + Sync> = match error.downcast_ref::<Trap>() {
            Some(trap) => (*trap).into(),
            None => error.root_cause().to_string().into(),
        };
        match limit.is_refused() {
            true => Self::OutOfMemory {
                max: ByteSize::b(limit.max() as u64),
                cause,
            },
            false => Self::Trap(cause),
        }
    }
}
