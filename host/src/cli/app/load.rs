//! Loading of components that import the cache.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use flipcache::wasi_keyvalue;
use wasmparser::Parser;
use wasmtime::{Result, bail};

/// The component of an application.
pub(super) struct Loaded {
    /// The bytes of the component.
    pub(super) bytes: Vec<u8>,
    /// Whether it imports `wasi:keyvalue`, so that the adapter was composed in.
    pub(super) is_adapted: bool,
}

/// Reads an application from a file.
pub(super) fn load(file: &Path) -> Result<Loaded> {
    let bytes = fs::read(file)?;
    if Parser::is_core_wasm(&bytes) {
        bail!(
            "it is a core module, not a component; `wasm-tools component new` makes a component of it"
        );
    }
    if !Parser::is_component(&bytes) {
        bail!("it is not a WebAssembly component");
    }
    let adapted = match wasi_keyvalue::adapt(&bytes)? {
        Cow::Owned(adapted) => Some(adapted),
        Cow::Borrowed(_) => None,
    };
    Ok(Loaded {
        is_adapted: adapted.is_some(),
        bytes: adapted.unwrap_or(bytes),
    })
}
