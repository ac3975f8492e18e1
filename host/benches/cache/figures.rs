//! What came out of this run, by case: nanoseconds for one iteration, or bytes for one entry.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use serde_json::Value;

use crate::measure;
use crate::python::Hit;

pub(crate) struct Figures {
    begun: SystemTime,
    by_case: BTreeMap<String, f64>,
    /// What Python is, or why it was not measured.
    pub(crate) python: String,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            begun: SystemTime::now(),
            by_case: BTreeMap::new(),
            python: "not asked for".to_owned(),
        }
    }
}

impl Figures {
    pub(crate) fn set(&mut self, case: &str, figure: f64) {
        self.by_case.insert(case.to_owned(), figure);
    }

    pub(crate) fn python(&mut self, hit: Result<Hit, String>) {
        self.python = match hit {
            Ok(Hit { nanos, versions }) => {
                self.set("hit/python", nanos);
                versions
            }
            Err(why) => why,
        };
    }

    /// The figure of a case, if it was measured in this run.
    pub(crate) fn get(&self, case: &str) -> Option<f64> {
        self.by_case.get(case).copied()
    }

    /// Takes in the medians that criterion has written in this run.
    pub(crate) fn read_estimates(&mut self) {
        self.read_folder(&measure::folder(), "");
    }

    fn read_folder(&mut self, folder: &Path, case: &str) {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.path().is_dir()) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == "new" {
                if let Some(median) = self.median(&entry.path().join("estimates.json")) {
                    self.set(case, median);
                }
            } else {
                let separator = if case.is_empty() { "" } else { "/" };
                self.read_folder(&entry.path(), &format!("{case}{separator}{name}"));
            }
        }
    }

    fn median(&self, estimates: &Path) -> Option<f64> {
        let written = fs::metadata(estimates).ok()?.modified().ok()?;
        if written < self.begun {
            return None;
        }
        let estimates: Value = serde_json::from_slice(&fs::read(estimates).ok()?).ok()?;
        estimates["median"]["point_estimate"].as_f64()
    }
}
