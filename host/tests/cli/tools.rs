//! The commands that do not access keys.

use flipcache::wasi_keyvalue;

use crate::program::Program;

/// The outcomes of the examples of the original's README, in order.
const OUTCOMES: [&str; 14] = [
    "my_value",
    "None",
    "true",
    "None",
    r#"{"state": 1, "orders": [1, 2, 3, 4], "items": {"foo": 1, "bar": true, "baz": []}}"#,
    r#"{"state": 2, "orders": [1, 2, 3, 4], "items": {"foo": 1, "bar": false, "baz": []}}"#,
    "None",
    "Shape(name='womp', dimensions=[4.1, 3.4], edges=6, area=16.38)",
    "Shape(name='default', dimensions=[], edges=0, area=0.0)",
    "Shape(name='wat', dimensions=[11.0, 22.0], edges=0, area=242.0)",
    r#"["a", "b", "c"]"#,
    r#"["b", "c", "d"]"#,
    "Alpha",
    r#"["c", "a", "d"]"#,
];

#[test]
fn demo_shows_every_example_and_succeeds() {
    let program = Program::new();
    let told = program.done(&["demo"]);
    for title in [
        "Basic",
        "Expiring",
        "JSON",
        "Custom type",
        "FIFO dictionary",
        "LRU dictionary",
    ] {
        assert!(told.contains(title), "{title} is missing in {told}");
    }
    let outcomes: Vec<_> = told
        .lines()
        .filter_map(|line| line.strip_prefix("    = "))
        .collect();
    assert_eq!(outcomes, OUTCOMES);
    for data in [
        "my_key",
        "unknown",
        "This will expire",
        "ttl: 5 s",
        "sleep(6 s)",
        "some-uuid",
        "THREE_DAYS",
        "my_shape",
        "shape2",
        "Apple",
        "Banana",
        "Cherry",
        "Date",
        "Beta",
        "Gamma",
        "Delta",
    ] {
        assert!(told.contains(data), "{data} is missing in {told}");
    }
    assert!(told.ends_with("All outcomes were as expected.\n"), "{told}");
    assert!(
        !program.home().join("flipcache").exists(),
        "it must leave nothing behind"
    );
}

#[test]
fn demo_on_a_named_backend_runs_there() {
    let program = Program::new();
    let url = format!("sqlite:{}", program.home().join("demo.db").display());
    assert!(
        program
            .done(&["--backend", &url, "demo"])
            .contains("demo.db")
    );
}

#[test]
fn component_is_the_embedded_one() {
    let program = Program::new();
    let file = program.home().join("flipcache.wasm");
    program.done(&["component", "-o", file.to_str().expect("a plain path")]);
    assert_eq!(
        std::fs::read(&file).expect("it must be written"),
        flipcache::COMPONENT
    );
    assert_eq!(program.run(&["component"]).out, flipcache::COMPONENT);
}

#[test]
fn component_adapters_are_the_embedded_ones() {
    let program = Program::new();
    for (name, component) in [
        ("wasi-keyvalue-provider", wasi_keyvalue::PROVIDER),
        ("wasi-keyvalue-backend", wasi_keyvalue::BACKEND),
        (
            "wasi-keyvalue-backend-draft2",
            wasi_keyvalue::BACKEND_DRAFT2,
        ),
    ] {
        let outcome = program.run(&["component", "--adapter", name]);
        assert!(outcome.out == component && outcome.code == 0, "{name}");
        assert!(component.starts_with(b"\0asm\x0d\0\x01\0"), "{name}");
    }
}

#[test]
fn completions_and_man_are_written() {
    let program = Program::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            program.done(&["completions", shell]).contains("refresh"),
            "{shell}"
        );
    }
    assert!(program.done(&["man"]).contains(".TH flipcache"));
}

#[test]
fn output_to_a_closed_pipe_is_not_a_failure() {
    let program = Program::new();
    let mut child = program
        .command()
        .arg("demo")
        .spawn()
        .expect("the binary must start");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the binary must end");
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}
