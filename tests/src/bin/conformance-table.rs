//! Writes the table of hosts into the README, from the reports of `make conformance`. With
//! `--check` it fails if the table is out of date, and writes nothing else.

use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};
use flipcache_tests::conformance::{Table, put_into};

fn main() -> Result<()> {
    let args: Vec<_> = env::args().skip(1).collect();
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let (check, reports, document) = match args[..] {
        ["--check", reports, document] => (true, reports, document),
        [reports, document] => (false, reports, document),
        _ => bail!("usage: conformance-table [--check] REPORTS DOCUMENT"),
    };
    let table = Table::read(reports.as_ref())?;
    let old = fs::read_to_string(document).with_context(|| format!("cannot read {document}"))?;
    let new = put_into(&old, &table.to_string())
        .with_context(|| format!("cannot put the table into {document}"))?;
    println!("all hosts ran the file with sha256 {}", table.digest());
    ensure!(
        !check || new == old,
        "the table in {document} is out of date: run `make conformance` and commit it"
    );
    fs::write(document, new).with_context(|| format!("cannot write {document}"))
}
