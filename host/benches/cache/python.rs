//! The original's hit: Python's `FlipCache`, in a child that runs `python.py`, in a virtual
//! environment.

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flipcache_tests::RedisServer;
use serde_json::{Map, Value, json};

use crate::measure::is_quick;
use crate::stage::Stage;

/// Names an interpreter that has the packages.
const VARIABLE: &str = "FLIPCACHE_PYTHON";

const PACKAGES: [&str; 2] = ["flipcache==1.3", "redis"];

const SCRIPT: &str = include_str!("python.py");

/// What the original takes for a hit.
pub(crate) struct Hit {
    pub(crate) nanos: f64,
    /// What it is, and what it runs on.
    pub(crate) versions: String,
}

/// Measures it; or tells why it cannot be.
pub(crate) fn hit(stage: &Stage, server: &RedisServer) -> Result<Hit, String> {
    let program = interpreter()?;
    let entries = stage.entries();
    let entries: Map<String, Value> = entries
        .map(|(key, value)| (key.into(), value.into()))
        .collect();
    let (samples, sample_ns) = if is_quick() { (10, 5e6) } else { (20, 1e7) };
    let order = json!({
        "entries": entries,
        "port": server.port(),
        "samples": samples,
        "sample_ns": sample_ns,
    });
    let told = run(
        Command::new(program).args(["-c", SCRIPT]),
        &order.to_string(),
    )?;
    let told: Value = serde_json::from_str(&told).map_err(|error| error.to_string())?;
    Ok(Hit {
        nanos: told["ns"].as_f64().ok_or("Python tells no figure")?,
        versions: told["versions"].as_str().unwrap_or_default().to_owned(),
    })
}

/// Returns the interpreter that is named, or that of an environment, which is created if missing.
fn interpreter() -> Result<PathBuf, String> {
    if let Some(named) = env::var_os(VARIABLE) {
        return Ok(named.into());
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-python");
    let python = folder.join("bin").join("python");
    let imports = ["-c", "import flipcache, redis"];
    if run(Command::new(&python).args(imports), "").is_ok() {
        return Ok(python);
    }
    let made = run(
        Command::new("python3").args(["-m", "venv"]).arg(&folder),
        "",
    );
    made.map_err(|why| format!("python3 makes no environment: {why}"))?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--no-input"]);
    pip.args(["--disable-pip-version-check", "--retries", "1"]);
    let installed = run(pip.args(PACKAGES), "");
    installed.map_err(|why| format!("pip does not install {}: {why}", PACKAGES.join(" ")))?;
    Ok(python)
}

/// Runs a command to its end, and returns its output.
fn run(command: &mut Command, input: &str) -> Result<String, String> {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let child = piped.stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| error.to_string())?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not listen says why when it ends.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child
        .wait_with_output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rfind(|line| !line.trim().is_empty());
    Err(last.map_or_else(|| output.status.to_string(), str::to_owned))
}
