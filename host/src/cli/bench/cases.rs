//! The operations that are measured.

use std::hint::black_box;

use flipcache::{Codec, Error};

use super::fixture::Fixture;
use crate::cli::failure::Failure;

/// How many keys `flipcache_get_many` reads at once.
const BATCH: usize = 100;

/// An operation on one key. `Baseline` operations call the backend without the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    BaselineSet,
    Set,
    BaselineGet,
    /// From the local tier.
    Get,
    /// From the local tier, [`BATCH`] keys in one call.
    GetMany,
    /// A JSON value of about 1 KB from the local tier, parsed.
    GetJson,
    /// From the backend, with no local tier.
    Miss,
}

impl Case {
    /// All cases, in the order in which they are measured and shown.
    pub(super) const ALL: [Self; 7] = [
        Self::BaselineSet,
        Self::Set,
        Self::BaselineGet,
        Self::Get,
        Self::GetMany,
        Self::GetJson,
        Self::Miss,
    ];

    /// Returns the name of its row.
    pub(super) fn name(self, is_redis: bool) -> &'static str {
        match self {
            Self::BaselineSet if is_redis => "redis_set",
            Self::BaselineSet => "backend_set",
            Self::Set => "flipcache_set",
            Self::BaselineGet if is_redis => "redis_get",
            Self::BaselineGet => "backend_get",
            Self::Get => "flipcache_get",
            Self::GetMany => "flipcache_get_many",
            Self::GetJson => "flipcache_get_json_1k",
            Self::Miss => "flipcache_miss",
        }
    }

    /// Runs the operation once for every key.
    ///
    /// # Errors
    ///
    /// The errors of the cache or the backend, and a missing key, which another process has
    /// deleted.
    pub(super) async fn round(self, fixture: &Fixture) -> Result<(), Failure> {
        match self {
            Self::BaselineSet => fixture.baseline.set_each().await,
            Self::BaselineGet => fixture.baseline.get_each().await,
            Self::Set => set_each(fixture).await,
            Self::Get => get_each(&fixture.cache, &fixture.keys).await,
            Self::GetMany => get_batches(fixture).await,
            Self::GetJson => get_each(&fixture.json, &fixture.keys).await,
            Self::Miss => get_each(&fixture.uncached, &fixture.keys).await,
        }
    }
}

/// Returns the failure for a key that was written and is missing.
pub(super) fn missing_key() -> Failure {
    let name = super::NAME;
    Failure::Other(anyhow::anyhow!(
        "another process deletes keys of {name}; run one benchmark at a time"
    ))
}

async fn set_each(fixture: &Fixture) -> Result<(), Failure> {
    for (key, value) in fixture.keys.iter().zip(&fixture.values) {
        fixture.cache.set(key, value).await?;
    }
    Ok(())
}

async fn get_each<C: Codec>(cache: &flipcache::Cache<C>, keys: &[String]) -> Result<(), Failure> {
    for key in keys {
        let value = cache.get(black_box(key)).await?;
        black_box(value.ok_or_else(missing_key)?);
    }
    Ok(())
}

async fn get_batches(fixture: &Fixture) -> Result<(), Failure> {
    for keys in fixture.keys.chunks(BATCH) {
        let keys = keys.iter().map(String::as_str);
        let values: Result<_, Error> = fixture.cache.get_many(black_box(keys)).await;
        if black_box(values?).iter().any(Option::is_none) {
            return Err(missing_key());
        }
    }
    Ok(())
}
