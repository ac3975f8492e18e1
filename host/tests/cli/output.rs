//! Output that cannot be written, and variables of the environment that are empty.

use crate::program::Program;

/// Standard output on a disk that is full.
#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_exits_3_with_the_reason() {
    use std::fs::OpenOptions;

    let program = Program::new();
    program.done(&["set", "k", "v"]);
    for words in [
        &["get", "k"][..],
        &["mget", "k"],
        &["exists", "absent"],
        &["keys"],
        &["len"],
        &["stats"],
        &["del", "absent"],
        &["--json", "set", "k", "v"],
        &["--json", "get", "k"],
        &["--json", "get", "absent"],
        &["--json", "--type", "integer", "get", "k"],
        &["shell"],
        &["--json", "shell"],
        &["demo"],
        &["bench", "--keys", "1", "--rounds", "1"],
        &["component"],
        &["completions", "bash"],
        &["man"],
        &["--help"],
        &["get", "--help"],
        &["--version"],
        &[
            "serve",
            "--addr",
            "127.0.0.1:0",
            flipcache_tests::examples::SHORTENER,
        ],
    ] {
        let full = OpenOptions::new().write(true).open("/dev/full");
        let full = full.expect("Linux has a full disk");
        let outcome = Program::finish(program.command().args(words).stdout(full), b"get k\n");
        assert_eq!(outcome.code, 3, "{words:?}: {outcome:?}");
        let reason = "cannot write to standard output: No space left on device";
        assert!(outcome.err.contains(reason), "{words:?}: {outcome:?}");
    }
}

#[test]
fn variable_that_is_empty_counts_as_unset() {
    let program = Program::new();
    let mut command = program.command();
    for variable in ["FLIPCACHE_BACKEND", "FLIPCACHE_CODE_CACHE", "FLIPCACHE_LOG"] {
        command.env(variable, "");
    }
    let outcome = Program::finish(command.args(["set", "k", "v"]), b"");
    assert_eq!((outcome.code, &*outcome.err), (0, ""), "{outcome:?}");
    assert_eq!(program.done(&["get", "k"]), "v\n", "the default is used");

    let given = program.run(&["--backend", "", "get", "k"]);
    assert_eq!(
        given.code, 2,
        "an option is meant as it is given: {given:?}"
    );
}

#[test]
fn invalid_log_variable_is_reported() {
    let program = Program::new();
    let mut command = program.command();
    let command = command.env("FLIPCACHE_LOG", "flipcache=loud").arg("len");
    let outcome = Program::finish(command, b"");
    assert_eq!((outcome.code, outcome.text()), (0, "0\n"), "{outcome:?}");
    assert!(outcome.err.contains("FLIPCACHE_LOG"), "{outcome:?}");
}
