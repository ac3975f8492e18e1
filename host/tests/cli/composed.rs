//! Applications that the cache was composed into.

use std::path::Path;

use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, plug};

/// Writes the application with the cache plugged into it, as `wac plug` does; the path of the file.
pub(crate) fn composed(file: &str, folder: &Path) -> String {
    let mut graph = CompositionGraph::new();
    let mut register = |name, bytes: Vec<u8>| {
        let package = Package::from_bytes(name, None, bytes, graph.types_mut());
        let package = package.expect("the file must be a component");
        graph
            .register_package(package)
            .expect("no other has the name")
    };
    let app = std::fs::read(file).expect("the file must be there");
    let app = register("test:app", app);
    let cache = register("flipcache:component", flipcache::COMPONENT.into());
    plug(&mut graph, vec![cache], app).expect("the cache must fit");
    let composed = graph.encode(EncodeOptions::default());
    let path = folder.join("composed.wasm");
    std::fs::write(&path, composed.expect("it must be valid")).expect("it must be written");
    path.to_str().expect("a plain path").to_owned()
}
