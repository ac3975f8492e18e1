//! The component's main core module, compiled, with what it imports, and the tick that bounds calls.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use wasmparser::{Parser, Payload};
use wasmtime::{
    Caller, Config, Engine, EngineWeak, InstancePre, Linker, Module, Store, StoreLimits,
};

use super::watch::Watch;
use crate::clock::Clock;
use crate::{COMPONENT, CodeCache};

/// The least time for which a call of a shard may compute; it is ended before twice as long. The longest one
/// lists all keys of a tier.
const CALL_DEADLINE: Duration = Duration::from_secs(1);

/// Ticks come no more often.
const SHORTEST_TICK: Duration = Duration::from_micros(100);

/// What the store of one shard holds.
pub(super) struct Data {
    pub(super) limits: StoreLimits,
    pub(super) clock: Clock,
    pub(super) watch: Watch,
}

/// A component file, ready to be instantiated as a shard.
pub(crate) struct Prepared {
    instance: InstancePre<Data>,
    call_deadline: Duration,
}

impl Prepared {
    /// The embedded component, made ready at the first call of the process.
    pub(crate) fn embedded(code_cache: Option<&CodeCache>) -> wasmtime::Result<Arc<Self>> {
        static EMBEDDED: Mutex<Option<Arc<Prepared>>> = Mutex::new(None);
        let mut embedded = EMBEDDED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(prepared) = &*embedded {
            return Ok(prepared.clone());
        }
        let prepared = Self::new(COMPONENT, CALL_DEADLINE, code_cache)?;
        Ok(embedded.insert(prepared).clone())
    }

    /// A component file, whose calls may compute for so long. Compiling it takes some hundreds of milliseconds.
    pub(crate) fn new(
        component: &[u8],
        call_deadline: Duration,
        code_cache: Option<&CodeCache>,
    ) -> wasmtime::Result<Arc<Self>> {
        let mut config = Config::new();
        config.concurrency_support(false);
        config.epoch_interruption(true);
        let engine = Engine::new(&config)?;
        let module = main_module(component)?;
        let module = match code_cache {
            Some(code_cache) => code_cache.module(&engine, module)?,
            None => Module::new(&engine, module)?,
        };
        let mut linker = Linker::new(&engine);
        linker.func_wrap(
            "wasi:clocks/monotonic-clock@0.2.0",
            "now",
            |caller: Caller<'_, Data>| caller.data().clock.nanos(),
        )?;
        // `kv-backend` is the component's own driver's: none of the door's calls gets there.
        linker.define_unknown_imports_as_traps(&module)?;
        let instance = linker.instantiate_pre(&module)?;
        // The first tick of a call begins its time.
        tick(engine.weak(), (call_deadline / 2).max(SHORTEST_TICK))?;
        Ok(Arc::new(Self {
            instance,
            call_deadline,
        }))
    }

    /// Returns the time for which a call may compute.
    pub(super) fn call_deadline(&self) -> Duration {
        self.call_deadline
    }

    pub(super) fn engine(&self) -> &Engine {
        self.instance.module().engine()
    }

    pub(super) fn instantiate(
        &self,
        store: &mut Store<Data>,
    ) -> wasmtime::Result<wasmtime::Instance> {
        self.instance.instantiate(store)
    }
}

/// The first core module in a component's bytes: the encoder puts the main one there.
fn main_module(component: &[u8]) -> wasmtime::Result<&[u8]> {
    for payload in Parser::new(0).parse_all(component) {
        if let Payload::ModuleSection {
            unchecked_range, ..
        } = payload?
        {
            let module = component.get(unchecked_range);
            return module.ok_or_else(|| wasmtime::Error::msg("the component's file ends early"));
        }
    }
    Err(wasmtime::Error::msg("the file holds no core module"))
}

/// Moves the engine's epoch on, as long as there is the engine.
fn tick(engine: EngineWeak, period: Duration) -> wasmtime::Result<()> {
    let ticking = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(period);
        }
    };
    let thread = thread::Builder::new().name("flipcache-epoch".to_owned());
    thread.spawn(ticking)?;
    Ok(())
}
