//! Compiled code kept in a directory between processes, so that a start compiles nothing.
//!
//! # Layout
//!
//! - `code`: what is kept: modules and components. `key`: by what it is found.
//! - `entry`: a file, and how it is told from a damaged one; `permissions`: whose directory it has to be.
//! - `sweep`: what bounds the directory.

mod code;
mod entry;
mod error;
mod key;
#[cfg(unix)]
mod permissions;
mod sweep;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use wasmtime::component::Component;
use wasmtime::{Engine, Module, Result};

use code::Code;
use entry::Entry;
pub use error::CodeCacheError;
use key::Key;

/// A directory of compiled code: what has been compiled once is not compiled again by the next process.
///
/// Code is found by the version of wasmtime and of this crate, the engine's configuration, the features of the
/// processor, and the digest of the WebAssembly file. Whatever is there is run, so the directory must be its
/// user's alone. A file that is damaged or cut off is compiled anew and replaced. Processes may share the
/// directory; they need not wait for each other. It holds no more than 256 MiB, and nothing that has not been
/// used for 30 days.
///
/// Nothing in this crate uses such a directory unless it is told to.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use flipcache::backend::memory::MemoryBackend;
/// use flipcache::{Client, CodeCache, Shards};
///
/// # let cache_home = tempfile::tempdir()?;
/// # let cache_home = cache_home.path();
/// let code_cache = CodeCache::open(cache_home.join("my-program/code"))?;
/// let shards = Shards::default().code_cache(code_cache);
/// let client = Client::builder(Arc::new(MemoryBackend::new())).shards(shards).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct CodeCache {
    directory: Arc<Path>,
}

impl CodeCache {
    /// The code in a directory, which is made if it is not there, for its user alone (mode 0700).
    ///
    /// # Errors
    ///
    /// [`CodeCacheError::Foreign`] and [`CodeCacheError::Writable`] if somebody else than this process's user and
    /// root could put something in the directory's place: it must belong to the user, and those above it to the
    /// user or root; others may write to none of them, except where they can take nothing away, as in `/tmp`.
    /// [`CodeCacheError::SymbolicLink`] if it is one. [`CodeCacheError::Io`] if it cannot be made or read.
    /// [`CodeCacheError::Unsupported`] on systems other than Unix.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, CodeCacheError> {
        let directory = private(directory.as_ref())?;
        Ok(Self {
            directory: directory.into(),
        })
    }

    /// The component of a file's bytes, from the directory, or else compiled and kept there.
    ///
    /// # Errors
    ///
    /// What [`Component::new`] answers. That the directory fails is logged, and costs the compilation.
    pub fn component(&self, engine: &Engine, bytes: &[u8]) -> Result<Component> {
        self.code(engine, bytes)
    }

    /// As [`component`](Self::component), for core modules.
    pub(crate) fn module(&self, engine: &Engine, bytes: &[u8]) -> Result<Module> {
        self.code(engine, bytes)
    }

    fn code<C: Code>(&self, engine: &Engine, wasm: &[u8]) -> Result<C> {
        let key = Key::of(engine, C::KIND, wasm);
        let file = self.directory.join(key.file_name());
        if let Some(code) = load(engine, &file, &key) {
            return Ok(code);
        }
        let code = C::compile(engine, wasm)?;
        let entry = Entry::new(&key, &code.serialize()?);
        match entry.write(&file) {
            Ok(()) => {
                tracing::debug!(file = %file.display(), "code was compiled and kept");
                sweep::sweep(&self.directory, &file);
            }
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "code was compiled and cannot be kept");
            }
        }
        Ok(code)
    }
}

/// What a file holds. `None`: nothing that can be run.
fn load<C: Code>(engine: &Engine, file: &Path, key: &Key) -> Option<C> {
    let entry = Entry::read(file, key).map_err(wasmtime::Error::from);
    let loaded = entry.and_then(|entry| entry.map(|entry| C::load(engine, &entry)).transpose());
    match loaded {
        Ok(None) => None,
        Ok(Some(code)) => {
            tracing::debug!(file = %file.display(), "code was loaded");
            Some(code)
        }
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "kept code cannot be used, and is compiled anew");
            None
        }
    }
}

#[cfg(unix)]
fn private(directory: &Path) -> Result<PathBuf, CodeCacheError> {
    permissions::private(directory)
}

/// Elsewhere it cannot be told who else may write to a directory.
#[cfg(not(unix))]
fn private(_: &Path) -> Result<PathBuf, CodeCacheError> {
    Err(CodeCacheError::Unsupported)
}

#[cfg(all(test, unix))]
mod tests;
