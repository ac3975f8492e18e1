//! The file of `sqlite:`: where it is, when it is created, and what a run leaves behind.

use std::fs;
use std::path::Path;

use crate::program::Program;

/// Returns a program whose backend is a file in its user's home directory.
fn program(path: &str) -> Program {
    Program::with_backend(&format!("sqlite:{path}"))
}

/// Returns the names in a directory, without hidden ones: compiled code is kept in `.cache`.
fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("the directory must be there");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("it must be readable").file_name())
        .map(|name| name.into_string().expect("the test's names are text"))
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

#[test]
fn backend_sqlite_tilde_is_the_home_directory() {
    let program = program("~/deep/x.db");
    let command = program
        .command()
        .current_dir(program.home())
        .args(["set", "k", "v"])
        .output();
    let outcome = command.expect("the binary must start");
    assert!(outcome.status.success(), "{outcome:?}");
    assert_eq!(
        names(program.home()),
        ["deep"],
        "no directory is called `~`"
    );
    assert_eq!(names(&program.home().join("deep")), ["x.db"]);
    assert_eq!(program.done(&["get", "k"]), "v\n");
}

#[test]
fn backend_sqlite_tilde_of_another_user_is_refused() {
    let program = program("~ada/x.db");
    let outcome = program.run(&["get", "k"]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(
        outcome.err.contains("write the path in full"),
        "{outcome:?}"
    );
}

#[test]
fn get_of_a_missing_file_is_absent_and_creates_nothing() {
    let program = Program::new();
    let outcome = program.run(&["get", "k"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (1, ""), "{outcome:?}");
    assert_eq!(program.done(&["len"]), "0\n");
    assert_eq!(names(program.home()), [""; 0], "a read creates nothing");

    program.done(&["set", "k", "v"]);
    assert_eq!(program.done(&["get", "k"]), "v\n");
}

#[test]
fn run_leaves_a_file_that_can_be_copied_alone() {
    let program = program("~/x.db");
    for (key, value) in [("a", "1"), ("b", "2")] {
        program.done(&["set", key, value]);
        assert_eq!(program.done(&["get", key]), format!("{value}\n"));
        assert_eq!(names(program.home()), ["x.db"], "no log may stay");
    }
    let copy = program.home().join("copy.db");
    fs::copy(program.home().join("x.db"), &copy).expect("the file must be copied");
    let copied = Program::with_backend(&format!("sqlite:{}", copy.display()));
    assert_eq!(copied.done(&["get", "b"]), "2\n");
}
