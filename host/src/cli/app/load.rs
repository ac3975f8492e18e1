//! From a file to a component.

use std::fs;
use std::path::Path;

use wasmparser::Parser;
use wasmtime::component::Component;
use wasmtime::{Engine, Result, bail};

/// Reads and compiles an application.
pub(super) fn load(engine: &Engine, file: &Path) -> Result<Component> {
    let bytes = fs::read(file)?;
    if Parser::is_core_wasm(&bytes) {
        bail!(
            "it is a core module, not a component; `wasm-tools component new` makes a component of it"
        );
    }
    if !Parser::is_component(&bytes) {
        bail!("it is no WebAssembly component");
    }
    Component::new(engine, bytes)
}
