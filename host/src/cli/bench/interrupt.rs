//! Ctrl-C while the benchmark runs.

use std::process;

use anyhow::anyhow;
use tokio::runtime::Handle;
use tokio::signal::ctrl_c;
use tokio::sync::watch;

use super::INTERRUPTED;
use crate::cli::failure::Failure;

/// Whether the user has pressed Ctrl-C.
#[derive(Clone)]
pub(super) struct Interrupt {
    pressed: watch::Receiver<bool>,
}

impl Interrupt {
    /// Catches Ctrl-C from now on. The first press sets a flag, so that the benchmark can delete
    /// its keys; the second ends the process.
    pub(super) fn listen(runtime: &Handle) -> Self {
        let (sender, pressed) = watch::channel(false);
        runtime.spawn(async move {
            // If signals cannot be caught, they end the process as usual.
            if ctrl_c().await.is_ok() {
                sender.send_replace(true);
            }
            if ctrl_c().await.is_ok() {
                process::exit(i32::from(INTERRUPTED));
            }
        });
        Self { pressed }
    }

    pub(super) fn is_pressed(&self) -> bool {
        *self.pressed.borrow()
    }

    /// Fails after Ctrl-C.
    ///
    /// # Errors
    ///
    /// [`Failure::Other`] after Ctrl-C.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.is_pressed() {
            Err(interrupted())
        } else {
            Ok(())
        }
    }

    /// Waits for Ctrl-C; pends for ever if it cannot be caught.
    pub(super) async fn pressed(&self) -> Failure {
        let mut pressed = self.pressed.clone();
        if pressed.wait_for(|pressed| *pressed).await.is_err() {
            std::future::pending::<()>().await;
        }
        interrupted()
    }
}

fn interrupted() -> Failure {
    Failure::Other(anyhow!("interrupted; no results"))
}
