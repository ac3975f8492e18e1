//! A file with compiled code: a magic number, a digest, the code.
//!
//! The digest covers the key and the code, and is checked before the code is used. After a full
//! disk, a crash or a flipped bit, the code is compiled again.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use tempfile::Builder;

use super::key::Key;
use super::sweep::UNFINISHED_SUFFIX;

/// The magic number of the format; the last byte is its version.
const MARK: [u8; 8] = *b"flipcode";
const DIGEST_BYTES: usize = 32;
const HEAD_BYTES: usize = MARK.len() + DIGEST_BYTES;

/// How old the recorded time of a file's last use may become before it is updated.
const USE_RESOLUTION: Duration = Duration::from_secs(60 * 60);

/// The content of a file, verified to be what was written for its key.
pub(super) struct Entry {
    bytes: Vec<u8>,
}

impl Entry {
    pub(super) fn new(key: &Key, code: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(HEAD_BYTES + code.len());
        bytes.extend(MARK);
        bytes.extend(digest(key, code));
        bytes.extend(code);
        Self { bytes }
    }

    /// Reads the file's entry for this key. Returns `None` if there is no file.
    pub(super) fn read(file: &Path, key: &Key) -> io::Result<Option<Self>> {
        let mut file = match File::open(file) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let metadata = file.metadata()?;
        #[cfg(unix)]
        super::permissions::check_file(&metadata)?;
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
        file.read_to_end(&mut bytes)?;
        let entry = Self { bytes };
        if !entry.is_whole(key) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the file is damaged",
            ));
        }
        record_use(&file, metadata.modified()?);
        Ok(Some(entry))
    }

    /// Writes the file atomically, replacing an old one.
    pub(super) fn write(&self, file: &Path) -> io::Result<()> {
        let directory = file.parent().unwrap_or(Path::new(""));
        // Created with mode 0600.
        let mut unfinished = Builder::new()
            .suffix(UNFINISHED_SUFFIX)
            .tempfile_in(directory)?;
        unfinished.write_all(&self.bytes)?;
        unfinished.persist(file)?;
        Ok(())
    }

    pub(super) fn code(&self) -> &[u8] {
        self.bytes.get(HEAD_BYTES..).unwrap_or_default()
    }

    fn is_whole(&self, key: &Key) -> bool {
        let Some((head, code)) = self.bytes.split_at_checked(HEAD_BYTES) else {
            return false;
        };
        head.starts_with(&MARK) && head.ends_with(&digest(key, code))
    }
}

fn digest(key: &Key, code: &[u8]) -> [u8; DIGEST_BYTES] {
    let digest = Sha256::new().chain_update(key.bytes());
    digest.chain_update(code).finalize().into()
}

/// Records the use of a file: the least recently used ones are removed first. If that fails, only
/// this file's turn comes earlier.
fn record_use(file: &File, recorded: SystemTime) {
    let now = SystemTime::now();
    let age = now.duration_since(recorded).unwrap_or_default();
    if age > USE_RESOLUTION
        && let Err(error) = file.set_modified(now)
    {
        tracing::debug!(%error, "cannot record the use of compiled code");
    }
}
