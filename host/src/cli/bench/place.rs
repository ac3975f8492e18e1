//! The backend that is measured.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use flipcache::Error;
use flipcache::backend::{BackendUrl, Bucket, KvBackend};
use redis::{ConnectionInfo, IntoConnectionInfo};
use tempfile::TempDir;

use super::NAME;
use crate::cli::args::GlobalOptions;
use crate::cli::failure::Failure;
use crate::cli::options;

/// A backend: the one that the user names, else an `SQLite` file in a temporary folder, as the user's
/// own would be in the way.
pub(super) struct Place {
    pub(super) url: BackendUrl,
    /// How redis-rs reaches the server, password and all; `None` if this is another backend.
    pub(super) redis: Option<ConnectionInfo>,
    pub(super) backend: Arc<dyn KvBackend>,
    pub(super) bucket: Bucket,
    /// Dropped after the backend, whose file is in it.
    temporary: Option<TempDir>,
}

impl Place {
    /// Opens the backend. A Redis server is not asked yet.
    ///
    /// # Errors
    ///
    /// [`Failure::Cache`] if the URL is wrong or its file cannot be opened.
    pub(super) fn choose(global: &GlobalOptions) -> Result<Self, Failure> {
        let (url, temporary) = match &global.backend {
            Some(url) => (url.parse().map_err(Error::Url)?, None),
            None => {
                let folder = TempDir::new().context("cannot create a temporary folder")?;
                let file = folder.path().join("bench.db");
                (BackendUrl::Sqlite(file), Some(folder))
            }
        };
        let redis = match (&url, &global.backend) {
            // The library's own rules have passed it. The error would repeat the password.
            (BackendUrl::Redis(_), Some(text)) => {
                let info = text.as_str().into_connection_info();
                Some(info.map_err(|_| anyhow!("redis-rs does not know this URL"))?)
            }
            _ => None,
        };
        let bucket = Bucket::new(NAME).map_err(|error| Error::InvalidName(error.to_string()))?;
        Ok(Self {
            backend: options::open_backend(&url, global)?,
            url,
            redis,
            bucket,
            temporary,
        })
    }

    /// Deletes all keys of the benchmark's.
    ///
    /// # Errors
    ///
    /// What the backend answers.
    pub(super) async fn clear(&self) -> Result<(), Failure> {
        let cleared = self.backend.clear(&self.bucket).await;
        cleared.map_err(Error::from)?;
        Ok(())
    }

    pub(super) fn is_redis(&self) -> bool {
        self.redis.is_some()
    }

    pub(super) fn is_temporary(&self) -> bool {
        self.temporary.is_some()
    }

    /// What kind of backend it is.
    pub(super) fn store(&self) -> &'static str {
        match self.url {
            BackendUrl::Redis(_) => "Redis",
            BackendUrl::Sqlite(_) => "SQLite",
            BackendUrl::Memory => "memory",
        }
    }
}
