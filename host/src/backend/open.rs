//! Opens the backend of a URL. Besides [`BackendUrl`], only this file names the kinds of backends.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use super::memory::MemoryBackend;
use super::redis::{RedisBackend, TlsError, TlsOptions};
use super::sqlite::{FileError, SqliteBackend};
use super::{BackendUrl, Breaker, BreakerOptions, Instrumented, KvBackend};

/// Opens the backend that `url` names.
///
/// Returns without waiting for a Redis server: until it can be reached, calls fail. An `SQLite`
/// file is opened at once, which blocks for at most about the deadline.
///
/// The backend's tasks, timers and blocking work run on the runtime of `handle`, whose I/O and time
/// drivers must be enabled; its methods may be called in any runtime or in none.
///
/// # Errors
///
/// [`OpenError`] if the backend could never work.
pub fn open(
    url: &BackendUrl,
    options: &BackendOptions,
    handle: Handle,
) -> Result<Arc<dyn KvBackend>, OpenError> {
    let backend: Arc<dyn KvBackend> = match url {
        BackendUrl::Redis(address) => {
            let address = address.with_tls(&options.tls)?;
            Arc::new(RedisBackend::new(&address, options, handle))
        }
        // Certificates show that a backend is wanted that checks them.
        _ if options.tls != TlsOptions::default() => return Err(TlsError::NotOverTls.into()),
        BackendUrl::Sqlite(path) => Arc::new(SqliteBackend::open(path, options, handle)?),
        BackendUrl::Memory => Arc::new(MemoryBackend::new()),
    };
    // Behind the breaker, so that rejected calls are not recorded as calls of the backend.
    let backend = Arc::new(Instrumented::new(backend));
    Ok(match options.breaker {
        Some(breaker) => Arc::new(Breaker::new(backend, breaker)),
        None => backend,
    })
}

/// The options of a backend of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendOptions {
    /// How long one round trip may take. 5 seconds by default.
    pub deadline: Duration,
    /// Whether local tiers learn of writes by other clients.
    pub coherence: Coherence,
    /// How long local tiers keep serving while the backend is silent; their entries were current at
    /// most this long ago. A silent backend is asked for an acknowledgement after half of it. 2
    /// seconds by default; less than 50 milliseconds counts as that.
    pub staleness_bound: Duration,
    /// When to open the circuit breaker, which fails calls without asking the backend. `None`, the
    /// default: there is no breaker.
    pub breaker: Option<BreakerOptions>,
    /// The certificates for `rediss://`. Other URLs are refused if there are any.
    pub tls: TlsOptions,
}

/// Whether local tiers learn of writes by other clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Coherence {
    /// They do, if the backend can publish them: Redis from version 6, for users with permission.
    #[default]
    Auto,
    /// They do; while the backend does not publish writes, the local tiers serve and store nothing.
    Tracking,
    /// They do not: writes of other clients are seen when entries expire.
    Off,
}

impl Default for BackendOptions {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(5),
            coherence: Coherence::default(),
            staleness_bound: Duration::from_secs(2),
            breaker: None,
            tls: TlsOptions::default(),
        }
    }
}

/// Why a backend cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file cannot be used.
    #[error("cannot open the SQLite store")]
    Sqlite(#[from] FileError),
    /// The certificates cannot be used, or not with this URL.
    #[error("cannot use TLS as asked")]
    Tls(#[from] TlsError),
}
