//! The cache and `wasi:keyvalue`, in both directions.

pub(crate) mod clock;
pub(crate) mod composition;

mod adapting;
mod cache;
mod errors;
mod expiry;
mod hosts;
mod listing;
mod options;
mod provided;
mod provider;
mod runtime;
mod sdk;
mod stored;
mod two_step;
mod wasmtimes;
