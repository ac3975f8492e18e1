//! The exports of a cache component that a host instantiates itself.

pub(crate) use bindings::Caches;
pub(crate) use bindings::exports::flipcache::cache::cache::{
    Error, Eviction, Expiry, Found, KeyPage, KeyType, Options, Resilience, Source, Stats, Value,
    ValueType,
};
pub(crate) use bindings::flipcache::cache::types::BackendError;

#[allow(
    missing_docs,
    unreachable_pub,
    reason = "the WIT files are the documentation, and generated code has its own style"
)]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        inline: "
            package test:caches;

            world caches {
                export flipcache:cache/cache@0.1.0;
            }
        ",
        world: "test:caches/caches",
    });
}
