//! The backend that is measured.

use std::fmt;
use std::sync::Arc;

use anyhow::Context;
use flipcache::Error;
use flipcache::backend::{BackendUrl, Bucket, KvBackend};
use tempfile::TempDir;

use super::NAME;
use crate::cli::args::GlobalOptions;
use crate::cli::failure::Failure;
use crate::cli::options;

/// A backend: the one that the user names, else an `SQLite` file in a temporary folder, as the user's
/// own would be in the way.
pub(super) struct Place {
    url: BackendUrl,
    /// The URL as the user wrote it, with the password.
    text: String,
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
                let folder = TempDir::new().context("cannot create a temporary folder");
                let folder = folder.map_err(Failure::Other)?;
                let file = folder.path().join("bench.db");
                (BackendUrl::Sqlite(file), Some(folder))
            }
        };
        let bucket = Bucket::new(NAME).map_err(|error| Error::InvalidName(error.to_string()))?;
        Ok(Self {
            backend: options::open_backend(&url)?,
            url,
            text: global.backend.clone().unwrap_or_default(),
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
        matches!(self.url, BackendUrl::Redis(_))
    }

    /// How redis-rs understands the URL; `None` if this is another backend. It holds the password.
    pub(super) fn redis_url(&self) -> Option<&str> {
        self.is_redis().then_some(self.text.as_str())
    }
}

/// Without a password.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)?;
        match self.temporary {
            Some(_) => f.write_str(" (temporary, as no --backend is named)"),
            None => Ok(()),
        }
    }
}
