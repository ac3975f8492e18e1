//! Why a directory cannot hold code.

use std::io;
use std::path::PathBuf;

/// Why a directory cannot hold compiled code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodeCacheError {
    /// It cannot be made or read.
    #[error("cannot use {}", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// It is a symbolic link.
    #[error("{} is a symbolic link", path.display())]
    SymbolicLink {
        /// The link.
        path: PathBuf,
    },
    /// The directory, or one above it, belongs to somebody else.
    #[error("{} belongs to another user, of id {owner}", path.display())]
    Foreign {
        /// The directory that does.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// Others may write to the directory, or to one above it.
    #[error("others may write to {}: its mode is {mode:04o}", path.display())]
    Writable {
        /// The directory to which they may.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// On this system it cannot be told who may write to a directory.
    #[error("this system does not tell who may write to a directory")]
    Unsupported,
}
