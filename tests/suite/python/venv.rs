//! Virtual environments, each made once for all tests and runs: one with `FlipCache` 1.3, and what
//! others ask for.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Once;
use std::thread;
use std::time::{Duration, Instant};
use std::{env, io};

/// What the tests with `FlipCache` need.
const PACKAGES: [&str; 2] = ["flipcache==1.3", "redis"];

/// How long each of the two steps may take; the others wait for whoever makes them.
const PATIENCE: Duration = Duration::from_secs(300);

/// How often a child or a lock is looked at.
const PAUSE: Duration = Duration::from_millis(20);

/// Returns the Python of the environment with `FlipCache`; `None` as of [`environment`].
pub(super) fn python() -> Option<PathBuf> {
    let folder = environment("python", &PACKAGES)?;
    Some(python_of(&folder))
}

/// The folder of an environment with these packages. One that was made for another list is made
/// anew. `None` if there is no Python here to make it with, which is said on standard error.
///
/// # Panics
///
/// If the packages cannot be installed; without Python too where the variable `CI` is set.
pub(crate) fn environment(name: &str, packages: &[&str]) -> Option<PathBuf> {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = tmp.join(name);
    fs::create_dir_all(tmp).expect("cargo's folder for tests must be there");
    let _alone = lock(&tmp.join(format!("{name}.lock")));
    let ready = folder.join("ready");
    let wanted = packages.join(" ");
    if fs::read_to_string(&ready).is_ok_and(|made_for| made_for == wanted) {
        return Some(folder);
    }
    if let Err(why) = make(&folder) {
        pass_over(&wanted, &why);
        return None;
    }
    install(&folder, packages);
    fs::write(ready, wanted).expect("the environment must be marked as ready");
    Some(folder)
}

/// Where an environment keeps its Python.
fn python_of(folder: &Path) -> PathBuf {
    folder.join("bin").join("python")
}

/// The lock that one test holds while it makes the environment. The system lets go of it with the
/// process.
fn lock(path: &Path) -> File {
    let file = File::create(path).expect("the lock's file must be created");
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return file,
            Err(TryLockError::WouldBlock) if start.elapsed() < 2 * PATIENCE => thread::sleep(PAUSE),
            Err(error) => panic!(
                "{} must be free: does another test run hold it? {error}",
                path.display()
            ),
        }
    }
}

/// Makes an empty environment in place of what is there; or tells why this machine cannot.
fn make(folder: &Path) -> Result<(), String> {
    let _ = fs::remove_dir_all(folder);
    let mut python = Command::new("python3");
    python.args(["-m", "venv"]).arg(folder);
    match finish(&mut python) {
        Ok(()) => Ok(()),
        Err(Failure::Start(error)) if error.kind() == io::ErrorKind::NotFound => {
            Err("there is no python3".to_owned())
        }
        Err(failure) => Err(format!("python3 cannot make one: {}", failure.describe())),
    }
}

/// Says, once, what was left out and how to get it; where nobody may leave tests out, fails.
fn pass_over(packages: &str, why: &str) {
    let message = format!(
        "the tests with {packages} of PyPI need a virtual environment, and {why}\n\
         run `make setup`, or install Python 3.9 or later (Debian: apt-get install python3-venv)"
    );
    assert!(env::var_os("CI").is_none(), "{message}");
    static SAID: Once = Once::new();
    // `eprintln` would keep it from those whose tests pass.
    SAID.call_once(|| drop(writeln!(io::stderr(), "passed over: {message}")));
}

fn install(folder: &Path, packages: &[&str]) {
    let mut pip = Command::new(python_of(folder));
    pip.args(["-m", "pip", "install", "--quiet", "--no-input"])
        .args(["--disable-pip-version-check", "--retries", "2"])
        .args(packages);
    if let Err(failure) = finish(&mut pip) {
        panic!(
            "pip must install {}; is its package index within reach?\n{}",
            packages.join(" "),
            failure.describe()
        );
    }
}

/// Why a command did not do its work.
enum Failure {
    Start(io::Error),
    /// It ended, or was ended, and has printed this.
    End(String),
}

impl Failure {
    fn describe(&self) -> String {
        match self {
            Self::Start(error) => format!("it cannot be started: {error}"),
            Self::End(printed) => printed.clone(),
        }
    }
}

/// Runs a command to its end, within [`PATIENCE`].
fn finish(command: &mut Command) -> Result<(), Failure> {
    let printed = tempfile::NamedTempFile::new().map_err(Failure::Start)?;
    let out = printed.reopen().map_err(Failure::Start)?;
    let errors = printed.reopen().map_err(Failure::Start)?;
    command.stdin(Stdio::null()).stdout(out).stderr(errors);
    let mut child = command.spawn().map_err(Failure::Start)?;
    let start = Instant::now();
    loop {
        match child.try_wait().map_err(Failure::Start)? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(Failure::End(told(&printed, &status.to_string()))),
            None if start.elapsed() >= PATIENCE => {
                // An error means that it has already exited.
                let _ = child.kill();
                let _ = child.wait();
                let ended = format!("ended after {PATIENCE:?}");
                return Err(Failure::End(told(&printed, &ended)));
            }
            None => thread::sleep(PAUSE),
        }
    }
}

fn told(printed: &tempfile::NamedTempFile, outcome: &str) -> String {
    let printed = fs::read_to_string(printed.path()).unwrap_or_default();
    format!("{outcome}\n{}", printed.trim_end())
}
