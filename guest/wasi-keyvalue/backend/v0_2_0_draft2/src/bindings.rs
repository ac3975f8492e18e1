//! Code generated from `guest/wasi-keyvalue/wit/draft2`.
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the WIT files are the documentation, and generated code has its own style"
)]

wit_bindgen::generate!({
    path: "../../wit/draft2",
    inline: "
        package flipcache:wasi-keyvalue-host;

        world host {
            import wasi:keyvalue/store@0.2.0-draft2;
            import wasi:keyvalue/batch@0.2.0-draft2;
        }
    ",
    world: "flipcache:wasi-keyvalue-host/host",
    generate_all,
});
