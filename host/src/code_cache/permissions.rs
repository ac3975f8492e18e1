//! Checks of owners and permissions, before anything in a directory is executed.

use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{self, Path, PathBuf};

use rustix::process::geteuid;

use super::CodeCacheError;

const WRITABLE_BY_OTHERS: u32 = 0o022;
/// Only owners can remove or rename files in such a directory.
const STICKY: u32 = 0o1000;
const PERMISSIONS: u32 = 0o7777;
const ROOT: u32 = 0;

/// Returns the directory's canonical name, after creating it if it does not exist and checking that
/// no other user can replace it. As for the keys of `ssh`, the directories above it count too.
pub(super) fn private(directory: &Path) -> Result<PathBuf, CodeCacheError> {
    let directory = path::absolute(directory).map_err(io_error(directory))?;
    // Before anything is created: root with a user's environment would leave the user a directory
    // that belongs to root.
    let mut above = directory.ancestors().skip(1);
    if let Some(above) = above.find(|above| above.exists()) {
        check_all(&canonical(above)?)?;
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(&directory).map_err(io_error(&directory))?;
    if metadata(&directory)?.is_symlink() {
        return Err(CodeCacheError::SymbolicLink { path: directory });
    }
    let directory = canonical(&directory)?;
    check_own(&directory, &metadata(&directory)?)?;
    check_all(&directory)?;
    Ok(directory)
}

/// Refuses a file that another user may have written.
///
/// # Errors
///
/// Of kind [`io::ErrorKind::PermissionDenied`].
pub(super) fn check_file(metadata: &Metadata) -> io::Result<()> {
    let is_own = metadata.uid() == geteuid().as_raw();
    let is_private = metadata.mode() & WRITABLE_BY_OTHERS == 0;
    if metadata.is_file() && is_own && is_private {
        return Ok(());
    }
    let what = "the file must belong to this user, and only this user may write to it";
    Err(io::Error::new(io::ErrorKind::PermissionDenied, what))
}

fn check_own(path: &Path, metadata: &Metadata) -> Result<(), CodeCacheError> {
    let (owner, mode) = (metadata.uid(), metadata.mode() & PERMISSIONS);
    if owner != geteuid().as_raw() {
        let path = path.to_owned();
        return Err(CodeCacheError::Foreign { path, owner });
    }
    if mode & WRITABLE_BY_OTHERS != 0 {
        let path = path.to_owned();
        return Err(CodeCacheError::Writable { path, mode });
    }
    Ok(())
}

/// Refuses a directory if another user can replace it or one above it.
fn check_all(directory: &Path) -> Result<(), CodeCacheError> {
    for path in directory.ancestors() {
        let metadata = metadata(path)?;
        let (owner, mode) = (metadata.uid(), metadata.mode() & PERMISSIONS);
        if owner != ROOT && owner != geteuid().as_raw() {
            let path = path.to_owned();
            return Err(CodeCacheError::Foreign { path, owner });
        }
        if mode & WRITABLE_BY_OTHERS != 0 && mode & STICKY == 0 {
            let path = path.to_owned();
            return Err(CodeCacheError::Writable { path, mode });
        }
    }
    Ok(())
}

fn canonical(path: &Path) -> Result<PathBuf, CodeCacheError> {
    fs::canonicalize(path).map_err(io_error(path))
}

fn metadata(path: &Path) -> Result<Metadata, CodeCacheError> {
    fs::symlink_metadata(path).map_err(io_error(path))
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> CodeCacheError {
    move |source| CodeCacheError::Io {
        path: path.to_owned(),
        source,
    }
}
