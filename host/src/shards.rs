//! How a client holds its local tiers: the number of shards, where they run, and their memory.

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

/// The default bound on the bytes of all local tiers of one client.
const MEMORY: u64 = 1 << 30;

/// The options of a client's local tiers. By default there are as many shards as the machine has
/// cores, each in an instance of the component, with a gibibyte between them.
///
/// Keys are spread over shards, and threads that read keys of different shards do not wait for each
/// other. A cache with fewer than 64 entries or 1 MiB a shard is held in one shard, so that its
/// eviction order is exact and it can hold large values. The order of a larger one is exact within
/// each shard.
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
    /// Sets the number of shards.
    pub fn count(mut self, count: NonZeroUsize) -> Self {
        self.count = count;
        self
    }

    /// Sets how many bytes all caches of the client may take together, including their bookkeeping.
    ///
    /// Each shard has an equal part, and evicts before it exceeds it. The memory of a shard grows
    /// to what it has held at most, plus half of that and 16 MiB; an instance cannot have more than
    /// 4 GiB. A value larger than a quarter of a shard's part is not cached.
    ///
    /// There is room for one name of a cache for every 4 KiB of a shard's part, for at least 256
    /// and at most 65,536 names. A name costs each shard about a kibibyte. If there is no room for
    /// another name, the one that was closed least recently is dropped. If all are open, the new
    /// one is [denied](crate::Error::Denied).
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Sets the monotonic clock of TTLs: nanoseconds since an arbitrary point. The default is the
    /// system's, including the time for which the machine sleeps.
    pub fn clock(mut self, nanos: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.clock = Clock::new(nanos);
        self
    }

    /// Runs the rules of the cache in this process, without the component around them.
    pub fn in_process(mut self) -> Self {
        self.runtime = Runtime::InProcess;
        self
    }

    /// Uses another component file than the embedded one, and sets the deadline of its calls. The
    /// embedded file's calls have a second.
    ///
    /// A call that computes for longer is stopped, after between one and two times `call_deadline`.
    /// A shard whose call is stopped, or traps, loses its entries and continues empty.
    ///
    /// The deadline counts CPU time of the calling thread; on systems without such a clock, those
    /// other than Unix, wall-clock time. The start of a shard has a deadline of its own.
    #[cfg(feature = "wasmtime")]
    pub fn component(mut self, component: &[u8], call_deadline: Duration) -> Self {
        self.runtime = Runtime::File {
            component: component.into(),
            call_deadline,
        };
        self
    }

    /// Keeps the compiled component in a directory, and loads it from there.
    ///
    /// Without one, the first client of a process compiles the embedded file, and each client with
    /// [another file](Self::component) compiles that.
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
