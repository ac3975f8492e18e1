//! Detects when this process was not running, by a thread that wakes up every few milliseconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::history::{Event, Recorder, Stall};
use crate::time::Moment;

/// The interval of the thread.
const TICK: Duration = Duration::from_millis(5);

/// The delay that counts as a stall. Shorter delays are within every tolerance.
const LATE: Duration = Duration::from_millis(10);

/// The thread; it ends on drop.
pub(crate) struct Ticker {
    is_ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    /// Starts to record the stalls of this process.
    pub(crate) fn start(process: &str, recorder: &Arc<Recorder>) -> Result<Self> {
        let is_ending = Arc::new(AtomicBool::new(false));
        let thread = thread::Builder::new().name("ticker".to_owned()).spawn({
            let (process, recorder) = (process.to_owned(), Arc::clone(recorder));
            let is_ending = Arc::clone(&is_ending);
            move || {
                while !is_ending.load(Ordering::Acquire) {
                    let due = Moment::now().after(TICK);
                    thread::sleep(TICK);
                    let now = Moment::now();
                    if now.since(due) > LATE {
                        let process = process.clone();
                        let (from, to) = (due, now);
                        recorder.write(&Event::Stall(Stall { process, from, to }));
                    }
                }
            }
        });
        Ok(Self {
            is_ending,
            thread: Some(thread.context("the ticker needs a thread")?),
        })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.is_ending.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // It panics only if the history cannot be written, which fails the callers, too.
            let _ = thread.join();
        }
    }
}
