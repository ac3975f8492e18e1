//! The cache and `wasi:keyvalue`, in both directions.

pub(crate) mod composition;
