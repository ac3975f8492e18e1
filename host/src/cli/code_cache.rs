//! The directory of compiled code.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result};
use etcetera::{BaseStrategy, choose_base_strategy};
use flipcache::{CodeCache, Shards};

use super::args::GlobalOptions;
use super::options::FOLDER;

/// The location that a user chooses.
#[derive(Clone, Debug)]
pub(crate) enum CodeCacheLocation {
    /// No code is stored or loaded.
    Off,
    Directory(PathBuf),
}

impl From<OsString> for CodeCacheLocation {
    fn from(word: OsString) -> Self {
        if word == "off" {
            Self::Off
        } else {
            Self::Directory(word.into())
        }
    }
}

/// Opens the directory that the options name, or else the one in the user's cache directory.
/// Returns `None` if it cannot be used: the cache works without it, but starts later.
pub(crate) fn open(global: &GlobalOptions) -> Option<CodeCache> {
    match &global.code_cache {
        Some(CodeCacheLocation::Off) => None,
        Some(CodeCacheLocation::Directory(directory)) => CodeCache::open(directory)
            .inspect_err(|error| {
                let error: &dyn std::error::Error = error;
                // The user named this directory, so a failure is logged as an error although the
                // command can succeed.
                tracing::error!(error, "cannot store compiled code");
            })
            .ok(),
        None => open_default()
            .inspect_err(|error| tracing::warn!("cannot store compiled code: {error:#}"))
            .ok(),
    }
}

/// Returns the options of local tiers with this directory.
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
