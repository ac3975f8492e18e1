//! Writes the table of hosts into the README, from the reports of `make conformance`.

use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context, Result};
use flipcache_tests::conformance::{Table, put_into};

fn main() -> Result<()> {
    let mut paths = env::args_os().skip(1).map(PathBuf::from);
    let (Some(reports), Some(document), None) = (paths.next(), paths.next(), paths.next()) else {
        anyhow::bail!("usage: conformance-table REPORTS DOCUMENT");
    };
    let table = Table::read(&reports)?;
    let old = fs::read_to_string(&document);
    let old = old.with_context(|| format!("cannot read {}", document.display()))?;
    let new = put_into(&old, &table.to_string())
        .with_context(|| format!("cannot write the table into {}", document.display()))?;
    fs::write(&document, new).with_context(|| format!("cannot write {}", document.display()))?;
    println!("all hosts ran the file with sha256 {}", table.digest());
    Ok(())
}
