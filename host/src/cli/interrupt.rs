//! Ctrl-C in a shell at a terminal: interrupts the running command, not the shell.

use std::future::Future;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use flipcache::Error;
use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::signal::ctrl_c;
use tokio::sync::watch;

use super::failure::Failure;

/// Presses of Ctrl-C, if they are caught.
struct Presses {
    runtime: Handle,
    count: watch::Receiver<u64>,
    /// The number of presses when the command began.
    before: AtomicU64,
}

static PRESSES: OnceLock<Presses> = OnceLock::new();

/// Catches Ctrl-C from now on. Before this, and without it, Ctrl-C ends the process.
pub(crate) fn catch(runtime: &Handle) {
    let (counter, count) = watch::channel(0);
    let mut press = Box::pin(ctrl_c());
    // The first poll installs the handler.
    let within = runtime.enter();
    let mut pressed = (&mut press).now_or_never();
    drop(within);
    runtime.spawn(async move {
        loop {
            let caught = match pressed.take() {
                Some(caught) => caught,
                None => press.as_mut().await,
            };
            if caught.is_err() {
                return;
            }
            counter.send_modify(|count| *count += 1);
            press.set(ctrl_c());
        }
    });
    let before = AtomicU64::new(0);
    // A process has one shell, so nothing is set yet.
    let _ = PRESSES.set(Presses {
        runtime: runtime.clone(),
        count,
        before,
    });
}

/// Begins a command. Earlier presses do not interrupt it.
pub(crate) fn begin_command() {
    if let Some(presses) = PRESSES.get() {
        let count = *presses.count.borrow();
        presses.before.store(count, Ordering::Relaxed);
    }
}

/// Waits for a future on this thread.
///
/// # Errors
///
/// The future's own; [`Failure::Interrupted`] after Ctrl-C, if it is caught.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
    let Some(presses) = PRESSES.get() else {
        return Ok(pollster::block_on(future)?);
    };
    let mut count = presses.count.clone();
    let before = presses.before.load(Ordering::Relaxed);
    pollster::block_on(async {
        tokio::select! {
            biased;
            outcome = future => Ok(outcome?),
            Ok(_) = count.wait_for(|count| *count != before) => Err(Failure::Interrupted),
        }
    })
}

/// Waits for `time`.
///
/// # Errors
///
/// [`Failure::Interrupted`] after Ctrl-C, if it is caught.
pub(crate) fn sleep(time: Duration) -> Result<(), Failure> {
    let Some(presses) = PRESSES.get() else {
        thread::sleep(time);
        return Ok(());
    };
    let _within = presses.runtime.enter();
    block_on(tokio::time::sleep(time).map(Ok))
}
