//! Both clocks of a component, which stand still unless they are moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime::component::{ComponentType, Linker, Lower};

/// Where they begin: Unix time in milliseconds.
pub(crate) const START: u64 = 1_800_000_000_000;

#[derive(Clone)]
pub(crate) struct Clock {
    monotonic: Arc<AtomicU64>,
    wall: Arc<AtomicU64>,
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self {
            monotonic: Arc::default(),
            wall: Arc::new(AtomicU64::new(START)),
        }
    }

    /// Time passes.
    pub(crate) fn pass(&self, millis: u64) {
        self.monotonic.fetch_add(millis, Ordering::SeqCst);
        self.wall.fetch_add(millis, Ordering::SeqCst);
    }

    /// Sets the wall clock.
    pub(crate) fn set_wall(&self, millis: u64) {
        self.wall.store(millis, Ordering::SeqCst);
    }

    /// Gives them to a linker, and nothing else of their interfaces.
    pub(crate) fn add_to_linker<T: 'static>(&self, linker: &mut Linker<T>) -> wasmtime::Result<()> {
        let monotonic = self.monotonic.clone();
        linker
            .instance("wasi:clocks/monotonic-clock@0.2.0")?
            .func_wrap("now", move |_, ()| {
                Ok((monotonic.load(Ordering::SeqCst) * 1_000_000,))
            })?;
        let wall = self.wall.clone();
        linker
            .instance("wasi:clocks/wall-clock@0.2.0")?
            .func_wrap("now", move |_, ()| {
                let millis = wall.load(Ordering::SeqCst);
                let nanoseconds = u32::try_from(millis % 1_000 * 1_000_000)?;
                let seconds = millis / 1_000;
                Ok((Datetime {
                    seconds,
                    nanoseconds,
                },))
            })
    }
}
