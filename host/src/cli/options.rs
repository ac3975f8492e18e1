//! Opens a backend and a cache from options of the command line.

use std::sync::Arc;

use anyhow::{Context, Result};
use etcetera::{BaseStrategy, choose_base_strategy};
use flipcache::backend::redis::TlsOptions;
use flipcache::backend::{self, BackendOptions, BackendUrl, BreakerOptions, KvBackend};
use flipcache::{Error, Options, Resilience, io};

use super::args::{Coherence, GlobalOptions, KeyType, ValueType};
use super::code_cache;
use super::engine::{Cache, Caches};
use super::failure::Failure;
use super::text::parse_value;

/// The folder of this program's files in the user's data and cache directories.
pub(crate) const FOLDER: &str = "flipcache";

/// Opens the cache that the options describe, with local tiers of its own.
pub(crate) fn open(global: &GlobalOptions) -> Result<(Caches, Cache), Failure> {
    let options = cache_options(global)?;
    let caches = Caches::new(
        global.engine,
        open_chosen_backend(global)?,
        code_cache::open(global),
    )?;
    let cache = caches.open(&global.name, options, resilience(global))?;
    Ok((caches, cache))
}

/// Opens the backend that the options name, or else the embedded default.
pub(crate) fn open_chosen_backend(global: &GlobalOptions) -> Result<Arc<dyn KvBackend>, Failure> {
    let url = match &global.backend {
        Some(url) => url.parse().map_err(Error::Url)?,
        None => BackendUrl::Sqlite(data_file("flipcache.db")?),
    };
    open_backend(&url, global)
}

/// Opens the backend of a URL, with the other options for it.
pub(crate) fn open_backend(
    url: &BackendUrl,
    global: &GlobalOptions,
) -> Result<Arc<dyn KvBackend>, Failure> {
    let options = BackendOptions {
        deadline: global.deadline,
        coherence: match global.coherence {
            None => backend::Coherence::Auto,
            Some(Coherence::Tracking) => backend::Coherence::Tracking,
            Some(Coherence::Off) => backend::Coherence::Off,
        },
        staleness_bound: global.staleness_bound,
        breaker: global.breaker.map(|failures| BreakerOptions {
            failures,
            pause: global.breaker_pause,
        }),
        tls: tls_options(global),
    };
    let runtime = io::runtime().map_err(Error::from)?;
    Ok(backend::open(url, &options, runtime).map_err(Error::from)?)
}

pub(crate) fn tls_options(global: &GlobalOptions) -> TlsOptions {
    TlsOptions {
        ca: global.tls_ca.clone(),
        cert: global.tls_cert.clone(),
        key: global.tls_key.clone(),
    }
}

/// Returns the path of a file in the user's data directory, which may not exist yet.
pub(crate) fn data_file(name: &str) -> Result<std::path::PathBuf, Failure> {
    let directories = choose_base_strategy()
        .context("cannot find the user's data directory; name a backend with --backend");
    Ok(directories
        .map_err(Failure::Other)?
        .data_dir()
        .join(FOLDER)
        .join(name))
}

/// Returns how the cache behaves when the backend fails.
pub(crate) fn resilience(global: &GlobalOptions) -> Resilience {
    Resilience {
        stale_on_error: global.stale_on_error.unwrap_or_default(),
        absent_ttl: global.absent_ttl.unwrap_or_default(),
        ttl_jitter_percent: global.ttl_jitter,
        max_staleness: None,
    }
}

/// Returns the options of the cache.
pub(crate) fn cache_options(global: &GlobalOptions) -> Result<Options, Failure> {
    let value_type = value_type(global.value_type);
    let default = global
        .default
        .clone()
        .map(|text| parse_value(text.into_bytes(), value_type));
    Ok(Options {
        local_max: global.local_max,
        local_max_bytes: global.local_max_bytes,
        eviction: global.eviction.into(),
        ttl: global.ttl,
        refresh_ttl_on_get: global.refresh_ttl,
        key_type: match global.key_type {
            KeyType::Text => flipcache::KeyType::Text,
            KeyType::Integer => flipcache::KeyType::Integer,
        },
        value_type,
        default: default.transpose()?,
        store_default: global.store_default,
    })
}

fn value_type(value_type: ValueType) -> flipcache::ValueType {
    match value_type {
        ValueType::Text => flipcache::ValueType::Text,
        ValueType::Integer => flipcache::ValueType::Integer,
        ValueType::Float => flipcache::ValueType::Float,
        ValueType::Boolean => flipcache::ValueType::Boolean,
        ValueType::Json => flipcache::ValueType::Json,
        ValueType::Bytes => flipcache::ValueType::Bytes,
    }
}
