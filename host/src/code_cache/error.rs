//! Errors of opening a code cache.

use std::io;
use std::path::PathBuf;

/// The reason why a directory cannot hold compiled code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodeCacheError {
    /// It cannot be created or read.
    #[error("cannot use {}", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: io::Error,
    },
    /// It is a symbolic link.
    #[error("{} is a symbolic link", path.display())]
    SymbolicLink {
        /// The link.
        path: PathBuf,
    },
    /// The directory, or one above it, belongs to another user.
    #[error("{} belongs to another user, of id {owner}", path.display())]
    Foreign {
        /// The directory that belongs to another user.
        path: PathBuf,
        /// The id of its owner.
        owner: u32,
    },
    /// Other users may write to the directory, or to one above it.
    #[error("others may write to {}: its mode is {mode:04o}", path.display())]
    Writable {
        /// The directory to which they may write.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// On this system there is no check of write permissions of a directory.
    #[error("cannot check write permissions of a directory on this system")]
    Unsupported,
}
