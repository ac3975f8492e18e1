//! Every help text and the common errors, as snapshots: they are edited as text.
//!
//! After a change of words, run `INSTA_UPDATE=always cargo test --workspace --test cli wording` and read the diff.

use std::fmt::Write;

use insta::{Settings, assert_snapshot};

use crate::program::Program;

/// A port that no server listens on: the system gives out no such port.
const REFUSED: &str = "redis://127.0.0.1:1";

fn compare(name: &str, program: &Program, text: &str) {
    let text = text.replace(&*program.home().to_string_lossy(), "[HOME]");
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| assert_snapshot!(name, text));
}

#[test]
fn help_of_every_command_is_as_it_was_reviewed() {
    let program = Program::new();
    let help = program.done(&["--help"]);
    compare("help", &program, &help);
    let (_, commands) = help.split_once("Commands:\n").expect("help lists commands");
    let (commands, _) = commands.split_once("\n\n").expect("options follow");
    // A description that continues in the next line is indented further.
    let names = commands
        .lines()
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next());
    let mut all = String::new();
    for name in names.filter(|name| *name != "help") {
        let help = program.done(&[name, "--help"]);
        // Options that all commands have are in the help above.
        let (own, _) = help.split_once("\nOptions:").unwrap_or((&help, ""));
        writeln!(all, "$ flipcache {name} --help\n{own}").expect("memory can be written to");
    }
    compare("help_of_commands", &program, &all);
    compare("help_run", &program, &program.done(&["run", "--help"]));
    compare("help_serve", &program, &program.done(&["serve", "--help"]));
    let shell = program.run_with_input(&["shell"], b"help\n");
    compare("help_in_the_shell", &program, shell.text());
}

#[test]
fn common_errors_are_as_they_were_reviewed() {
    let program = Program::new();
    let missing = program.home().join("missing.wasm");
    let missing = missing.to_string_lossy();
    let mut all = String::new();
    for words in [
        &["nonsense"][..],
        &["get"],
        &["mset", "a", "1", "b"],
        &["set", "k", "v", "--ttl", "0"],
        &["--eviction", "random", "get", "k"],
        &["--name", "", "get", "k"],
        &["--backend", "nonsense", "get", "k"],
        &["--backend", "rediss://localhost#insecure", "get", "k"],
        &["--tls-ca", "none.pem", "get", "k"],
        &["--backend", "redis+cluster://a,b/1", "get", "k"],
        &["--backend", "redis+sentinel://a,b", "get", "k"],
        &["--store-default", "get", "k"],
        &["--key-type", "integer", "get", "007"],
        &["--type", "json", "set", "k", "{"],
        &["--type", "integer", "set", "k", "9223372036854775808"],
        &["--type", "boolean", "set", "k", "yes"],
        &["--backend", REFUSED, "get", "k"],
        &["--backend", REFUSED, "--json", "set", "k", "v"],
        &["run", &missing],
        &["serve", &missing],
    ] {
        let outcome = program.run(words);
        let (code, out, err) = (outcome.code, outcome.text(), &outcome.err);
        let line = words.join(" ");
        writeln!(all, "$ flipcache {line}\n{out}{err}[exit code {code}]\n")
            .expect("memory can be written to");
    }
    compare("errors", &program, &all);
}
