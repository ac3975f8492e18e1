//! Code generated from `wit/`.
#![cfg_attr(
    target_arch = "wasm32",
    expect(
        unsafe_code,
        reason = "the canonical ABI passes addresses; wit-bindgen writes this code"
    )
)]
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the WIT files are the documentation, and generated code has its own style"
)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "component",
    features: ["driver"],
    default_bindings_module: "crate::bindings",
    generate_all,
});

#[cfg(target_arch = "wasm32")]
export!(Component with_types_in self);

#[cfg(target_arch = "wasm32")]
use crate::Component;
