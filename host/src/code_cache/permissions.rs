//! Whose directory and files have to be before what they hold is run.

use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{self, Path, PathBuf};

use rustix::process::geteuid;

use super::CodeCacheError;

const WRITABLE_BY_OTHERS: u32 = 0o022;
/// In such a directory nobody can remove or rename what belongs to others.
const STICKY: u32 = 0o1000;
const PERMISSIONS: u32 = 0o7777;
const ROOT: u32 = 0;

/// The directory by its canonical name, made if it is not there, once it is known that nobody else can put
/// anything in its place. The directories above it count too, as for the keys of `ssh`.
pub(super) fn private(directory: &Path) -> Result<PathBuf, CodeCacheError> {
    let directory = path::absolute(directory).map_err(io_error(directory))?;
    // Before anything is made there: a root that has taken a user's environment along would leave them a
    // directory that is not theirs.
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

/// Refuses a file that the user has not written.
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
    let what = "it is not a file of this user's, to which nobody else may write";
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

/// Refuses a directory if others can replace it or one above it.
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
