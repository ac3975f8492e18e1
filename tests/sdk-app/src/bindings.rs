//! Code generated for the export to start the application by. The imports are `flipcache-guest`'s.
#![expect(
    unsafe_code,
    reason = "the canonical ABI passes addresses; wit-bindgen writes this code"
)]
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "generated code has its own style"
)]

wit_bindgen::generate!({
    inline: "
        package test:sdk-app;

        world sdk-app {
            export run: func(scene: string) -> result<list<string>, string>;
        }
    ",
    default_bindings_module: "crate::bindings",
});

export!(App with_types_in self);

use crate::App;
