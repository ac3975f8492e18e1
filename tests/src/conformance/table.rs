//! The table: one line per host and store.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// The files of all reports. A missing file means that a host was not run.
const REPORTS: [&str; 12] = [
    "rust-door-redis",
    "rust-door-sqlite",
    "rust-door-memory",
    "rust-exports-redis",
    "rust-exports-sqlite",
    "rust-exports-memory",
    "wasi-keyvalue",
    "node-redis",
    "node-memory",
    "browser-localstorage",
    "python-redis",
    "python-memory",
];

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Report {
    host: String,
    store: String,
    digest: String,
    passed: Vec<String>,
    left_out: BTreeMap<String, Vec<String>>,
    failed: BTreeMap<String, String>,
}

/// The reports of all hosts, in Markdown.
pub struct Table {
    reports: Vec<Report>,
}

impl Table {
    /// Reads the reports of all hosts.
    ///
    /// # Errors
    ///
    /// If a report is missing or malformed, a case has failed, or hosts have run different
    /// component files or cases.
    pub fn read(folder: &Path) -> Result<Self> {
        let read = |name: &&str| {
            let path = folder.join(name).with_extension("json");
            let report = fs::read(&path).map_err(anyhow::Error::from);
            let report = report.and_then(|report| Ok(serde_json::from_slice(&report)?));
            report
                .with_context(|| format!("no report in {}: run `make conformance`", path.display()))
        };
        let reports = REPORTS.iter().map(read).collect::<Result<_>>()?;
        let table = Self { reports };
        table.check()?;
        Ok(table)
    }

    /// Returns the SHA-256 of the component file that all hosts have run.
    pub fn digest(&self) -> &str {
        &self.first().digest
    }

    fn first(&self) -> &Report {
        self.reports.first().expect("there are reports")
    }

    fn check(&self) -> Result<()> {
        let first = self.first();
        for report in &self.reports {
            let Report { host, store, .. } = report;
            if let Some((case, problem)) = report.failed.first_key_value() {
                bail!("{host} over {store} failed {case}: {problem}");
            }
            ensure!(
                report.digest == first.digest,
                "{host} over {store} ran another component file than {} over {}",
                first.host,
                first.store,
            );
            ensure!(
                report.cases() == first.cases(),
                "{host} over {store} ran other cases than {} over {}",
                first.host,
                first.store,
            );
        }
        Ok(())
    }
}

impl Report {
    fn cases(&self) -> Vec<&str> {
        let cases = self.passed.iter().chain(self.left_out.keys());
        let mut cases: Vec<_> = cases.map(String::as_str).collect();
        cases.sort_unstable();
        cases
    }

    /// Lists the needs that the host lacks, and how many cases need each.
    fn lacks(&self) -> String {
        let mut lacks = BTreeMap::<&str, usize>::new();
        for need in self.left_out.values().flatten() {
            *lacks.entry(need).or_default() += 1;
        }
        let needs = lacks
            .iter()
            .map(|(need, cases)| format!("`{need}` {cases}"));
        needs.collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| host | store | passes | leaves out for lack of |")?;
        writeln!(f, "|---|---|---|---|")?;
        for report in &self.reports {
            let Report {
                host,
                store,
                passed,
                ..
            } = report;
            let all = report.cases().len();
            let passed = passed.len();
            writeln!(
                f,
                "| {host} | {store} | {passed} of {all} | {} |",
                report.lacks()
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(digest: &str, passed: &[&str], left_out: &[(&str, &[&str])]) -> Report {
        let owned = |names: &[&str]| names.iter().map(|&it| it.to_owned()).collect();
        Report {
            host: "H".to_owned(),
            store: "S".to_owned(),
            digest: digest.to_owned(),
            passed: owned(passed),
            left_out: left_out
                .iter()
                .map(|(case, needs)| ((*case).to_owned(), owned(needs)))
                .collect(),
            failed: BTreeMap::new(),
        }
    }

    fn table(reports: Vec<Report>) -> Table {
        Table { reports }
    }

    #[test]
    fn display_counts_left_out_cases_by_need() {
        let left_out: [(&str, &[&str]); 2] =
            [("b", &["clock"]), ("c", &["clock", "external-writes"])];
        let table = table(vec![report("d", &["a"], &left_out)]);
        assert!(table.check().is_ok());
        let line = table.to_string();
        assert!(
            line.ends_with("| H | S | 1 of 3 | `clock` 2, `external-writes` 1 |\n"),
            "{line}"
        );
    }

    #[test]
    fn check_failures_other_files_and_other_cases_are_errors() {
        let good = || report("d", &["a", "b"], &[]);
        let mut failed = good();
        failed.failed.insert("a".to_owned(), "step 1".to_owned());
        for bad in [
            failed,
            report("e", &["a", "b"], &[]),
            report("d", &["a"], &[]),
        ] {
            assert!(table(vec![good(), bad]).check().is_err());
        }
        let other_order = report("d", &["b"], &[("a", &["clock"])]);
        assert!(table(vec![good(), other_order]).check().is_ok());
    }
}
