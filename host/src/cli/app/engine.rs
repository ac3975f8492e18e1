//! The engine that runs applications, and the ticks that interrupt them.

use std::convert::Infallible;
use std::io;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use wasmtime::{Config, Engine};

/// How long an instance may compute before it yields and its deadline is checked.
const TICK: Duration = Duration::from_millis(10);

/// Returns an engine whose instances yield at each tick.
pub(super) fn new_engine() -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    // WASI 0.2 does not need it; calls are several times cheaper without.
    config.concurrency_support(false);
    config.epoch_interruption(true);
    Engine::new(&config)
}

/// Makes an engine's instances yield, until it is dropped.
pub(super) struct Ticker {
    _stop: Sender<Infallible>,
}

impl Ticker {
    /// Starts a thread of its own: the runtime's may all be busy with instances that do not yield
    /// until the tick.
    pub(super) fn start(engine: &Engine) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel::<Infallible>();
        let engine = engine.clone();
        let ticks = move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(TICK) {
                engine.increment_epoch();
            }
        };
        let name = "flipcache-ticks".to_owned();
        thread::Builder::new().name(name).spawn(ticks)?;
        Ok(Self { _stop: stop })
    }
}
