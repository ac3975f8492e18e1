//! Where it was measured.

use std::process::Command;
use std::{env, fs, thread};

/// Returns the machine and the programs on it, a line each.
pub(crate) fn lines(python: &str) -> Vec<String> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let processor = processor().unwrap_or_else(|| "an unknown processor".to_owned());
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    vec![
        format!("{cores} cores: {processor}, {}", env::consts::OS),
        first_line(&rustc).unwrap_or_else(|| "rustc: not found".to_owned()),
        first_line("redis-server").unwrap_or_else(|| "Redis: not found".to_owned()),
        format!("Python: {python}"),
    ]
}

fn processor() -> Option<String> {
    let info = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = info.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Returns what a program says of its version.
fn first_line(program: &str) -> Option<String> {
    let said = Command::new(program).arg("--version").output().ok()?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    said.lines().next().map(str::to_owned)
}
