//! Keys of compiled code.

use std::fmt::Write;
use std::hash::{Hash, Hasher};

use sha2::{Digest, Sha256};
use wasmtime::Engine;

/// The digest of everything that determines a compilation's result.
pub(super) struct Key([u8; 32]);

impl Key {
    /// Includes the engine's hash, which covers wasmtime's version, the target and its features,
    /// and every relevant setting.
    pub(super) fn of(engine: &Engine, kind: &str, wasm: &[u8]) -> Self {
        let mut digest = Digester(Sha256::new());
        env!("CARGO_PKG_VERSION").hash(&mut digest);
        engine.precompile_compatibility_hash().hash(&mut digest);
        kind.hash(&mut digest);
        wasm.hash(&mut digest);
        Self(digest.0.finalize().into())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the name of the file with the code.
    pub(super) fn file_name(&self) -> String {
        let mut name = String::with_capacity(2 * self.0.len() + SUFFIX.len());
        for byte in self.0 {
            // Writing to a `String` cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        name + SUFFIX
    }
}

/// The suffix of files with code.
pub(super) const SUFFIX: &str = ".code";

/// Adapts a digest to `Hasher`; only the digest is read.
struct Digester(Sha256);

impl Hasher for Digester {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("the digest is read itself")
    }
}
