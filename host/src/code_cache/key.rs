//! By what compiled code is found.

use std::fmt::Write;
use std::hash::{Hash, Hasher};

use sha2::{Digest, Sha256};
use wasmtime::Engine;

/// The digest of all that decides what a compilation answers.
pub(super) struct Key([u8; 32]);

impl Key {
    /// The engine's hash has wasmtime's version, the target and its features, and every setting that counts.
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

    /// The file that holds the code.
    pub(super) fn file_name(&self) -> String {
        let mut name = String::with_capacity(2 * self.0.len() + SUFFIX.len());
        for byte in self.0 {
            // Text takes whatever is written to it.
            let _ = write!(name, "{byte:02x}");
        }
        name + SUFFIX
    }
}

/// How names of files with code end.
pub(super) const SUFFIX: &str = ".code";

/// A hasher in form only: what is hashed is known by its digest.
struct Digester(Sha256);

impl Hasher for Digester {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("the digest is read itself")
    }
}
