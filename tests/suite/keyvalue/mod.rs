//! The cache and `wasi:keyvalue`, in both directions.

pub(crate) mod clock;
pub(crate) mod composition;
