//! Summaries of samples.

/// The figures of an operation, in nanoseconds per operation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Figures {
    pub(super) median: f64,
    pub(super) mean: f64,
    /// The standard deviation of a sample (divided by n - 1); 0 for a single sample.
    pub(super) deviation: f64,
}

impl Figures {
    /// Summarizes samples in any order. All figures are 0 if there are none. O(n log n).
    pub(super) fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        let Some(median) = median(&samples) else {
            return Self::default();
        };
        let count = samples.len() as f64;
        let mean = samples.iter().sum::<f64>() / count;
        let squares = samples.iter().map(|sample| (sample - mean).powi(2));
        let deviation = match samples.len() {
            1 => 0.0,
            _ => (squares.sum::<f64>() / (count - 1.0)).sqrt(),
        };
        Self {
            median,
            mean,
            deviation,
        }
    }
}

/// Returns the middle sample, or the mean of the middle two.
fn median(sorted: &[f64]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    match sorted.len() % 2 {
        1 => Some(upper),
        _ => Some(f64::midpoint(sorted[sorted.len() / 2 - 1], upper)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_odd_number_takes_the_middle_one_in_any_order() {
        let figures = Figures::of(vec![900.0, 1.0, 5.0]);
        assert_eq!(figures.median, 5.0, "an outlier must not move the median");
        assert_eq!(figures.mean, 302.0, "the mean is of all samples");
    }

    #[test]
    fn of_even_number_takes_the_mean_of_the_middle_two() {
        let figures = Figures::of(vec![4.0, 1.0, 3.0, 2.0]);
        assert_eq!(figures.median, 2.5, "take the mean of the middle two");
    }

    #[test]
    fn of_samples_has_the_deviation_of_a_sample() {
        let figures = Figures::of(vec![2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        let expected = (32.0_f64 / 7.0).sqrt();
        assert!(
            (figures.deviation - expected).abs() < 1e-12,
            "divide by n - 1: {expected}, not {}",
            figures.deviation
        );
    }

    #[test]
    fn of_one_or_no_sample_has_no_deviation() {
        let one = Figures::of(vec![7.0]);
        assert_eq!((one.median, one.mean, one.deviation), (7.0, 7.0, 0.0));
        assert_eq!(
            Figures::of(Vec::new()),
            Figures::default(),
            "do not divide by 0"
        );
    }
}
