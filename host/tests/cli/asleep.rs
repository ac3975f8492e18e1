//! A machine that was suspended: the time asleep counts, though the monotonic clock stands still
//! meanwhile.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use flipcache_tests::RedisServer;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::Program;
use crate::shell::Shell;

/// A machine that tests can make appear to have been suspended.
struct Machine {
    folder: TempDir,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the clocks must be created");
        let machine = Self { folder };
        fs::write(machine.seconds(), 0_i64.to_ne_bytes()).expect("the seconds must be written");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/asleep.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .args([machine.clocks(), source])
            .output()
            .expect("a C compiler is needed, as it is for SQLite");
        assert!(built.status.success(), "{built:?}");
        machine
    }

    fn seconds(&self) -> PathBuf {
        self.folder.path().join("seconds")
    }

    fn clocks(&self) -> PathBuf {
        self.folder.path().join("asleep.so")
    }

    fn shell(&self, program: &Program, options: &[&str]) -> Shell {
        let mut command = program.command();
        command
            .env("LD_PRELOAD", self.clocks())
            .env("FLIPCACHE_TEST_ASLEEP", self.seconds());
        Shell::start_by(command, options)
    }

    fn sleep(&self, seconds: i64) {
        // It is mapped: it must never be shorter.
        let file = OpenOptions::new().write(true).open(self.seconds());
        let mut file = file.expect("the seconds must be there");
        file.write_all(&seconds.to_ne_bytes())
            .expect("the seconds must be written");
        // A machine that resumes has begun another tick.
        thread::sleep(Duration::from_millis(100));
    }
}

fn local(value: &str) -> Value {
    json!({"ok": true, "value": value, "source": "local"})
}

#[test]
fn entry_whose_ttl_ended_while_the_machine_slept_is_absent_in_either_engine() {
    for path in ["shards", "component"] {
        let machine = Machine::new();
        let program = Program::with_backend("memory:");
        let mut shell = machine.shell(&program, &["--ttl", "600", "--engine", path]);
        shell.ask("set k v");
        assert_eq!(shell.ask("get k"), local("v"), "{path}");
        machine.sleep(3600);
        let answer = shell.ask("get k");
        assert_eq!(
            answer["value"],
            Value::Null,
            "an hour has passed: {answer} by {path}"
        );
        shell.end();
    }
}

#[test]
fn entry_that_others_may_have_changed_while_the_machine_slept_is_not_local() {
    let server = RedisServer::start();
    let (machine, program) = (Machine::new(), Program::with_backend(&server.url()));
    let mut shell = machine.shell(&program, &["--staleness-bound", "600"]);
    shell.ask("set k v");
    assert_eq!(shell.ask("get k"), local("v"));
    server.pause();
    assert_eq!(shell.ask("get k"), local("v"), "within the bound");
    machine.sleep(3600);
    let answer = shell.ask("get k");
    assert_eq!(answer["ok"], false, "the value may have changed: {answer}");
    server.resume();
    shell.end();
}
