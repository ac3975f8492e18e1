//! Components plugged into each other, as `wac plug` does it.

use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, plug};

/// Returns a component whose imports are, where they fit, the exports of another.
///
/// # Panics
///
/// If one of them is no component, or nothing of one fits the other.
pub fn plugged(socket: &[u8], component: &[u8]) -> Vec<u8> {
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
