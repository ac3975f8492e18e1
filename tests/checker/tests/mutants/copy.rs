//! A copy of the sources, from which the process of a run is built.
//!
//! Only the packages of the workspace are rebuilt. Their dependencies come from the build of this
//! test, if that was a build of the whole workspace: the nested cargo uses the same build directory
//! and selects the same packages, so the features of the dependencies are the same. The packages
//! themselves are one folder deeper: cargo names artifacts by the path of the package in its
//! workspace, and those of a mutant must never be mistaken for those of the original.

use std::collections::{BTreeMap, HashMap};
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::patch::patched;

/// The folders of the workspace. Cargo requires all its members.
const SOURCES: [&str; 4] = ["guest", "host", "tests", "wit"];

/// The folder in the copy that contains them.
const DEEPER: &str = "mutants";

/// The prefixes of the variables that cargo sets for a test.
const OF_THIS_TEST: [&str; 6] = [
    "CARGO_BIN_",
    "CARGO_CRATE_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
    "CARGO_PRIMARY_",
    "CARGO_TARGET_TMPDIR",
];

/// How long a build may take: if the workspace was not built as a whole, the first build includes
/// all dependencies.
const PATIENCE: Duration = Duration::from_secs(900);

/// The copy that all tests here share, with a lock on it: unchanged packages are not rebuilt.
pub(crate) struct Copy {
    folder: PathBuf,
    _turn: File,
}

/// Returns the root of this workspace.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl Copy {
    /// Waits for the lock, without a timeout of its own: builds and runs have timeouts.
    pub(crate) fn take() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutants");
        fs::create_dir_all(&folder).expect("the folder must be created");
        let turn = File::create(folder.join("turn")).expect("the file must be created");
        turn.lock().expect("the file must be locked");
        Self {
            folder,
            _turn: turn,
        }
    }

    /// Returns the folder for the history of a run.
    pub(crate) fn history(&self) -> PathBuf {
        self.folder.join("history")
    }

    /// Builds the process from the sources with a patch applied.
    pub(crate) fn build(&self, patch: Option<&str>) -> PathBuf {
        let workspace = workspace();
        let changed = patch.map_or_else(HashMap::new, |name| patched(&workspace, name));
        let mut files = BTreeMap::new();
        for source in SOURCES {
            collect(&workspace, Path::new(source), &mut files);
        }
        for (path, text) in changed {
            files.insert(path, text.into_bytes());
        }
        let deeper = |(path, content)| (Path::new(DEEPER).join(path), content);
        let mut files: BTreeMap<PathBuf, Vec<u8>> = files.into_iter().map(deeper).collect();
        for name in ["Cargo.lock", "rust-toolchain.toml"] {
            collect(&workspace, Path::new(name), &mut files);
        }
        let manifest = fs::read_to_string(workspace.join("Cargo.toml"));
        let manifest = manifest_of_deeper(&manifest.expect("the manifest must be read"));
        files.insert("Cargo.toml".into(), manifest.into_bytes());
        let source = self.folder.join("source");
        write(&source, &files);
        self.compile(&source, patch.unwrap_or("no mutation"))
    }

    fn compile(&self, source: &Path, what: &str) -> PathBuf {
        let log = self.folder.join("build.log");
        let messages = self.folder.join("build.json");
        let start = Instant::now();
        let mut cargo = self.cargo(source);
        cargo
            .stdout(File::create(&messages).expect("the messages must be created"))
            .stderr(File::create(&log).expect("the log must be created"));
        let mut cargo = cargo.spawn().expect("cargo must start");
        let status = loop {
            match cargo.try_wait().expect("cargo must be waited for") {
                Some(status) => break status,
                None if start.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(20)),
                None => {
                    // It may have exited already.
                    let _ = cargo.kill();
                    let _ = cargo.wait();
                    panic!(
                        "{what} must be built within {PATIENCE:?}; see {}",
                        log.display()
                    );
                }
            }
        };
        let log = fs::read_to_string(&log).expect("the log must be read");
        assert!(status.success(), "{what} must be built:\n{log}");
        println!("{what}: built in {:?}", start.elapsed());
        let messages = fs::read_to_string(&messages).expect("the messages must be read");
        executable(&messages).expect("cargo must report the executable")
    }

    fn cargo(&self, source: &Path) -> Command {
        let component = self.folder.join("flipcache.wasm");
        // The processes do not use the component, but the library embeds it: this saves its build.
        if fs::read(&component).ok().as_deref() != Some(flipcache::COMPONENT) {
            fs::write(&component, flipcache::COMPONENT).expect("the component must be written");
        }
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .current_dir(source)
            // The locked dependencies are available: this test was built with them.
            .args(["test", "--no-run", "--locked", "--offline"])
            .args(["--workspace", "--test", "worker"])
            .args(["--no-default-features", "--features", "flipcache/default"])
            .args(["--message-format", "json-render-diagnostics"])
            .arg("--target-dir")
            .arg(self.folder.join("target"))
            .env("CARGO_BUILD_BUILD_DIR", build_dir())
            // Regardless of the outer build: this is rebuilt often.
            .env("CARGO_INCREMENTAL", "1")
            .env("FLIPCACHE_COMPONENT", component)
            .stdin(Stdio::null());
        // The variables that cargo has set for this test would cause a rebuild of dependencies.
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if OF_THIS_TEST.iter().any(|prefix| text.starts_with(prefix)) {
                cargo.env_remove(name);
            }
        }
        cargo
    }
}

/// Returns the manifest of the workspace for packages one folder deeper.
fn manifest_of_deeper(manifest: &str) -> String {
    let lines = manifest
        .lines()
        .map(|line| match line.strip_prefix("    \"") {
            // A member.
            Some(member) => format!("    \"{DEEPER}/{member}\n"),
            None => line.replace("path = \"", &format!("path = \"{DEEPER}/")) + "\n",
        });
    lines.collect()
}

/// Returns the build directory of this test.
fn build_dir() -> &'static Path {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    tmp.parent().expect("it is in the build directory")
}

/// Returns the executable that was built last, from cargo's messages:
/// <https://doc.rust-lang.org/cargo/reference/external-tools.html#json-messages>.
fn executable(messages: &str) -> Option<PathBuf> {
    let messages = messages.lines().rev();
    let mut messages = messages.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages.find_map(|message| Some(message.get("executable")?.as_str()?.into()))
}

/// Reads all files under a path, except `target`.
fn collect(workspace: &Path, path: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    let full = workspace.join(path);
    if full.is_dir() {
        let entries = fs::read_dir(&full).expect("a folder must be listed");
        for entry in entries {
            let name = entry.expect("a folder must be listed").file_name();
            if name != "target" {
                collect(workspace, &path.join(name), files);
            }
        }
    } else {
        let content = fs::read(&full);
        let content = content.unwrap_or_else(|error| panic!("{}: {error}", full.display()));
        files.insert(path.to_owned(), content);
    }
}

/// Writes these files to a folder, and deletes all others. Unchanged files are not written, as
/// cargo compares modification times.
fn write(folder: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) {
    let mut held = BTreeMap::new();
    if folder.exists() {
        collect(folder, Path::new(""), &mut held);
    }
    for path in held.keys().filter(|path| !files.contains_key(*path)) {
        fs::remove_file(folder.join(path)).expect("a file must be deleted");
    }
    for (path, content) in files {
        if held.get(path) == Some(content) {
            continue;
        }
        let path = folder.join(path);
        let parent = path.parent().expect("it is in the folder");
        fs::create_dir_all(parent).expect("a folder must be created");
        fs::write(&path, content).expect("a file must be written");
    }
}

#[test]
fn manifest_of_deeper_prefixes_members_and_paths() {
    let manifest =
        "[workspace]\nmembers = [\n    \"host\",\n]\na = { path = \"host\" }\nb = \"1\"\n";
    assert_eq!(
        manifest_of_deeper(manifest),
        "[workspace]\nmembers = [\n    \"mutants/host\",\n]\na = { path = \"mutants/host\" }\nb = \"1\"\n"
    );
}
