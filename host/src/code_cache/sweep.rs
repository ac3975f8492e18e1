//! The bounds of the directory: its bytes, and how long a file stays without being used.

use std::ffi::OsStr;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::key::SUFFIX;

/// The suffix of files that are being written.
pub(super) const UNFINISHED_SUFFIX: &str = ".code-unfinished";

const MAX_BYTES: u64 = 256 << 20;
const MAX_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// After this time, the writer of an unfinished file must have been interrupted.
const MAX_UNFINISHED_AGE: Duration = Duration::from_secs(60 * 60);

/// Removes files that have not been used for too long, then the least recently used ones until the
/// rest is within the bound. Never removes `newest`, nor files that are not this cache's. Files of
/// earlier versions are removed in the same way.
pub(super) fn sweep(directory: &Path, newest: &Path) {
    if let Err(error) = remove_excess(directory, newest) {
        tracing::warn!(directory = %directory.display(), %error, "cannot remove old compiled code");
    }
}

struct CodeFile {
    path: PathBuf,
    age: Duration,
    bytes: u64,
    is_unfinished: bool,
}

fn remove_excess(directory: &Path, newest: &Path) -> io::Result<()> {
    let now = SystemTime::now();
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        files.extend(CodeFile::of(&entry?, now)?);
    }
    files.sort_by_key(|file| (file.path != newest, file.age));
    let mut bytes = 0;
    for file in files {
        bytes += file.bytes;
        let is_excess = if file.is_unfinished {
            file.age > MAX_UNFINISHED_AGE
        } else {
            file.age > MAX_AGE || bytes > MAX_BYTES
        };
        if is_excess && file.path != newest {
            gone(fs::remove_file(&file.path))?;
        }
    }
    Ok(())
}

impl CodeFile {
    fn of(entry: &DirEntry, now: SystemTime) -> io::Result<Option<Self>> {
        let name = entry.file_name();
        let ends_in = |suffix: &str| OsStr::as_encoded_bytes(&name).ends_with(suffix.as_bytes());
        let is_unfinished = ends_in(UNFINISHED_SUFFIX);
        if !is_unfinished && !ends_in(SUFFIX) {
            return Ok(None);
        }
        let Some(metadata) = gone(entry.metadata())? else {
            return Ok(None);
        };
        Ok(Some(Self {
            path: entry.path(),
            age: now.duration_since(metadata.modified()?).unwrap_or_default(),
            bytes: metadata.len(),
            is_unfinished,
        }))
    }
}

/// Returns `None` if another process has removed the file.
fn gone<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    const MIB: u64 = 1 << 20;

    fn put(path: PathBuf, bytes: u64, age: Duration) -> PathBuf {
        let file = File::create(&path).expect("it must be made");
        file.set_len(bytes).expect("it has no content");
        let modified = SystemTime::now() - age;
        file.set_modified(modified).expect("it is ours");
        path
    }

    fn left(directory: &Path) -> Vec<String> {
        let files = fs::read_dir(directory).expect("it is there");
        let names = files.map(|file| file.expect("it is there").file_name());
        let mut names: Vec<_> = names
            .map(|name| name.into_string().expect("it is text"))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn sweep_removes_old_files_of_its_own() {
        let folder = tempfile::tempdir().expect("a folder must be made");
        let file = |name: &str, age| put(folder.path().join(name), 1, age);
        let newest = file("newest.code", 40 * DAY);
        file("used.code", 29 * DAY);
        file("old.code", 31 * DAY);
        file("a.code-unfinished", HOUR / 2);
        file("b.code-unfinished", 2 * HOUR);
        file("notes", 99 * DAY);
        sweep(folder.path(), &newest);
        let expected = ["a.code-unfinished", "newest.code", "notes", "used.code"];
        assert_eq!(left(folder.path()), expected);
    }

    #[test]
    fn sweep_above_the_bound_removes_the_least_recently_used() {
        let folder = tempfile::tempdir().expect("a folder must be made");
        let file = |name: &str, bytes, age| put(folder.path().join(name), bytes, age);
        file("c.code", 100 * MIB, 3 * HOUR);
        file("b.code", 100 * MIB, 2 * HOUR);
        let newest = file("a.code", 56 * MIB, 4 * HOUR);
        sweep(folder.path(), &newest);
        assert_eq!(left(folder.path()), ["a.code", "b.code", "c.code"]);
        let newest = file("d.code", 57 * MIB, Duration::ZERO);
        sweep(folder.path(), &newest);
        assert_eq!(left(folder.path()), ["b.code", "d.code"]);
    }

    #[test]
    fn sweep_never_removes_the_newest() {
        let folder = tempfile::tempdir().expect("a folder must be made");
        let newest = put(folder.path().join("a.code"), 300 * MIB, Duration::ZERO);
        put(folder.path().join("b.code"), 1, HOUR);
        sweep(folder.path(), &newest);
        assert_eq!(left(folder.path()), ["a.code"]);
    }
}
