//! Code generated from `wit/` and `guest/wasi-keyvalue/wit`.
#![expect(
    unsafe_code,
    reason = "the canonical ABI passes addresses; wit-bindgen writes this code"
)]
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the WIT files are the documentation, and generated code has its own style"
)]

wit_bindgen::generate!({
    path: ["../../../wit", "../wit/draft", "../wit/draft2"],
    inline: "
        package flipcache:wasi-keyvalue-provider;

        world provider {
            import flipcache:cache/cache@0.1.0;

            export wasi:keyvalue/store@0.2.0-draft;
            export wasi:keyvalue/batch@0.2.0-draft;
            export wasi:keyvalue/store@0.2.0-draft2;
            export wasi:keyvalue/batch@0.2.0-draft2;
        }
    ",
    world: "flipcache:wasi-keyvalue-provider/provider",
    default_bindings_module: "crate::bindings",
    generate_all,
});

export!(Component with_types_in self);

use crate::Component;
