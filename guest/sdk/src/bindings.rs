//! Code generated from the WIT world `app`, for operations that the typed handles do not cover.
//!
//! [`Cache::raw`](crate::Cache::raw) and [`Dict::raw`](crate::Dict::raw) return its handles.
#![allow(
    missing_docs,
    reason = "the WIT files are the documentation, and generated code has its own style"
)]

wit_bindgen::generate!({
    path: "wit",
    world: "app",
    // The component may have bindings of its own for this world.
    type_section_suffix: "-flipcache-guest",
    additional_derives: [PartialEq],
    additional_derives_ignore: ["key-type", "value-type", "eviction", "source", "order"],
    generate_all,
});
