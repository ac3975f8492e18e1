//! Applications that the cache was composed into.

use std::path::Path;

use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, plug};

/// Writes the application with the cache plugged into it, as `wac plug` does; the path of the file.
pub(crate) fn composed(file: &str, folder: &Path) -> String {
    let app = std::fs::read(file).expect("the file must be there");
    let path = folder.join("composed.wasm");
    std::fs::write(&path, plugged(&app, flipcache::COMPONENT)).expect("it must be written");
    path.to_str().expect("a plain path").to_owned()
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
    let socket = register("test:app", socket);
    let component = register("flipcache:component", component);
    plug(&mut graph, vec![component], socket).expect("one must fit the other");
    let composed = graph.encode(EncodeOptions::default());
    composed.expect("it must be valid")
}
