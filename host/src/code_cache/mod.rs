//! A directory of compiled code for all processes, so that a start compiles nothing.
//!
//! # Layout
//!
//! - `code`: the kinds of code: modules and components. `key`: how code is found.
//! - `entry`: a file, and the check that it is intact. `permissions`: checks of owners and modes.
//! - `sweep`: the bounds of the directory.

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

/// A directory of compiled code, so that the next process does not compile the same file again.
///
/// Code is found by the version of wasmtime and of this crate, the engine's configuration, the
/// features of the processor, and the digest of the WebAssembly file. Files in the directory are
/// executed, so only its user may write to it. A damaged or truncated file is compiled again and
/// replaced.
///
/// Processes may share the directory; they do not wait for each other. It holds at most 256 MiB,
/// and no file that has not been used for 30 days.
///
/// This crate uses such a directory only if the program passes one.
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
    /// Opens a directory. If it does not exist, it is created for its user alone (mode 0700).
    ///
    /// # Errors
    ///
    /// - [`CodeCacheError::Foreign`] and [`CodeCacheError::Writable`] if a user other than this
    ///   process's and root could replace the directory. It must belong to the user, and those
    ///   above it to the user or root. Others may write to none of them, except where they can
    ///   remove nothing, as in `/tmp`.
    /// - [`CodeCacheError::SymbolicLink`] if it is a symbolic link.
    /// - [`CodeCacheError::Io`] if it cannot be created or read.
    /// - [`CodeCacheError::Unsupported`] on systems other than Unix.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, CodeCacheError> {
        let directory = private(directory.as_ref())?;
        Ok(Self {
            directory: directory.into(),
        })
    }

    /// Loads the component of a file's bytes from the directory, or compiles and stores it.
    ///
    /// # Errors
    ///
    /// The errors of [`Component::new`]. If the directory fails, that is logged and the component
    /// is compiled.
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
                tracing::debug!(file = %file.display(), "compiled code and stored it");
                sweep::sweep(&self.directory, &file);
            }
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "cannot store compiled code");
            }
        }
        Ok(code)
    }
}

/// Loads the code of a file. Returns `None` if there is none that can be run.
fn load<C: Code>(engine: &Engine, file: &Path, key: &Key) -> Option<C> {
    let entry = Entry::read(file, key).map_err(wasmtime::Error::from);
    let loaded = entry.and_then(|entry| entry.map(|entry| C::load(engine, &entry)).transpose());
    match loaded {
        Ok(None) => None,
        Ok(Some(code)) => {
            tracing::debug!(file = %file.display(), "loaded compiled code");
            Some(code)
        }
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "cannot use stored code; compiling again");
            None
        }
    }
}

#[cfg(unix)]
fn private(directory: &Path) -> Result<PathBuf, CodeCacheError> {
    permissions::private(directory)
}

/// Fails, as there is no check of write permissions on this system.
#[cfg(not(unix))]
fn private(_: &Path) -> Result<PathBuf, CodeCacheError> {
    Err(CodeCacheError::Unsupported)
}

#[cfg(all(test, unix))]
mod tests;
