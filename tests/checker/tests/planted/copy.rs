//! A copy of the sources, from which the process of a run is built.
//!
//! Only the packages of the workspace are built anew. What they depend on is taken from the build of this
//! test, as long as that was one of the whole workspace: the nested cargo has the same build directory, and
//! selects the same packages, so that their dependencies have the same features. The packages themselves
//! stand a folder deeper: cargo names what it builds of one by where it is in its workspace, and what is built
//! here must never be taken for what is built there.

use std::collections::{BTreeMap, HashMap};
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::patch::patched;

/// What the workspace is made of. Cargo wants to see all its members.
const SOURCES: [&str; 4] = ["guest", "host", "tests", "wit"];

/// The folder in the copy that they stand in.
const DEEPER: &str = "planted";

/// What begins the names of the variables that cargo sets for a test.
const OF_THIS_TEST: [&str; 6] = [
    "CARGO_BIN_",
    "CARGO_CRATE_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
    "CARGO_PRIMARY_",
    "CARGO_TARGET_TMPDIR",
];

/// How long a build may take: where the workspace was not built as a whole, the first one builds all
/// dependencies.
const PATIENCE: Duration = Duration::from_secs(900);

/// The one copy of all tests here, and their turn to use it: so nothing is built twice that is the same.
pub(crate) struct Copy {
    folder: PathBuf,
    _turn: File,
}

/// Where this workspace is.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl Copy {
    /// Waits for its turn; those before have as much time as their builds and runs may take.
    pub(crate) fn take() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("planted");
        fs::create_dir_all(&folder).expect("the folder must be created");
        let turn = File::create(folder.join("turn")).expect("the file must be created");
        turn.lock().expect("the file must be locked");
        Self {
            folder,
            _turn: turn,
        }
    }

    /// Where the history of a run goes.
    pub(crate) fn history(&self) -> PathBuf {
        self.folder.join("history")
    }

    /// Builds the process from the sources as they are with a patch.
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
        self.compile(&source, patch.unwrap_or("nothing planted"))
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
                    // It may have ended by itself.
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
        executable(&messages).expect("cargo must say what it has built")
    }

    fn cargo(&self, source: &Path) -> Command {
        let component = self.folder.join("flipcache.wasm");
        // The processes do not use it, but the library embeds it: it need not be built as well.
        if fs::read(&component).ok().as_deref() != Some(flipcache::COMPONENT) {
            fs::write(&component, flipcache::COMPONENT).expect("the component must be written");
        }
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .current_dir(source)
            // What the lock file names is there: this test was built with it.
            .args(["test", "--no-run", "--locked", "--offline"])
            .args(["--workspace", "--test", "worker"])
            .args(["--no-default-features", "--features", "flipcache/default"])
            .args(["--message-format", "json-render-diagnostics"])
            .arg("--target-dir")
            .arg(self.folder.join("target"))
            .env("CARGO_BUILD_BUILD_DIR", build_dir())
            // Whatever is set for the build around it: this is built again and again.
            .env("CARGO_INCREMENTAL", "1")
            .env("FLIPCACHE_COMPONENT", component)
            .stdin(Stdio::null());
        // What cargo has told this test of itself. Dependencies would be built anew because of it.
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if OF_THIS_TEST.iter().any(|prefix| text.starts_with(prefix)) {
                cargo.env_remove(name);
            }
        }
        cargo
    }
}

/// The workspace's manifest, for packages that stand a folder deeper.
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

/// Where this test was built.
fn build_dir() -> &'static Path {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    tmp.parent().expect("it is in the build directory")
}

/// The file that was built last, as cargo's messages have it:
/// <https://doc.rust-lang.org/cargo/reference/external-tools.html#json-messages>.
fn executable(messages: &str) -> Option<PathBuf> {
    let messages = messages.lines().rev();
    let mut messages = messages.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages.find_map(|message| Some(message.get("executable")?.as_str()?.into()))
}

/// Reads all files under a path, but those that were built.
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

/// Makes a folder hold these files, and no others. What is there already is left alone: cargo goes by
/// when a file was written.
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
fn manifest_of_deeper_names_members_and_paths_there() {
    let manifest =
        "[workspace]\nmembers = [\n    \"host\",\n]\na = { path = \"host\" }\nb = \"1\"\n";
    assert_eq!(
        manifest_of_deeper(manifest),
        "[workspace]\nmembers = [\n    \"planted/host\",\n]\na = { path = \"planted/host\" }\nb = \"1\"\n"
    );
}
