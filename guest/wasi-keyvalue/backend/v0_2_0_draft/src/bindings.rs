//! Code generated from `guest/wasi-keyvalue/wit/draft`.
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the WIT files are the documentation, and generated code has its own style"
)]

wit_bindgen::generate!({
    path: "../../wit/draft",
    inline: "
        package flipcache:wasi-keyvalue-host;

        world host {
            import wasi:keyvalue/store@0.2.0-draft;
            import wasi:keyvalue/batch@0.2.0-draft;
        }
    ",
    world: "flipcache:wasi-keyvalue-host/host",
    generate_all,
});
