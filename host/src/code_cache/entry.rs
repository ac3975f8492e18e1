//! A file with compiled code: a mark, a digest, the code.
//!
//! The digest is of the key and the code. It is compared before anything of the code is believed: a disk that
//! was full, a machine that went down or a bit that fell over cost a compilation, no more.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use tempfile::Builder;

use super::key::Key;
use super::sweep::UNFINISHED_SUFFIX;

/// Tells the form; the last byte is its version.
const MARK: [u8; 8] = *b"flipcode";
const DIGEST_BYTES: usize = 32;
const HEAD_BYTES: usize = MARK.len() + DIGEST_BYTES;

/// How old the note of a file's last use may become before it is renewed.
const NOTE_OF_USE: Duration = Duration::from_secs(60 * 60);

/// A file's content, known to be what was once written for its key.
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

    /// What the file holds for this key. `None`: there is no file.
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
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is damaged"));
        }
        note_use(&file, metadata.modified()?);
        Ok(Some(entry))
    }

    /// Puts the file there whole, in the place of what was there.
    pub(super) fn write(&self, file: &Path) -> io::Result<()> {
        let directory = file.parent().unwrap_or(Path::new(""));
        // Its mode is 0600.
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

/// Those that have not been used for longest leave first. A note that fails makes this one of them, no more.
fn note_use(file: &File, noted: SystemTime) {
    let now = SystemTime::now();
    let age = now.duration_since(noted).unwrap_or_default();
    if age > NOTE_OF_USE
        && let Err(error) = file.set_modified(now)
    {
        tracing::debug!(%error, "the use of kept code cannot be noted");
    }
}
