//! Components plugged into each other, as `wac plug` does it.

use flipcache::wasi_keyvalue::{BACKEND, BACKEND_DRAFT2};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, plug};

/// The cache over `wasi:keyvalue@0.2.0-draft`: exports what the cache exports; imports `store` and `batch` of that,
/// the wall clock and the monotonic clock.
pub(crate) fn cache_over_wasi_keyvalue() -> Vec<u8> {
    plugged(flipcache::COMPONENT, BACKEND)
}

/// The same over `wasi:keyvalue@0.2.0-draft2`.
pub(crate) fn cache_over_wasi_keyvalue_draft2() -> Vec<u8> {
    plugged(flipcache::COMPONENT, BACKEND_DRAFT2)
}

/// A component whose imports are, where they fit, the exports of another.
pub(crate) fn plugged(socket: &[u8], component: &[u8]) -> Vec<u8> {
    let mut graph = CompositionGraph::new();
    let mut register = |name, bytes: &[u8]| {
        let package = Package::from_bytes(name, None, bytes, graph.types_mut());
        let package = package.expect("the file must be a component");
        graph
            .register_package(package)
            .expect("no other has the name")
    };
    let socket = register("test:socket", socket);
    let component = register("test:plug", component);
    plug(&mut graph, vec![component], socket).expect("one must fit the other");
    graph
        .encode(EncodeOptions::default())
        .expect("the composition must be valid")
}
