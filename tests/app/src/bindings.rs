//! Code generated from `wit/`, with an export to start the application by.
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
    path: "../../wit",
    inline: "
        package test:app;

        world test-app {
            include flipcache:cache/app@0.1.0;
            export run: func(key: string) -> result<list<string>, string>;
        }
    ",
    world: "test:app/test-app",
    default_bindings_module: "crate::bindings",
    generate_all,
});

export!(App with_types_in self);

use crate::App;
