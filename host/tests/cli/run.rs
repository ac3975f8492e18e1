//! `flipcache run`, with components that are real.

use std::path::Path;

use flipcache_tests::components::HOSTILE;
use flipcache_tests::examples::{PRIMES, WORD_COUNT};

use crate::composed::composed;
use crate::program::Program;

/// A component that imports the function `nowhere`, and nothing else.
const STRANGER: &[u8] = b"\0asm\x0d\0\x01\0\x07\x05\x01\x40\0\x01\0\x0a\x0c\x01\0\x07nowhere\x01\0";

/// Four words, two of them twice.
const WORDS: [&str; 6] = ["the", "quick", "brown", "the", "fox", "fox"];

/// Runs the word count; its line of sums: words, then local, backend, computed.
fn word_count(program: &Program, file: &str) -> Vec<u64> {
    let words = ["run", "--tenant", "t", file].into_iter().chain(WORDS);
    let told = program.done(&words.collect::<Vec<_>>());
    let line = told.lines().find_map(|line| line.strip_prefix("all words"));
    let line = line.unwrap_or_else(|| panic!("there must be sums: {told}"));
    let numbers = line.split_whitespace().map(|number| number.parse());
    numbers.map(|number| number.expect("a number")).collect()
}

#[test]
fn run_word_count_again_reads_from_the_backend() {
    let program = Program::new();
    assert_eq!(word_count(&program, WORD_COUNT), [6, 2, 0, 4]);
    assert_eq!(word_count(&program, WORD_COUNT), [6, 2, 4, 0]);
    let keys = program.done(&["--name", "t:word-count:nearest", "len"]);
    assert_eq!(keys, "4\n", "they stand behind the tenant's name");
}

#[test]
fn run_with_the_cache_composed_in_uses_the_same_keys() {
    let program = Program::new();
    assert_eq!(word_count(&program, WORD_COUNT), [6, 2, 0, 4]);
    let file = composed(WORD_COUNT, program.home());
    assert_eq!(word_count(&program, &file), [6, 2, 4, 0]);
}

#[test]
fn run_tenant_is_the_file_unless_it_is_named() {
    let program = Program::new();
    let file = program.home().join("a b.wasm");
    std::fs::copy(WORD_COUNT, &file).expect("it must be copied");
    program.done(&["run", file.to_str().expect("a plain path"), "word"]);
    let keys = program.done(&["--name", "a-b:word-count:nearest", "len"]);
    assert_eq!(keys, "1\n");
    let outcome = program.run(&["run", "--tenant", "a:b", WORD_COUNT]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.err.contains("--tenant"), "{outcome:?}");
}

#[test]
fn run_gives_the_words_after_the_file_and_nothing_of_the_host() {
    let program = Program::new();
    let told = program.done(&["run", "--env", "A=b=c", HOSTILE, "--json", "-x", "--", "y"]);
    let name = Path::new(HOSTILE).file_name().expect("it has a name");
    let arguments = format!("[{name:?}, \"--json\", \"-x\", \"--\", \"y\"]");
    let expected =
        format!("arguments {arguments}\nenvironment [(\"A\", \"b=c\")]\nfolders 0\nnames false\n");
    assert_eq!(told, expected);
}

#[test]
fn run_has_the_streams_of_the_program() {
    let input = [b'x', 0, 0xff].repeat(50_000);
    let outcome = Program::new().run_with_input(&["run", HOSTILE, "echo"], &input);
    assert_eq!((outcome.code, &*outcome.err), (0, "echoed\n"));
    assert!(outcome.out == input, "every byte must come back");
}

#[test]
fn run_that_ends_exits_as_the_application_says() {
    let program = Program::new();
    for (what, code) in [("exit", 7), ("fail", 1)] {
        let outcome = program.run(&["run", HOSTILE, what]);
        assert_eq!(
            (outcome.code, outcome.text(), &*outcome.err),
            (code, "", "")
        );
    }
}

#[test]
fn run_that_is_stopped_exits_with_a_code_and_a_reason_of_its_own() {
    let program = Program::new();
    for (what, code, kind, reason) in [
        ("trap", 134, "trap", "unreachable"),
        ("eat", 134, "out-of-memory", "--max-memory"),
        ("spin", 124, "out-of-time", "--timeout"),
    ] {
        let words = [
            "run",
            "--timeout",
            "2",
            "--max-memory",
            "16MiB",
            HOSTILE,
            what,
        ];
        let outcome = program.run(&words);
        assert_eq!((outcome.code, outcome.text()), (code, ""), "{outcome:?}");
        assert!(outcome.err.contains(reason), "{outcome:?}");
        assert_eq!(outcome.err.lines().count(), 1, "{outcome:?}");
        let words: Vec<_> = ["--json"].into_iter().chain(words).collect();
        let outcome = program.run(&words);
        let expected = format!(r#"{{"ok":false,"error":"{kind}","message":"#);
        assert!(outcome.text().starts_with(&expected), "{outcome:?}");
    }
}

#[test]
fn run_file_that_is_no_application_exits_2_and_says_what_it_is() {
    let program = Program::new();
    let write = |name: &str, bytes: &[u8]| {
        let file = program.home().join(name);
        std::fs::write(&file, bytes).expect("it must be written");
        file.to_str().expect("a plain path").to_owned()
    };
    let core = write("core.wasm", b"\0asm\x01\0\0\0");
    let text = write("text.wasm", b"(component)");
    let stranger = write("stranger.wasm", STRANGER);
    let cache = write("cache.wasm", flipcache::COMPONENT);
    for (file, reason) in [
        ("absent.wasm", "No such file"),
        (&core, "wasm-tools component new"),
        (&text, "not a WebAssembly component"),
        (&stranger, "nowhere"),
        (&cache, "not a wasi:cli command"),
    ] {
        for command in ["run", "serve"] {
            let outcome = program.run(&[command, file]);
            assert_eq!((outcome.code, outcome.text()), (2, ""), "{outcome:?}");
            let reason =
                reason.replace("cli command", if command == "run" { "cli" } else { "http" });
            assert!(outcome.err.contains(file), "it must be named: {outcome:?}");
            assert!(outcome.err.contains(&reason), "{reason}: {outcome:?}");
        }
    }
}

#[test]
fn run_application_of_the_guide_is_the_one_in_its_page_and_remembers() {
    let page = include_str!("../../../docs/src/applications.md");
    let source = include_str!("../../../guest/examples/primes/src/lib.rs");
    // The workspace checks it for other targets, too.
    let shown = source.replace("#![cfg(target_arch = \"wasm32\")]\n\n", "");
    let block = format!("```rust,ignore\n{shown}```\n");
    assert!(
        page.contains(&block),
        "docs/src/applications.md must show: {block}"
    );

    let program = Program::new();
    let args = ["run", "--tenant", "primes", PRIMES, "1000"];
    assert_eq!(program.done(&args), "168 primes up to 1000\n");
    let get = [
        "--name",
        "primes:primes",
        "--key-type",
        "integer",
        "--type",
        "integer",
    ];
    let kept = program.done(&[&get[..], &["get", "1000"]].concat());
    assert_eq!(kept, "168\n");
    // A value that is there is returned and not counted again.
    program.done(&[&get[..], &["set", "1000", "7"]].concat());
    assert_eq!(program.done(&args), "7 primes up to 1000\n");
    let outcome = program.run(&["run", PRIMES]);
    assert_eq!((outcome.code, &*outcome.err), (1, "usage: primes LIMIT\n"));
}

#[test]
fn run_with_an_option_that_has_no_effect_exits_2_even_with_its_default() {
    let program = Program::new();
    for option in [
        ["--name", "n"],
        ["--name", "default"],
        ["--type", "text"],
        ["--engine", "shards"],
        ["--local-max", "5"],
        ["--local-max", "100"],
        ["--ttl-jitter", "0"],
        ["--eviction", "fifo"],
    ] {
        for command in ["run", "serve"] {
            let outcome = program.run(&[option[0], option[1], command, HOSTILE]);
            assert_eq!(outcome.code, 2, "{outcome:?}");
            assert!(outcome.err.contains(option[0]), "{outcome:?}");
        }
    }
}

#[test]
fn help_lists_no_option_that_the_command_refuses() {
    let program = Program::new();
    let kind = [
        "--name",
        "--type",
        "--key-type",
        "--default",
        "--store-default",
    ];
    let likeness = [
        "--local-max",
        "--ttl",
        "--refresh-ttl",
        "--stale-on-error",
        "--absent-ttl",
    ];
    for (command, refused, taken) in [
        ("run", [&kind[..], &["--engine"]].concat(), "--metrics"),
        ("serve", [&kind[..], &["--engine"]].concat(), "--metrics"),
        ("bench", [kind, likeness].concat(), "--metrics"),
        ("get", vec!["--metrics"], "--type"),
        ("demo", vec!["--metrics"], "--engine"),
    ] {
        let help = program.done(&[command, "--help"]);
        let lists = |option: &str| {
            let first = |line: &str| line.trim_start().split(' ').any(|word| word == option);
            help.lines()
                .any(|line| line.trim_start().starts_with('-') && first(line))
        };
        for option in refused {
            assert!(!lists(option), "{command} lists {option}: {help}");
        }
        assert!(lists(taken), "{command} must list {taken}: {help}");
        assert!(lists("--backend"), "{command}: {help}");
    }
    let help = program.done(&["serve", "--help"]);
    let (_, for_some) = help.split_once("imports wasi:keyvalue:").expect(&help);
    assert!(for_some.contains("--eviction"), "{help}");
}

#[cfg(unix)]
#[test]
fn run_ctrl_c_ends_it() {
    use std::os::unix::process::ExitStatusExt;

    let program = Program::new();
    let mut child = program
        .command()
        .args(["run", "--timeout", "60", HOSTILE, "spin"])
        .spawn()
        .expect("the binary must start");
    crate::signals::send(&child, "-INT");
    let status = child.wait().expect("it must end");
    assert_eq!(status.signal(), Some(2), "{status:?}");
}
