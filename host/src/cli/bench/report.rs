//! The results of a run.

use super::statistics::Figures;

/// The results, and the settings that they were measured with.
#[derive(Clone, Debug)]
pub(super) struct Report {
    /// The backend, without a password.
    pub(super) backend: String,
    /// Whether the backend was created for this run, because the user named none.
    pub(super) is_temporary: bool,
    /// The kind of backend, such as `Redis`.
    pub(super) store: &'static str,
    /// The row that ratios refer to.
    pub(super) baseline: String,
    pub(super) keys: u32,
    pub(super) rounds: u32,
    pub(super) rows: Vec<Row>,
    /// Bytes per entry of the local tier; `None` if the system does not report them.
    pub(super) bytes_per_entry: Option<f64>,
    /// The versions that the original ran on, if it was measured.
    pub(super) python: Option<String>,
}

/// An operation and its figures.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) figures: Figures,
}

impl Row {
    pub(super) fn new(name: &str, figures: Figures) -> Self {
        Self {
            name: name.to_owned(),
            figures,
        }
    }
}

impl Report {
    /// Whether this program was built with optimization, without which results are meaningless.
    pub(super) const IS_OPTIMIZED: bool = !cfg!(debug_assertions);

    /// Returns how many times faster than the baseline a row is, by medians.
    pub(super) fn ratio(&self, row: &Row) -> Option<f64> {
        let baseline = self.rows.iter().find(|row| row.name == self.baseline)?;
        (row.figures.median > 0.0).then(|| baseline.figures.median / row.figures.median)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A report with made-up figures.
    pub(in crate::cli::bench) fn example() -> Report {
        let row = |name: &str, median: f64| {
            let (mean, deviation) = (median * 1.1, median / 10.0);
            Row::new(
                name,
                Figures {
                    median,
                    mean,
                    deviation,
                },
            )
        };
        Report {
            backend: "redis://localhost:6379/0".to_owned(),
            is_temporary: false,
            store: "Redis",
            baseline: "redis_get".to_owned(),
            keys: 1_000,
            rounds: 100,
            rows: vec![row("redis_get", 40_000.0), row("flipcache_get", 160.0)],
            bytes_per_entry: Some(123.4),
            python: None,
        }
    }

    #[test]
    fn ratio_is_how_many_times_faster_than_the_baseline() {
        let report = example();
        assert_eq!(report.ratio(&report.rows[0]), Some(1.0));
        assert_eq!(report.ratio(&report.rows[1]), Some(250.0));
    }

    #[test]
    fn ratio_without_a_baseline_or_a_time_is_none() {
        let mut report = example();
        report.rows[1].figures.median = 0.0;
        assert_eq!(report.ratio(&report.rows[1]), None, "do not divide by 0");
        report.baseline = "backend_get".to_owned();
        assert_eq!(report.ratio(&report.rows[0]), None);
    }
}
