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
    path: "../../wit",
    inline: "
        package test:app;

        world test-app {
            include flipcache:cache/app@0.1.0;

            /// Writes and reads a key, and tells what came from where.
            export run: func(key: string) -> result<list<string>, string>;
            /// Calls every function of both interfaces, and returns the results as text.
            export tour: func(name: string) -> list<string>;

            export get: func(name: string, key: string) -> string;
            export get-many: func(name: string, keys: list<string>) -> string;
            export set: func(name: string, key: string, value: string) -> string;
            export scan: func(name: string, cursor: option<string>, limit: u32) -> string;
            export len: func(name: string) -> string;
            export clear: func(name: string) -> string;
            /// Opens a cache with bounds of its own, writes keys of a size, and tells how many
            /// stay.
            export fill: func(name: string, local-max: u32, keys: u32, size: u32) -> string;

            /// Opens names one after the other until one is refused: how many, and why.
            export open-names: func(amount: u32) -> string;
            /// Opens one cache again and again and keeps the handles: how many, and why no more.
            export keep-handles: func(amount: u32) -> string;
            /// Names so many keys in one call.
            export giant-batch: func(keys: u32) -> string;
            /// Writes a value of so many bytes, and opens a cache with such a default.
            export giant-value: func(size: u32) -> string;
            /// Opens dictionaries of 1 MiB each until one does not fit: how many, and why.
            export fill-dicts: func() -> string;
            /// Items without values: how many fit.
            export fill-dict-with-nothing: func() -> string;
            /// Uses a forged handle.
            export forge-cache: func(handle: u32);
            export forge-dict: func(handle: u32);
            /// Uses a handle after it was closed.
            export use-after-close: func();
            /// Uses a dictionary as a cache.
            export confuse: func();
            export spin: func();
            export hoard: func();
        }
    ",
    world: "test:app/test-app",
    default_bindings_module: "crate::bindings",
    generate_all,
});

export!(App with_types_in self);

use crate::App;
