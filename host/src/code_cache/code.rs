//! The kinds of compiled code.

use wasmtime::component::Component;
use wasmtime::{Engine, Module, Result};

use super::entry::Entry;

/// Compiled code.
pub(super) trait Code: Sized {
    /// Distinguishes the kinds in a key.
    const KIND: &'static str;

    fn compile(engine: &Engine, wasm: &[u8]) -> Result<Self>;

    fn serialize(&self) -> Result<Vec<u8>>;

    /// Loads the code of an entry, without compiling.
    fn load(engine: &Engine, entry: &Entry) -> Result<Self>;
}

impl Code for Module {
    const KIND: &'static str = "module";

    fn compile(engine: &Engine, wasm: &[u8]) -> Result<Self> {
        Self::new(engine, wasm)
    }

    fn serialize(&self) -> Result<Vec<u8>> {
        self.serialize()
    }

    #[expect(
        unsafe_code,
        reason = "an entry holds what `serialize` returned: only this user can write to its directory, \
                  and its digest covers every byte and the key, which has the engine and the kind"
    )]
    fn load(engine: &Engine, entry: &Entry) -> Result<Self> {
        unsafe { Self::deserialize(engine, entry.code()) }
    }
}

impl Code for Component {
    const KIND: &'static str = "component";

    fn compile(engine: &Engine, wasm: &[u8]) -> Result<Self> {
        Self::new(engine, wasm)
    }

    fn serialize(&self) -> Result<Vec<u8>> {
        self.serialize()
    }

    #[expect(unsafe_code, reason = "as for a module")]
    fn load(engine: &Engine, entry: &Entry) -> Result<Self> {
        unsafe { Self::deserialize(engine, entry.code()) }
    }
}
