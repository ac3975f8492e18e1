//! Where compiled code is kept from one start to the next.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result};
use etcetera::{BaseStrategy, choose_base_strategy};
use flipcache::{CodeCache, Shards};

use super::args::GlobalOptions;
use super::options::FOLDER;

/// What a user says of the place.
#[derive(Clone, Debug)]
pub(crate) enum CodeCachePlace {
    /// Nothing is kept, and nothing that was is used.
    Off,
    Directory(PathBuf),
}

impl From<OsString> for CodeCachePlace {
    fn from(word: OsString) -> Self {
        if word == "off" {
            Self::Off
        } else {
            Self::Directory(word.into())
        }
    }
}

/// The directory that the options name, or else the one in the user's cache directory. `None` if it cannot be used:
/// everything works without one, and starts later.
pub(crate) fn open(global: &GlobalOptions) -> Option<CodeCache> {
    match &global.code_cache {
        Some(CodeCachePlace::Off) => None,
        Some(CodeCachePlace::Directory(directory)) => CodeCache::open(directory)
            .inspect_err(|error| {
                let error: &dyn std::error::Error = error;
                // Who names a directory should hear of it, though what becomes of the command is told by its answer.
                tracing::error!(error, "compiled code is not kept");
            })
            .ok(),
        None => open_default()
            .inspect_err(|error| tracing::warn!("compiled code is not kept: {error:#}"))
            .ok(),
    }
}

/// Local tiers by this directory.
pub(crate) fn shards(code_cache: Option<CodeCache>) -> Shards {
    let shards = Shards::default();
    match code_cache {
        Some(code_cache) => shards.code_cache(code_cache),
        None => shards,
    }
}

fn open_default() -> Result<CodeCache> {
    let directories = choose_base_strategy().context("the user has no cache directory")?;
    let directory = directories.cache_dir().join(FOLDER).join("code");
    Ok(CodeCache::open(directory)?)
}
