//! Compiled code that is kept from one start to the next.
#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Output;

use flipcache_tests::examples::WORD_COUNT;

use crate::program::Program;

/// Where code is kept if nothing else is said.
fn default_directory(program: &Program) -> PathBuf {
    program.home().join(".cache/flipcache/code")
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(directory).expect("the directory must be there");
    let files = files.map(|file| file.expect("it must be read").path());
    files.collect()
}

fn only_file(directory: &Path) -> PathBuf {
    let files = files(directory);
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

fn mode(path: &Path) -> u32 {
    path.metadata().expect("it must be there").mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
}

/// Returns how often the log says that code was compiled, and loaded.
fn told(program: &Program, words: &[&str]) -> (usize, usize) {
    let mut command = program.command();
    let command = command.env("FLIPCACHE_LOG", "flipcache::code_cache=debug");
    let output = command.args(words).output().expect("it must run");
    assert!(output.status.success(), "{output:?}");
    let log = text(&output.stderr);
    let count = |what| log.matches(what).count();
    (
        count("compiled code and stored it"),
        count("loaded compiled code"),
    )
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("it must be text")
}

#[test]
fn code_is_kept_for_the_user_alone() {
    let program = Program::new();
    program.done(&["set", "k", "v"]);
    let directory = default_directory(&program);
    assert_eq!(mode(&directory), 0o700);
    assert_eq!(mode(&only_file(&directory)), 0o600);
}

#[test]
fn second_start_compiles_nothing() {
    let program = Program::new();
    let set = ["set", "k", "v"];
    let get = ["get", "k"];
    assert_eq!(told(&program, &set), (1, 0));
    assert_eq!(told(&program, &get), (0, 1));
    let get_by_component = ["--engine", "component", "get", "k"];
    assert_eq!(told(&program, &get_by_component), (1, 0), "it is all of it");
    assert_eq!(told(&program, &get_by_component), (0, 1));
    let run = ["run", WORD_COUNT, "word"];
    assert_eq!(
        told(&program, &run),
        (1, 1),
        "the application and the cache"
    );
    assert_eq!(told(&program, &run), (0, 2));
    assert_eq!(files(&default_directory(&program)).len(), 3);
}

#[test]
fn off_stores_nothing() {
    let program = Program::new();
    for path in ["shards", "component"] {
        program.done(&["--code-cache", "off", "--engine", path, "set", "k", "v"]);
    }
    let mut command = program.command();
    let command = command.env("FLIPCACHE_CODE_CACHE", "off");
    let output = command.args(["get", "k"]).output().expect("it must run");
    assert_eq!(text(&output.stdout), "v\n");
    assert!(!program.home().join(".cache").exists());
    assert!(!program.home().join("off").exists());
}

#[test]
fn named_directory_is_used() {
    let program = Program::new();
    let directory = program.home().join("a/b");
    let named = directory.to_str().expect("a plain path");
    program.done(&["--code-cache", named, "set", "k", "v"]);
    only_file(&directory);
    assert!(!program.home().join(".cache").exists());
    let by_variable = program.home().join("c");
    let mut command = program.command();
    let command = command.env("FLIPCACHE_CODE_CACHE", &by_variable);
    let output = command.args(["get", "k"]).output().expect("it must run");
    assert_eq!(text(&output.stdout), "v\n");
    only_file(&by_variable);
}

#[test]
fn directory_of_xdg_is_used() {
    let program = Program::new();
    let home = program.home().join("caches");
    let mut command = program.command();
    let command = command.env("XDG_CACHE_HOME", &home).args(["set", "k", "v"]);
    let output = command.output().expect("it must run");
    assert!(output.status.success(), "{output:?}");
    only_file(&home.join("flipcache/code"));
}

/// Runs a read that must succeed though no code is stored. Returns its log.
#[track_caller]
fn read_all_the_same(program: &Program, log: &str, words: &[&str]) -> String {
    let mut command = program.command();
    let command = command.env("FLIPCACHE_LOG", log).args(words);
    let Output {
        status,
        stdout,
        stderr,
    } = command.args(["get", "k"]).output().expect("it must run");
    assert!(status.success(), "{}", text(&stderr));
    assert_eq!(text(&stdout), "v\n");
    text(&stderr).to_owned()
}

#[test]
fn directory_that_others_may_write_to_is_not_used() {
    let program = Program::new();
    program.done(&["--code-cache", "off", "set", "k", "v"]);
    let directory = default_directory(&program);
    fs::create_dir_all(&directory).expect("it must be made");
    set_mode(&directory, 0o777);
    let log = read_all_the_same(&program, "warn", &[]);
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains("others may write to"), "{log}");
    assert!(log.contains(".cache/flipcache/code"), "{log}");
    assert_eq!(files(&directory), [] as [PathBuf; 0]);
    assert_eq!(read_all_the_same(&program, "error", &[]), "");

    let named = directory.to_str().expect("a plain path");
    let log = read_all_the_same(&program, "error", &["--code-cache", named]);
    assert!(log.contains("others may write to"), "{log}");
    assert_eq!(files(&directory), [] as [PathBuf; 0]);
}

#[test]
fn directory_that_cannot_be_created_causes_a_compilation() {
    let program = Program::new();
    program.done(&["--code-cache", "off", "set", "k", "v"]);
    fs::write(program.home().join(".cache"), "").expect("it must be written");
    let log = read_all_the_same(&program, "warn", &[]);
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains(".cache"), "{log}");
}

#[test]
fn damaged_code_is_not_run_and_replaced() {
    let program = Program::new();
    program.done(&["set", "k", "v"]);
    let file = only_file(&default_directory(&program));
    let whole = fs::read(&file).expect("it must be read");
    let mut garbled = whole.clone();
    garbled[whole.len() / 2..].fill(0x90);
    for damaged in [&whole[..whole.len() / 2], &garbled] {
        fs::write(&file, damaged).expect("it must be written");
        let log = read_all_the_same(&program, "warn", &[]);
        assert!(log.contains("the file is damaged"), "{log}");
        let now = fs::read(only_file(&default_directory(&program)));
        assert!(now.is_ok_and(|now| now == whole), "it must be replaced");
    }
}

#[test]
fn processes_that_start_at_once_share_a_file() {
    let program = Program::with_backend("memory:");
    let start = |_| {
        let mut command = program.command();
        let command = command.args(["set", "k", "v"]);
        command.spawn().expect("it must start")
    };
    let processes: Vec<_> = (0..4).map(start).collect();
    for process in processes {
        let output = process.wait_with_output().expect("it must end");
        assert!(output.status.success(), "{output:?}");
        assert_eq!(text(&output.stderr), "");
    }
    only_file(&default_directory(&program));
    assert_eq!(told(&program, &["get", "k", "--default", "d"]), (0, 1));
}
