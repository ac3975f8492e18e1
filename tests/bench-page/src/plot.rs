//! What all plots are, and why there is none.

use std::io;

use plotters::drawing::DrawingAreaErrorKind;

/// A picture, and the same in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plot {
    /// A complete file.
    pub svg: String,
    /// One line, for those who do not see it.
    pub words: String,
}

/// Why there is no plot.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// Nothing was measured.
    #[error("there is no figure to draw")]
    NoFigure,
    /// It has no place on an axis from 0.
    #[error("a figure is negative or not finite: {0}")]
    Figure(f64),
    /// The library has failed.
    #[error("the plot cannot be drawn")]
    Drawing(#[from] DrawingAreaErrorKind<io::Error>),
}

/// Returns the largest figure, and some room for what is written above it.
pub(crate) fn top(figures: impl IntoIterator<Item = Option<f64>>) -> Result<f64, PlotError> {
    let mut largest: Option<f64> = None;
    for figure in figures.into_iter().flatten() {
        if !figure.is_finite() || figure < 0.0 {
            return Err(PlotError::Figure(figure));
        }
        largest = Some(largest.map_or(figure, |largest| largest.max(figure)));
    }
    let largest = largest.ok_or(PlotError::NoFigure)?;
    // Where all figures are 0, the axis has a length all the same.
    Ok(if largest > 0.0 { largest * 1.05 } else { 1.0 })
}

/// In words.
pub(crate) fn told(figure: Option<f64>, decimals: usize) -> String {
    figure.map_or_else(
        || "not measured".to_owned(),
        |figure| format!("{figure:.decimals$}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn top_is_over_the_largest_figure() {
        let top = top([Some(2.0), None, Some(100.0)]).expect("there are two");
        assert!(top > 100.0 && top < 110.0, "{top}");
    }

    #[test]
    fn top_of_figures_that_cannot_be_drawn_is_refused() {
        assert!(matches!(top([None]), Err(PlotError::NoFigure)));
        for figure in [-1.0, f64::NAN, f64::INFINITY] {
            let refused = top([Some(1.0), Some(figure)]);
            assert!(matches!(refused, Err(PlotError::Figure(_))), "{figure}");
        }
    }
}
