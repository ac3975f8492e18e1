//! Code generated from WIT: the exports of every adapter, and the clock. Each adapter generates its
//! own imports of `wasi:keyvalue`.
#![allow(
    missing_docs,
    reason = "the WIT files are the documentation, and generated code has its own style"
)]

wit_bindgen::generate!({
    path: "../../../../wit",
    inline: "
        package flipcache:wasi-keyvalue-backend;

        world backend {
            import wasi:clocks/wall-clock@0.2.0;
            export flipcache:cache/kv-backend@0.1.0;
        }
    ",
    world: "flipcache:wasi-keyvalue-backend/backend",
    default_bindings_module: "flipcache_wasi_keyvalue_backend::bindings",
    pub_export_macro: true,
    generate_all,
});
