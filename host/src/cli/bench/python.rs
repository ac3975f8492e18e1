//! The same on the original: Python's `FlipCache` in a child process that runs `python.py`.

use std::env;
use std::ffi::OsString;
use std::process::{Output, Stdio};

use anyhow::{Context, anyhow, bail};
use redis::{ConnectionAddr, ConnectionInfo};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use super::NAME;
use super::measuring::Measuring;
use super::report::Row;
use super::statistics::Figures;
use super::target::BenchTarget;
use crate::cli::failure::Failure;

/// The script's rows, in order.
pub(super) const ROWS: [&str; 7] = [
    "python_redis_set",
    "python_flipcache_set",
    "python_redis_get",
    "python_flipcache_get",
    "python_flipcache_get_str",
    "python_flipcache_get_json_1k",
    "python_flipcache_miss",
];

/// The variable that names the interpreter.
const VARIABLE: &str = "FLIPCACHE_PYTHON";

const SCRIPT: &str = include_str!("python.py");

/// A Python with the packages, and the Redis to measure on.
pub(super) struct Python {
    program: OsString,
    /// The versions of Python and the packages.
    pub(super) versions: String,
    /// The arguments of redis-py's `Redis`, password included.
    address: Value,
}

impl Python {
    /// Checks that Python can run, before anything is measured.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] if there is no Python or a package is missing, or the backend is not
    /// Redis.
    pub(super) async fn find(target: &BenchTarget) -> Result<Self, Failure> {
        let Some(info) = &target.redis else {
            let message = "Python's FlipCache requires Redis; name one with --backend redis://HOST";
            return Err(Failure::Usage(message.to_owned()));
        };
        let address = address(info)?;
        let program = env::var_os(VARIABLE).filter(|program| !program.is_empty());
        let program = program.unwrap_or_else(|| "python3".into());
        let checked = Command::new(&program)
            .args(["-c", SCRIPT, "check"])
            .stdin(Stdio::null())
            .output()
            .await;
        match checked {
            Ok(Output { status, stdout, .. }) if status.success() => Ok(Self {
                program,
                versions: String::from_utf8_lossy(&stdout).trim().to_owned(),
                address,
            }),
            _ => Err(Failure::Usage(format!(
                "{} does not run, or has no FlipCache: `pip install flipcache==1.3 redis`, or name another \
                 python3 with {VARIABLE}",
                program.display()
            ))),
        }
    }

    /// Measures its rows.
    ///
    /// # Errors
    ///
    /// The errors of the script, and Ctrl-C.
    pub(super) async fn run(&self, keys: u32, how: &Measuring) -> Result<Vec<Row>, Failure> {
        let mut child = self.start(keys, how.rounds).await?;
        let lines = child.stdout.take().map(BufReader::new);
        let lines = lines.context("Python's standard output is missing")?;
        tokio::select! {
            rows = rows(lines, how) => rows,
            interrupted = how.interrupt.pressed() => Err(interrupted),
        }
    }

    /// Starts the child and sends it its settings. It is killed when dropped.
    async fn start(&self, keys: u32, rounds: u32) -> anyhow::Result<Child> {
        let mut child = Command::new(&self.program)
            .args(["-c", SCRIPT, "run"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start Python")?;
        let order = json!({"name": NAME, "keys": keys, "rounds": rounds, "address": self.address});
        let mut input = child
            .stdin
            .take()
            .context("Python's standard input is missing")?;
        let written = input.write_all(order.to_string().as_bytes()).await;
        written.context("cannot write to Python")?;
        Ok(child)
    }
}

async fn rows(lines: BufReader<ChildStdout>, how: &Measuring) -> Result<Vec<Row>, Failure> {
    let mut lines = lines.lines();
    let mut rows = Vec::with_capacity(ROWS.len());
    for name in ROWS {
        how.progress.of(name);
        let line = lines
            .next_line()
            .await
            .context("cannot read Python's output")?;
        let Some(line) = line else {
            // Ctrl-C in a terminal reaches the child as well.
            how.interrupt.check()?;
            return Err(Failure::Other(anyhow!("Python ended before {name}")));
        };
        rows.push(Row::new(name, figures(&line, name)?));
        how.progress.advance(how.rounds);
    }
    Ok(rows)
}

/// Returns the figures of a row from a line of the script.
fn figures(line: &str, name: &str) -> anyhow::Result<Figures> {
    let row: Value = serde_json::from_str(line).context("cannot parse Python's output")?;
    if let Some(error) = row["error"].as_str() {
        bail!("Python's benchmark failed before {name}: {error}");
    }
    if row["name"] != name {
        bail!("Python measured {} instead of {name}", row["name"]);
    }
    let samples = row["samples"]
        .as_array()
        .context("Python's row has no samples")?;
    let samples = samples.iter().filter_map(Value::as_f64).collect();
    Ok(Figures::of(samples))
}

/// Returns the arguments of redis-py's `Redis` for a server.
fn address(info: &ConnectionInfo) -> Result<Value, Failure> {
    let settings = info.redis_settings();
    let mut address = json!({
        "db": settings.db(),
        "username": settings.username(),
        "password": settings.password(),
    });
    match info.addr() {
        ConnectionAddr::Tcp(host, port) => {
            address["host"] = json!(host);
            address["port"] = json!(port);
        }
        ConnectionAddr::Unix(path) => address["unix_socket_path"] = json!(path),
        _ => {
            let message = "Python's FlipCache is measured over TCP and Unix sockets without TLS";
            return Err(Failure::Usage(message.to_owned()));
        }
    }
    Ok(address)
}
