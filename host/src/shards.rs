//! How the local tiers of a client are held: in how many shards, where, and with how much memory.

use std::num::NonZeroUsize;
use std::thread;
#[cfg(feature = "wasmtime")]
use std::{sync::Arc, time::Duration};

#[cfg(feature = "wasmtime")]
use crate::CodeCache;
use crate::Error;
use crate::clock::Clock;
use crate::driver::{Locked, Tiers};
#[cfg(feature = "wasmtime")]
use crate::shard::door::{Door, Prepared};
use crate::shard::{InProcess, Shard};

/// What the local tiers of one client may weigh together, in bytes, unless it is told otherwise.
const MEMORY: u64 = 1 << 30;

/// How local tiers are held. By default in as many shards as the machine has cores, each in an instance
/// of the component, with a gibibyte between them.
///
/// Keys are spread over shards, and threads that read keys of different shards do not wait for each
/// other. A cache of fewer than 64 entries or 1 MiB a shard lives in one, so that its order of eviction is exact, and
/// it holds large values; a larger one is exact within each shard.
///
/// # Examples
///
/// ```
/// use std::num::NonZeroUsize;
/// use std::sync::Arc;
/// use flipcache::backend::memory::MemoryBackend;
/// use flipcache::{Client, Shards};
///
/// let shards = Shards::default().count(NonZeroUsize::MIN).memory(64 << 20);
/// let client = Client::builder(Arc::new(MemoryBackend::new())).shards(shards).build()?;
/// # Ok::<(), flipcache::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "they are made with a client"]
pub struct Shards {
    count: NonZeroUsize,
    memory: u64,
    clock: Clock,
    runtime: Runtime,
    #[cfg(feature = "wasmtime")]
    code_cache: Option<CodeCache>,
}

#[derive(Clone, Debug)]
enum Runtime {
    InProcess,
    #[cfg(feature = "wasmtime")]
    Embedded,
    #[cfg(feature = "wasmtime")]
    File {
        component: Arc<[u8]>,
        call_deadline: Duration,
    },
}

impl Default for Shards {
    fn default() -> Self {
        Self {
            count: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            memory: MEMORY,
            clock: Clock::system(),
            #[cfg(feature = "wasmtime")]
            runtime: Runtime::Embedded,
            #[cfg(not(feature = "wasmtime"))]
            runtime: Runtime::InProcess,
            #[cfg(feature = "wasmtime")]
            code_cache: None,
        }
    }
}

impl Shards {
    /// How many there are.
    pub fn count(mut self, count: NonZeroUsize) -> Self {
        self.count = count;
        self
    }

    /// What all caches of the client may weigh together, in bytes; their bookkeeping counts. Each shard
    /// has its part, and evicts before it needs more. A shard's memory grows to what it has held, and
    /// no further than half as much again and 16 MiB; an instance cannot have more than 4 GiB. A value
    /// larger than a quarter of a shard's part is not kept.
    ///
    /// There is room for a name of a cache for every 4 KiB of a shard's part, for at least 256 and at most 65,536. A
    /// name costs each shard about a kibibyte. If there is no room for one more, the name that was closed least recently
    /// ends; if all are open, the new one is [denied](crate::Error::Denied).
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Counts lives by another monotonic clock than the system's, which counts the time for which the machine
    /// sleeps: nanoseconds since a point of its own choice.
    pub fn clock(mut self, nanos: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.clock = Clock::new(nanos);
        self
    }

    /// Runs the rules of the cache in this process, without the component around them.
    pub fn in_process(mut self) -> Self {
        self.runtime = Runtime::InProcess;
        self
    }

    /// Takes another component file than the embedded one, and ends a call of a shard that computes for too long:
    /// between one and two times `call_deadline`. A shard whose call is ended, or traps, loses what it holds and
    /// works on. The embedded file's calls have a second.
    ///
    /// Counted is the time for which the calling thread computes. On systems without such a clock, which are those
    /// other than Unix, all time counts. The start of a shard has a time of its own.
    #[cfg(feature = "wasmtime")]
    pub fn component(mut self, component: &[u8], call_deadline: Duration) -> Self {
        self.runtime = Runtime::File {
            component: component.into(),
            call_deadline,
        };
        self
    }

    /// Keeps the compiled component in a directory, and takes it from there. Without one, the first client of a
    /// process compiles the embedded file, and each that is given [another](Self::component) compiles that.
    #[cfg(feature = "wasmtime")]
    pub fn code_cache(mut self, code_cache: CodeCache) -> Self {
        self.code_cache = Some(code_cache);
        self
    }

    pub(crate) fn build(self) -> Result<Tiers, Error> {
        let max_bytes = self.memory / self.count.get() as u64;
        #[cfg(feature = "wasmtime")]
        let code_cache = self.code_cache.as_ref();
        #[cfg(feature = "wasmtime")]
        let prepared = match &self.runtime {
            Runtime::InProcess => None,
            Runtime::Embedded => Some(Prepared::embedded(code_cache)?),
            Runtime::File {
                component,
                call_deadline,
            } => Some(Prepared::new(component, *call_deadline, code_cache)?),
        };
        let shard = |_| -> Result<Box<Locked<dyn Shard>>, Error> {
            let clock = self.clock.clone();
            #[cfg(feature = "wasmtime")]
            if let Some(prepared) = &prepared {
                let door = Door::new(prepared.clone(), clock, max_bytes)?;
                return Ok(Locked::new(door));
            }
            Ok(Locked::new(InProcess::new(clock, max_bytes)))
        };
        let shards = (0..self.count.get()).map(shard);
        Ok(Tiers::new(
            shards.collect::<Result<Vec<_>, _>>()?,
            max_bytes,
        ))
    }
}
