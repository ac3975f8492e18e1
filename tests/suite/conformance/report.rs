//! The outcome of the cases in one host.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context, Result};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::case::Need;

/// The report of one host, as `tests/conformance/README.md` describes it.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Report {
    pub(crate) host: String,
    pub(crate) store: String,
    pub(crate) digest: String,
    pub(crate) passed: Vec<String>,
    pub(crate) left_out: BTreeMap<String, Vec<Need>>,
    pub(crate) failed: BTreeMap<String, String>,
}

impl Report {
    pub(crate) fn new(host: &str, store: &str) -> Self {
        let digest = Sha256::digest(flipcache::COMPONENT);
        Self {
            host: host.to_owned(),
            store: store.to_owned(),
            digest: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            passed: Vec::new(),
            left_out: BTreeMap::new(),
            failed: BTreeMap::new(),
        }
    }

    /// Writes the report to the folder of the table, and prints its summary line.
    pub(crate) fn publish(&self, file: &str) -> Result<()> {
        let folder = match env::var_os("FLIPCACHE_CONFORMANCE_REPORTS") {
            Some(folder) => PathBuf::from(folder),
            None => PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../target/conformance"
            )),
        };
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {folder:?}"))?;
        let path = folder.join(file).with_extension("json");
        let report = serde_json::to_vec_pretty(self)?;
        fs::write(&path, report).with_context(|| format!("cannot write {path:?}"))?;
        println!(
            "{} over {}: {} passed, {} left out, {} failed (sha256 {})",
            self.host,
            self.store,
            self.passed.len(),
            self.left_out.len(),
            self.failed.len(),
            self.digest,
        );
        Ok(())
    }
}
