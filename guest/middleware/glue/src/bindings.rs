//! Code generated from `wit/`.
#![allow(
    missing_docs,
    reason = "the WIT files are the documentation, and generated code has its own style"
)]

wit_bindgen::generate!({
    path: "../../../wit",
    world: "middleware",
    default_bindings_module: "flipcache_middleware::bindings",
    pub_export_macro: true,
    // Slots, pages and changes are the same on both sides.
    merge_structurally_equal_types: true,
    generate_all,
});
