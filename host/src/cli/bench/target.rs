//! The backend that is measured.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use flipcache::Error;
use flipcache::backend::redis::TlsOptions;
use flipcache::backend::{BackendUrl, Bucket, KvBackend};
use redis::{Client, ClientTlsConfig, ConnectionInfo, IntoConnectionInfo, TlsCertificates};
use tempfile::TempDir;

use super::NAME;
use crate::cli::args::GlobalOptions;
use crate::cli::failure::Failure;
use crate::cli::options;

/// The backend that the user names, or an `SQLite` file in a temporary folder. The user's default
/// file is not used, so that the benchmark does not change it.
pub(super) struct BenchTarget {
    pub(super) url: BackendUrl,
    /// redis-rs's connection settings, password included; `None` for other backends.
    pub(super) redis: Option<ConnectionInfo>,
    pub(super) backend: Arc<dyn KvBackend>,
    pub(super) bucket: Bucket,
    /// Dropped after the backend, whose file is in it.
    temporary: Option<TempDir>,
}

impl BenchTarget {
    /// Opens the backend, without connecting to a Redis server.
    ///
    /// # Errors
    ///
    /// [`Failure::Cache`] if the URL is wrong, or its file or a certificate cannot be opened.
    pub(super) fn choose(global: &GlobalOptions) -> Result<Self, Failure> {
        let (url, temporary) = match &global.backend {
            Some(url) => (url.parse().map_err(Error::Url)?, None),
            None => {
                let folder = TempDir::new().context("cannot create a temporary folder")?;
                let file = folder.path().join("bench.db");
                (BackendUrl::Sqlite(file), Some(folder))
            }
        };
        let backend = options::open_backend(&url, global)?;
        let redis = match (&url, &global.backend) {
            // This library has accepted the URL. redis-rs's error would show the password.
            (BackendUrl::Redis(_), Some(text)) => {
                let info = text.as_str().into_connection_info();
                let info = info.map_err(|_| anyhow!("redis-rs does not support this URL"))?;
                Some(with_certificates(info, &options::tls_options(global))?)
            }
            _ => None,
        };
        let bucket = Bucket::new(NAME).map_err(|error| Error::InvalidName(error.to_string()))?;
        Ok(Self {
            backend,
            url,
            redis,
            bucket,
            temporary,
        })
    }

    /// Deletes all keys of the benchmark.
    ///
    /// # Errors
    ///
    /// The errors of the backend.
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

    /// Returns the kind of backend.
    pub(super) fn store(&self) -> &'static str {
        match self.url {
            BackendUrl::Redis(_) => "Redis",
            BackendUrl::Sqlite(_) => "SQLite",
            BackendUrl::Memory => "memory",
        }
    }
}

/// Adds the certificates, which the backend has already checked.
fn with_certificates(info: ConnectionInfo, tls: &TlsOptions) -> anyhow::Result<ConnectionInfo> {
    if *tls == TlsOptions::default() {
        return Ok(info);
    }
    let read =
        |file: &Path| fs::read(file).with_context(|| format!("cannot read {}", file.display()));
    let client_tls = match (&tls.cert, &tls.key) {
        (Some(cert), Some(key)) => Some(ClientTlsConfig {
            client_cert: read(cert)?,
            client_key: read(key)?,
        }),
        _ => None,
    };
    let certificates = TlsCertificates {
        client_tls,
        root_cert: tls.ca.as_deref().map(read).transpose()?,
    };
    let client = Client::build_with_tls(info, certificates)?;
    Ok(client.get_connection_info().clone())
}
