//! Code generated from `wit/`, with exports to drive the application by.
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
    path: ["../../wit", "wit"],
    inline: "
        package test:bench-app;

        world bench-app {
            import flipcache:cache/cache@0.1.0;
            import wasi:keyvalue/store@0.2.0-draft;

            /// Opens a cache and a bucket, and writes entries into both. The cache's local tier
            /// holds them all.
            export fill: func(entries: list<tuple<string, list<u8>>>) -> result<_, string>;
            /// Reads keys one after the other, from the first again after the last, so many times.
            /// Returns the number of bytes of all values.
            export read-cache: func(times: u64) -> result<u64, string>;
            export read-bucket: func(times: u64) -> result<u64, string>;
        }
    ",
    world: "test:bench-app/bench-app",
    default_bindings_module: "crate::bindings",
    generate_all,
});

export!(App with_types_in self);

use crate::App;
