//! Signals between a test and its children.

use std::process::{Child, Command};
use std::sync::OnceLock;
use std::{env, fs, thread};

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// Sends a signal to a process that was started here.
pub(crate) fn send(child: &Child, name: &str) {
    let id = child.id().to_string();
    let status = Command::new("kill").args([name, &id]).status();
    assert!(status.is_ok_and(|status| status.success()), "kill {name}");
}

/// Children that are started from now on have SIGINT at its default, though the parent of the tests
/// ignores it, as
/// `nohup` does, and shells for background jobs.
pub(crate) fn restore_interrupt() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        if is_interrupt_ignored() {
            catch_interrupt();
        }
    });
}

/// A program that is started inherits what is ignored, but of what is caught the default. So it is
/// caught, and this process goes on as if it were ignored.
fn catch_interrupt() {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime must start");
    let caught = runtime.block_on(async { signal(SignalKind::interrupt()) });
    let mut caught = caught.expect("SIGINT must be caught");
    thread::spawn(move || runtime.block_on(async { while caught.recv().await.is_some() {} }));
}

/// Returns whether SIGINT is ignored. Without `/proc` it counts as not ignored.
fn is_interrupt_ignored() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & (1 << (2 - 1)) != 0)
}

/// Runs a test of this binary again, in a process that was started with SIGINT ignored.
#[test]
fn child_of_a_test_that_ignores_sigint_does_not() {
    let tests = env::current_exe().expect("the tests are a program");
    let output = Command::new("sh")
        .args(["-c", r#"trap "" INT; exec "$@""#, "sh"])
        .arg(tests)
        .args(["--exact", "run::run_ctrl_c_ends_it"])
        .output()
        .expect("a shell must start");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("1 passed"), "the test must be there: {told}");
}
