//! From a URL to a backend. The only place beside [`BackendUrl`] that names the stores.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use super::memory::MemoryBackend;
use super::redis::{RedisBackend, TlsError, TlsOptions};
use super::sqlite::{FileError, SqliteBackend};
use super::{BackendUrl, Breaker, BreakerOptions, Instrumented, KvBackend};

/// Makes the backend that `url` names.
///
/// A Redis server is not waited for: while there is none, calls fail, and once it is there, they
/// work. An `SQLite` file is opened at once, which blocks for at most about the deadline.
///
/// The backend's tasks, timers and blocking work run on the runtime of `handle`, whose I/O and time
/// drivers must be enabled; its methods may be called in any runtime or in none.
///
/// # Errors
///
/// [`OpenError`] if there cannot be such a backend, whatever happens later.
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
        // Who names certificates does not want a store that asks for none.
        _ if options.tls != TlsOptions::default() => return Err(TlsError::NotOverTls.into()),
        BackendUrl::Sqlite(path) => Arc::new(SqliteBackend::open(path, options, handle)?),
        BackendUrl::Memory => Arc::new(MemoryBackend::new()),
    };
    // Behind the breaker: what that refuses, no store was asked.
    let backend = Arc::new(Instrumented::new(backend));
    Ok(match options.breaker {
        Some(breaker) => Arc::new(Breaker::new(backend, breaker)),
        None => backend,
    })
}

/// How a backend behaves, whatever store it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendOptions {
    /// How long one round trip may take. 5 seconds by default.
    pub deadline: Duration,
    /// Whether the local tiers are told what others write.
    pub coherence: Coherence,
    /// How long local tiers go on answering when the store is silent: what they answer was current no
    /// longer ago. A silent store is asked for a sign of life after half of it. 2 seconds by default;
    /// less than 50 milliseconds counts as that.
    pub staleness_bound: Duration,
    /// When callers are told at once that the store fails, instead of asking it. `None`, the default:
    /// each call finds out for itself.
    pub breaker: Option<BreakerOptions>,
    /// The certificates of `rediss://`. Other URLs are refused if there are any.
    pub tls: TlsOptions,
}

/// Whether the local tiers are told what others write to the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Coherence {
    /// They are, if the store can: Redis from version 6, for users that may be told.
    #[default]
    Auto,
    /// They are; while the store does not tell, they answer nothing and keep nothing.
    Tracking,
    /// They are not: what others write is seen when the entry's life is over.
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

/// Why a backend cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file cannot be the store.
    #[error("cannot open the SQLite store")]
    Sqlite(#[from] FileError),
    /// The certificates cannot be used, or not there.
    #[error("cannot use TLS as asked")]
    Tls(#[from] TlsError),
}
