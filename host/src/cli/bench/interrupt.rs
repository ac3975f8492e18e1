//! Ctrl-C while the benchmark runs.

use std::process;

use anyhow::anyhow;
use tokio::runtime::Handle;
use tokio::signal::ctrl_c;
use tokio::sync::watch;

use super::INTERRUPTED;
use crate::cli::failure::Failure;

/// Whether the user wants it to end.
#[derive(Clone)]
pub(super) struct Interrupt {
    pressed: watch::Receiver<bool>,
}

impl Interrupt {
    /// Listens from now on. The first Ctrl-C is noted, so that what was written can be deleted; the
    /// second ends the process.
    pub(super) fn listen(runtime: &Handle) -> Self {
        let (tell, pressed) = watch::channel(false);
        runtime.spawn(async move {
            // Where signals cannot be listened to, they end the process as they always do.
            if ctrl_c().await.is_ok() {
                tell.send_replace(true);
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

    /// # Errors
    ///
    /// After Ctrl-C.
    pub(super) fn check(&self) -> Result<(), Failure> {
        match self.is_pressed() {
            true => Err(interrupted()),
            false => Ok(()),
        }
    }

    /// Waits for Ctrl-C, perhaps for ever.
    pub(super) async fn pressed(&self) -> Failure {
        let mut pressed = self.pressed.clone();
        if pressed.wait_for(|pressed| *pressed).await.is_err() {
            std::future::pending::<()>().await;
        }
        interrupted()
    }
}

fn interrupted() -> Failure {
    Failure::Other(anyhow!("interrupted; there are no figures"))
}
