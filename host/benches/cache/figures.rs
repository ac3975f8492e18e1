//! What came out of this run, by case: nanoseconds for one iteration, or bytes for one entry.
//!
//! A case that was measured in several rounds has its least figure: the time on an otherwise idle
//! machine. Other processes only add to it, and would distort a median.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use serde_json::Value;

use crate::measure;
use crate::python::Hit;

pub(crate) struct Figures {
    by_case: BTreeMap<String, f64>,
    /// What Python is, or why it was not measured.
    pub(crate) python: String,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            by_case: BTreeMap::new(),
            python: "not asked for".to_owned(),
        }
    }
}

impl Figures {
    /// Takes in the figure of a case, unless an earlier round had a smaller one.
    pub(crate) fn take(&mut self, case: &str, figure: f64) {
        let least = self.by_case.entry(case.to_owned()).or_insert(figure);
        *least = least.min(figure);
    }

    pub(crate) fn python(&mut self, hit: Result<Hit, String>) {
        self.python = match hit {
            Ok(Hit { nanos, versions }) => {
                self.take("hit/python", nanos);
                versions
            }
            Err(why) => why,
        };
    }

    /// Returns the figure of a case, if it was measured in this run.
    pub(crate) fn get(&self, case: &str) -> Option<f64> {
        self.by_case.get(case).copied()
    }

    /// Takes in the medians that criterion has written since then.
    pub(crate) fn read_estimates(&mut self, since: SystemTime) {
        self.read_folder(&measure::folder(), "", since);
    }

    fn read_folder(&mut self, folder: &Path, case: &str, since: SystemTime) {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.path().is_dir()) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == "new" {
                if let Some(median) = median(&entry.path().join("estimates.json"), since) {
                    self.take(case, median);
                }
            } else {
                let separator = if case.is_empty() { "" } else { "/" };
                self.read_folder(&entry.path(), &format!("{case}{separator}{name}"), since);
            }
        }
    }
}

/// `None`: it was not measured since then.
fn median(estimates: &Path, since: SystemTime) -> Option<f64> {
    let written = fs::metadata(estimates).ok()?.modified().ok()?;
    if written < since {
        return None;
    }
    let estimates: Value = serde_json::from_slice(&fs::read(estimates).ok()?).ok()?;
    estimates["median"]["point_estimate"].as_f64()
}
