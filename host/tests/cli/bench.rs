//! The benchmark. Tests do not check its speed.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use flipcache_tests::{RedisOptions, RedisServer};
use redis::Commands;
use serde_json::Value;

use crate::program::Program;

/// The rows with the cache; the two plain ones have their names by the backend.
const CACHED: [&str; 5] = [
    "flipcache_set",
    "flipcache_get",
    "flipcache_get_many",
    "flipcache_get_json_1k",
    "flipcache_miss",
];

const SHORT: [&str; 5] = ["bench", "--keys", "7", "--rounds", "2"];

/// How long it may take to begin.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a short benchmark with more arguments. Returns its JSON.
#[track_caller]
fn bench(program: &Program, words: &[&str]) -> Value {
    let words = [&SHORT[..], &["--json"], words].concat();
    let told = program.done(&words);
    assert_eq!(told.matches('\n').count(), 1, "write one line: {told}");
    serde_json::from_str(&told).expect("the line must be JSON")
}

#[track_caller]
fn assert_rows(report: &Value, plain: &str) {
    let rows = report["rows"].as_array().expect("there must be rows");
    let names = rows
        .iter()
        .map(|row| row["name"].as_str().expect("rows have names"));
    let names: Vec<&str> = names.collect();
    let (set, get) = (format!("{plain}_set"), format!("{plain}_get"));
    for name in CACHED.iter().copied().chain([set.as_str(), get.as_str()]) {
        assert!(names.contains(&name), "measure {name}, too: {names:?}");
    }
    for row in rows {
        for figure in ["median_ns", "mean_ns", "times_faster"] {
            let figure = row[figure].as_f64().expect("figures are numbers");
            assert!(figure > 0.0, "nothing takes no time: {row}");
        }
        // A few runs may take the same time to the nanosecond.
        let deviation = row["deviation_ns"].as_f64();
        assert!(deviation.is_some_and(|it| it >= 0.0), "{row}");
    }
}

/// Returns the remaining keys of the server.
fn keys_of(server: &RedisServer) -> Vec<String> {
    let client = redis::Client::open(server.url()).expect("the server's URL must be valid");
    let mut connection = client.get_connection().expect("the server must be up");
    let keys = connection.scan().expect("the server must list its keys");
    let keys: Result<Vec<String>, _> = keys.collect();
    keys.expect("keys are text")
}

#[test]
fn bench_on_redis_has_every_row_and_leaves_no_key() {
    let options = RedisOptions {
        password: Some("a b$c".into()),
        ..RedisOptions::default()
    };
    let server = RedisServer::start_with(options);
    let url = server.url().replace("a b$c", "a%20b$c");
    let report = bench(&Program::with_backend(&url), &[]);
    assert_rows(&report, "redis");
    assert_eq!((&report["keys"], &report["rounds"]), (&7.into(), &2.into()));
    assert!(
        !report.to_string().contains("b$c"),
        "leave the password out"
    );
}

#[test]
fn bench_on_redis_leaves_keys_of_other_clients() {
    let server = RedisServer::start();
    let program = Program::with_backend(&server.url());
    program.done(&["set", "mine", "1"]);
    program.done(&["--name", "flipcache-benchmark", "set", "mine", "1"]);
    bench(&program, &[]);
    let mut keys = keys_of(&server);
    keys.sort();
    assert_eq!(
        keys,
        ["default:mine", "flipcache-benchmark:mine"],
        "delete the benchmark's keys, and no other"
    );
}

#[cfg(unix)]
#[test]
fn bench_interrupted_leaves_no_key() {
    let server = RedisServer::start();
    let program = Program::with_backend(&server.url());
    let mut bench = program.command();
    let bench = bench.args(["bench", "--rounds", "100000"]).spawn();
    let bench = bench.expect("the binary must start");
    let start = Instant::now();
    while keys_of(&server).is_empty() {
        assert!(start.elapsed() < PATIENCE, "it must write keys");
    }

    crate::signals::send(&bench, "-INT");
    let output = bench.wait_with_output().expect("it must end");

    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert!(output.stdout.is_empty(), "tell no figures: {output:?}");
    assert_eq!(keys_of(&server), [""; 0], "delete the benchmark's keys");
}

#[test]
fn bench_on_memory_and_sqlite_has_every_row_and_leaves_no_key() {
    let program = Program::new();
    assert_rows(&bench(&program, &["--backend", "memory:"]), "backend");

    let url = format!("sqlite:{}", program.home().join("own.db").display());
    let report = bench(&program, &["--backend", &url, "--eviction", "lru"]);
    assert_rows(&report, "backend");
    assert_eq!(report["temporary"], false, "use the backend that is named");
    let left = program.done(&["--backend", &url, "--name", "flipcache-bench", "len"]);
    assert_eq!(left, "0\n", "delete the benchmark's keys");
}

#[test]
fn bench_without_a_backend_runs_in_a_temporary_file() {
    let program = Program::new();
    let report = bench(&program, &[]);
    assert_rows(&report, "backend");
    assert_eq!(
        report["temporary"], true,
        "say that it is no file of the user's"
    );
    let url = report["backend"]
        .as_str()
        .expect("the backend must be told");
    let file = url.strip_prefix("sqlite:").expect("it must be SQLite");
    assert!(
        !PathBuf::from(file).exists(),
        "leave no file behind: {file}"
    );
    assert!(
        !program.home().join("flipcache").exists(),
        "leave the user's data alone"
    );
}

#[test]
fn bench_prints_a_table_of_every_row() {
    let told = Program::with_backend("memory:").done(&SHORT);
    for word in CACHED
        .iter()
        .chain(&["backend_get", "vs backend_get", "7 keys", "memory:"])
    {
        assert!(told.contains(word), "{word} is missing in {told}");
    }
    assert!(
        told.contains("bytes per entry"),
        "say what became of the file: {told}"
    );
}

#[test]
fn bench_plot_is_an_svg_with_every_name() {
    let program = Program::with_backend("memory:");
    let file = program.home().join("bench.svg");
    bench(&program, &["--plot", file.to_str().expect("a plain path")]);
    let plot = fs::read_to_string(&file).expect("the plot must be written");
    for name in CACHED.iter().chain(&["backend_set", "backend_get"]) {
        assert!(plot.contains(name), "{name} is missing in {plot}");
    }
    assert!(
        plot.starts_with("<svg") && plot.trim_end().ends_with("</svg>"),
        "{plot}"
    );
    for tag in ["text", "svg"] {
        let (open, close) = (format!("<{tag} "), format!("</{tag}>"));
        let (opened, closed) = (plot.matches(&open).count(), plot.matches(&close).count());
        assert_eq!(opened, closed, "close every {tag}: {plot}");
    }
}

#[test]
fn bench_invalid_usage_exits_2_before_anything_is_measured() {
    let program = Program::with_backend("memory:");
    let nowhere = program.home().join("no/plot.svg");
    let nowhere = nowhere.to_str().expect("a plain path");
    for (words, says) in [
        (&["--keys", "0"][..], "--keys"),
        (&["--rounds", "0"], "--rounds"),
        (&["--rounds", "many"], "--rounds"),
        (&["--plot", "plot.png"], ".svg"),
        (&["--plot", nowhere], "folder"),
        (&["--name", "mine"], "--name"),
        (&["--local-max", "3"], "--local-max"),
        (&["--ttl", "3"], "--ttl"),
        (&["--type", "bytes"], "--type"),
        (&["--local-max", "100"], "--local-max"),
        (&["--against", "perl"], "python"),
        (&["--against", "python"], "redis://"),
    ] {
        let outcome = program.run(&[&["bench"], words].concat());
        assert_eq!(outcome.code, 2, "{words:?}: {outcome:?}");
        assert!(
            outcome.err.contains(says),
            "{words:?} must tell of {says}: {outcome:?}"
        );
    }
}

#[test]
fn bench_against_python_without_the_package_says_how_to_install_it() {
    let server = RedisServer::start();
    let program = Program::with_backend(&server.url());
    let none = program.home().join("no-python");
    // A program that runs, and is none that can import anything.
    for python in [none.as_os_str(), "false".as_ref()] {
        let output = program
            .command()
            .env("FLIPCACHE_PYTHON", python)
            .args(["--json", "bench", "--against", "python"])
            .output()
            .expect("the binary must start");
        assert_eq!(output.status.code(), Some(2), "{python:?}: {output:?}");
        let told: Value = serde_json::from_slice(&output.stdout).expect("it must be JSON");
        assert_eq!(told["error"], "usage", "{told}");
        let message = told["message"].as_str().expect("there must be a message");
        assert!(
            message.contains("pip install flipcache==1.3 redis"),
            "say what to do: {message}"
        );
    }
}

#[test]
fn bench_on_redis_that_is_down_exits_3_and_writes_no_plot() {
    let mut server = RedisServer::start();
    let program = Program::with_backend(&server.url());
    server.kill();
    let file = program.home().join("bench.svg");
    let outcome = program.run(&["bench", "--plot", file.to_str().expect("a plain path")]);
    assert_eq!((outcome.code, outcome.text()), (3, ""), "{outcome:?}");
    assert!(outcome.err.contains("--backend"), "{outcome:?}");
    assert!(!file.exists(), "write no plot of nothing");
}
