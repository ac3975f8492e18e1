//! The operations that are measured.

use std::hint::black_box;

use flipcache::{Codec, Error};

use super::stage::Stage;
use crate::cli::failure::Failure;

/// How many keys `flipcache_get_many` asks for at once.
const BATCH: usize = 100;

/// An operation on one key. `Plain` ones go to the backend without the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    PlainSet,
    Set,
    PlainGet,
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
    /// In the order in which they are measured and told.
    pub(super) const ALL: [Self; 7] = [
        Self::PlainSet,
        Self::Set,
        Self::PlainGet,
        Self::Get,
        Self::GetMany,
        Self::GetJson,
        Self::Miss,
    ];

    /// The name of its row.
    pub(super) fn name(self, is_redis: bool) -> &'static str {
        match self {
            Self::PlainSet if is_redis => "redis_set",
            Self::PlainSet => "backend_set",
            Self::Set => "flipcache_set",
            Self::PlainGet if is_redis => "redis_get",
            Self::PlainGet => "backend_get",
            Self::Get => "flipcache_get",
            Self::GetMany => "flipcache_get_many",
            Self::GetJson => "flipcache_get_json_1k",
            Self::Miss => "flipcache_miss",
        }
    }

    /// Does it once with every key.
    ///
    /// # Errors
    ///
    /// What the cache or the backend answers, and if a key is gone, which somebody else has deleted.
    pub(super) async fn round(self, stage: &Stage) -> Result<(), Failure> {
        match self {
            Self::PlainSet => stage.plain.set_each().await,
            Self::PlainGet => stage.plain.get_each().await,
            Self::Set => set_each(stage).await,
            Self::Get => get_each(&stage.cache, &stage.keys).await,
            Self::GetMany => get_batches(stage).await,
            Self::GetJson => get_each(&stage.json, &stage.keys).await,
            Self::Miss => get_each(&stage.uncached, &stage.keys).await,
        }
    }
}

/// What to say when a key that was written is not there.
pub(super) fn gone() -> Failure {
    let name = super::NAME;
    Failure::Other(anyhow::anyhow!(
        "somebody else deletes keys of {name} meanwhile; run one benchmark at a time"
    ))
}

async fn set_each(stage: &Stage) -> Result<(), Failure> {
    for (key, value) in stage.keys.iter().zip(&stage.values) {
        stage.cache.set(key, value).await?;
    }
    Ok(())
}

async fn get_each<C: Codec>(cache: &flipcache::Cache<C>, keys: &[String]) -> Result<(), Failure> {
    for key in keys {
        let value = cache.get(black_box(key)).await?;
        black_box(value.ok_or_else(gone)?);
    }
    Ok(())
}

async fn get_batches(stage: &Stage) -> Result<(), Failure> {
    for keys in stage.keys.chunks(BATCH) {
        let keys = keys.iter().map(String::as_str);
        let values: Result<_, Error> = stage.cache.get_many(black_box(keys)).await;
        if black_box(values?).iter().any(Option::is_none) {
            return Err(gone());
        }
    }
    Ok(())
}
