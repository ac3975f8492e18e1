//! From a URL to a backend. The only place beside [`BackendUrl`] that names the stores.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use super::memory::MemoryBackend;
use super::redis::{RedisBackend, TlsError, TlsOptions};
use super::sqlite::{FileError, SqliteBackend};
use super::{BackendUrl, KvBackend};

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
    Ok(match url {
        BackendUrl::Redis(address) => {
            let address = address.with_tls(&options.tls)?;
            Arc::new(RedisBackend::new(&address, options.deadline, handle))
        }
        // Who names certificates does not want a store that asks for none.
        _ if options.tls != TlsOptions::default() => return Err(TlsError::NotOverTls.into()),
        BackendUrl::Sqlite(path) => Arc::new(SqliteBackend::open(path, options.deadline, handle)?),
        BackendUrl::Memory => Arc::new(MemoryBackend::new()),
    })
}

/// How a backend behaves, whatever store it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendOptions {
    /// How long one round trip may take. 5 seconds by default.
    pub deadline: Duration,
    /// The certificates of `rediss://`. Other URLs are refused if there are any.
    pub tls: TlsOptions,
}

impl Default for BackendOptions {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(5),
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
