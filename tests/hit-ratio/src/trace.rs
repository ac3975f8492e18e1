//! Traces: streams of key numbers, little-endian `u32`s, compressed with zstd.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::FrameDecoderError;

/// What the names of traces end with; other files of a folder are none.
const SUFFIX: &str = ".u32.zst";

/// What was asked for, in order.
#[derive(Debug, PartialEq, Eq)]
pub struct Trace {
    /// The file's name, without what all end with.
    pub name: String,
    /// A key for each request; at least one, and no more than a `u32` counts.
    pub requests: Vec<u32>,
    /// How many different keys there are.
    pub keys: u32,
}

/// Why there is no trace. The message names the file or the folder.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The folder or a file of it cannot be read.
    #[error("{path}: it cannot be read")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No file of the folder is a trace.
    #[error("{0}: no file of it ends with {SUFFIX}")]
    NoTraces(PathBuf),
    /// The file does not begin as zstd does, or another frame in it does not.
    #[error("{path}: not compressed with zstd")]
    NotZstd {
        /// Which.
        path: PathBuf,
        /// Why.
        source: FrameDecoderError,
    },
    /// The file is cut off, or its bytes are not those that were written.
    #[error("{path}: cut off or damaged")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is in the file ends within a number.
    #[error("{0}: ends within a number of 4 bytes")]
    Uneven(PathBuf),
    /// There is no request in the file, or more than are counted.
    #[error("{0}: has no requests, or more than 4,294,967,295")]
    Length(PathBuf),
}

impl Trace {
    /// Returns all traces of a folder, sorted by their names.
    ///
    /// # Errors
    ///
    /// If the folder has no trace or cannot be read, or one of its traces cannot.
    pub fn read_all(folder: &Path) -> Result<Vec<Self>, TraceError> {
        let unreadable = |source| TraceError::Unreadable {
            path: folder.to_owned(),
            source,
        };
        let mut traces = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            if let Some(name) = entry.file_name().to_string_lossy().strip_suffix(SUFFIX) {
                traces.push(Self::read(name, &entry.path())?);
            }
        }
        if traces.is_empty() {
            return Err(TraceError::NoTraces(folder.to_owned()));
        }
        traces.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(traces)
    }

    fn read(name: &str, path: &Path) -> Result<Self, TraceError> {
        let bytes = decompressed(path)?;
        let (numbers, rest) = bytes.as_chunks();
        if !rest.is_empty() {
            return Err(TraceError::Uneven(path.to_owned()));
        }
        if numbers.is_empty() || u32::try_from(numbers.len()).is_err() {
            return Err(TraceError::Length(path.to_owned()));
        }
        let requests = numbers.iter().map(|number| u32::from_le_bytes(*number));
        Ok(Self::new(name, requests.collect()))
    }

    pub(crate) fn new(name: &str, requests: Vec<u32>) -> Self {
        let keys: HashSet<&u32> = requests.iter().collect();
        Self {
            keys: count(keys.len()),
            name: name.to_owned(),
            requests,
        }
    }

    /// Returns how many requests there are.
    pub fn count(&self) -> u32 {
        count(self.requests.len())
    }
}

fn count(len: usize) -> u32 {
    u32::try_from(len).expect("a trace is no longer")
}

/// Returns what is in all frames of a file.
fn decompressed(path: &Path) -> Result<Vec<u8>, TraceError> {
    let path = path.to_owned();
    let file = match fs::read(&path) {
        Ok(file) => file,
        Err(source) => return Err(TraceError::Unreadable { path, source }),
    };
    let (mut rest, mut bytes) = (&file[..], Vec::new());
    while !rest.is_empty() {
        let mut frame = match StreamingDecoder::new(&mut rest) {
            Ok(frame) => frame,
            Err(source) => return Err(TraceError::NotZstd { path, source }),
        };
        if let Err(source) = frame.read_to_end(&mut bytes) {
            return Err(TraceError::Damaged { path, source });
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    use tempfile::TempDir;

    use super::*;

    fn compressed(bytes: &[u8]) -> Vec<u8> {
        compress_to_vec(bytes, CompressionLevel::Fastest)
    }

    fn numbers(requests: &[u32]) -> Vec<u8> {
        requests.iter().flat_map(|it| it.to_le_bytes()).collect()
    }

    fn folder(files: &[(&str, &[u8])]) -> TempDir {
        let folder = TempDir::new().expect("a folder must be made");
        for (name, content) in files {
            fs::write(folder.path().join(name), content).expect("a file must be written");
        }
        folder
    }

    fn refusal(files: &[(&str, &[u8])]) -> TraceError {
        let folder = folder(files);
        let error = Trace::read_all(folder.path()).expect_err("it must be refused");
        let message = error.to_string();
        assert!(message.contains("bad.u32.zst"), "name the file: {message}");
        error
    }

    #[test]
    fn read_all_of_a_folder_answers_traces_sorted_by_name() {
        let two = [compressed(&numbers(&[1])), compressed(&numbers(&[1 << 31]))].concat();
        let folder = folder(&[
            ("b.u32.zst", &two),
            ("a.u32.zst", &compressed(&numbers(&[7, 0, 7]))),
            ("README.md", b"no trace"),
        ]);
        let traces = Trace::read_all(folder.path()).expect("both must be read");
        let one = Trace {
            name: "a".into(),
            requests: vec![7, 0, 7],
            keys: 2,
        };
        let other = Trace {
            name: "b".into(),
            requests: vec![1, 1 << 31],
            keys: 2,
        };
        assert_eq!(traces, [one, other], "two frames are one trace");
    }

    #[test]
    fn read_all_without_a_trace_says_so() {
        let folder = folder(&[("README.md", b"no trace")]);
        let error = Trace::read_all(folder.path()).expect_err("there is none");
        assert!(matches!(error, TraceError::NoTraces(_)), "{error:?}");
        let path = folder.path().display().to_string();
        assert!(
            error.to_string().contains(&path),
            "name the folder: {error}"
        );
    }

    #[test]
    fn read_all_of_no_folder_names_it() {
        let folder = folder(&[]);
        let path = folder.path().join("absent");
        let error = Trace::read_all(&path).expect_err("it is not there");
        assert!(matches!(error, TraceError::Unreadable { .. }), "{error:?}");
        assert!(error.to_string().contains("absent"), "name it: {error}");
    }

    #[test]
    fn read_all_of_a_trace_cut_off_anywhere_is_refused() {
        let whole = compressed(&numbers(&(0..1_000).map(|i| i % 10).collect::<Vec<_>>()));
        for len in 0..whole.len() {
            let error = refusal(&[("bad.u32.zst", &whole[..len])]);
            let is_right = match error {
                TraceError::Length(_) => len == 0,
                TraceError::NotZstd { .. } | TraceError::Damaged { .. } => len > 0,
                _ => false,
            };
            assert!(is_right, "after {len} bytes: {error:?}");
        }
    }

    #[test]
    fn read_all_of_something_else_is_refused() {
        let error = refusal(&[("bad.u32.zst", &numbers(&[1, 2, 3]))]);
        assert!(matches!(error, TraceError::NotZstd { .. }), "{error:?}");
        let error = refusal(&[("bad.u32.zst", &compressed(b"12345"))]);
        assert!(matches!(error, TraceError::Uneven(_)), "{error:?}");
        let error = refusal(&[("bad.u32.zst", &compressed(b""))]);
        assert!(matches!(error, TraceError::Length(_)), "{error:?}");
    }
}
