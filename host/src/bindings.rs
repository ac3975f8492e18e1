//! Code generated from `wit/` for the host's side: the import `kv-backend`, and the exports of the
//! component.
#![allow(missing_docs, reason = "the WIT files are the documentation")]

wasmtime::component::bindgen!({
    path: "wit",
    world: "flipcache",
    imports: { default: async | trappable },
    trappable_error_type: {
        "flipcache:cache/types.backend-error" => crate::link::CallError,
    },
    with: {
        "flipcache:cache/kv-backend.bucket": crate::link::OpenBucket,
        "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
        "wasi:io": wasmtime_wasi::p2::bindings::io,
    },
});
