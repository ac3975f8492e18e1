//! A figure for each name, as a bar from the left.

use plotters::coord::ranged1d::{SegmentValue, SegmentedCoord};
use plotters::coord::types::{RangedCoordf64, RangedCoordusize};
use plotters::prelude::*;

use crate::plot::{Plot, PlotError, told, top};
use crate::style::{GREY, OTHER, OWN, WIDTH, label, label_at_right, tick, title};

const BAR_HEIGHT: usize = 34;
/// Above and below the bars.
const FRAME_HEIGHT: usize = 112;
/// For names at the left, for figures at the right.
const NAMES_WIDTH: u32 = 250;
const FIGURES_WIDTH: u32 = 80;

type Chart<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, SegmentedCoord<RangedCoordusize>>>;

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Bar<'n> {
    /// What was measured.
    pub name: &'n str,
    /// `None`: it was not.
    pub figure: Option<f64>,
    /// Whether it is highlighted by its colour.
    pub is_own: bool,
}

/// The bars from above to below. `scale` says what their lengths mean, and `unit` stands behind
/// each figure.
///
/// # Errors
///
/// [`PlotError`] if no bar has a figure, or one has a figure without a place on an axis.
pub fn bars(caption: &str, scale: &str, unit: &str, bars: &[Bar<'_>]) -> Result<Plot, PlotError> {
    let top = top(bars.iter().map(|bar| bar.figure))?;
    let words = bars.iter().map(|bar| match bar.figure {
        Some(_) => format!("{} {} {unit}", bar.name, told(bar.figure, 1)),
        None => format!("{} {}", bar.name, told(None, 1)),
    });
    let words = words.collect::<Vec<_>>().join("; ");
    // The axis counts from below.
    let bars: Vec<_> = bars.iter().rev().collect();
    let height = u32::try_from(FRAME_HEIGHT + BAR_HEIGHT * bars.len()).unwrap_or(u32::MAX);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        let mut chart = ChartBuilder::on(&area)
            .caption(caption, title())
            .margin(10)
            .margin_right(FIGURES_WIDTH)
            .set_label_area_size(LabelAreaPosition::Left, NAMES_WIDTH)
            .set_label_area_size(LabelAreaPosition::Bottom, 50)
            .build_cartesian_2d(0.0..top, (0..bars.len() - 1).into_segmented())?;
        draw_axes(&mut chart, &bars, scale)?;
        draw_bars(&mut chart, &bars, unit)?;
        area.present()?;
    }
    let words = format!("{caption}: {words}.");
    Ok(Plot { svg, words })
}

fn draw_axes(chart: &mut Chart<'_, '_>, bars: &[&Bar<'_>], scale: &str) -> Result<(), PlotError> {
    let name = |at: &SegmentValue<usize>| match at {
        SegmentValue::CenterOf(at) => bars.get(*at).map(|bar| bar.name.to_owned()),
        SegmentValue::Exact(_) | SegmentValue::Last => None,
    };
    chart
        .configure_mesh()
        .disable_y_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GREY.mix(0.35))
        .axis_style(GREY)
        .label_style(label())
        .x_desc(scale)
        .x_label_formatter(&tick)
        .y_labels(bars.len())
        .y_label_formatter(&|at| name(at).unwrap_or_default())
        .draw()?;
    Ok(())
}

fn draw_bars(chart: &mut Chart<'_, '_>, bars: &[&Bar<'_>], unit: &str) -> Result<(), PlotError> {
    for (at, bar) in bars.iter().enumerate() {
        let end = bar.figure.unwrap_or_default();
        let mut text = told(bar.figure, 1);
        if bar.figure.is_some() {
            let colour = if bar.is_own { OWN[0] } else { OTHER[0] };
            let (from, to) = (SegmentValue::Exact(at), SegmentValue::Exact(at + 1));
            let mut bar = Rectangle::new([(0.0, from), (end, to)], colour.filled());
            bar.set_margin(5, 5, 0, 0);
            chart.draw_series([bar])?;
            text = format!("{text} {unit}");
        }
        let text = Text::new(text, (6, 0), label_at_right());
        let end = EmptyElement::at((end, SegmentValue::CenterOf(at)));
        chart.draw_series([end + text])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(name: &str, figure: Option<f64>) -> Bar<'_> {
        Bar {
            name,
            figure,
            is_own: name == "flipcache",
        }
    }

    fn drawn(figures: &[Bar<'_>]) -> Result<Plot, PlotError> {
        bars(
            "Time for a hit",
            "nanoseconds; shorter is faster",
            "ns",
            figures,
        )
    }

    #[test]
    fn bars_have_every_name_and_figure() {
        let plot = drawn(&[bar("flipcache", Some(65.12)), bar("a <map>", Some(23.0))]);
        let plot = plot.expect("it must be drawn");
        let texts = [
            "Time for a hit",
            "shorter is faster",
            "flipcache",
            "a &lt;map&gt;",
            "65.1 ns",
            "23.0 ns",
        ];
        for text in texts {
            assert!(plot.svg.contains(text), "{text}: {}", plot.svg);
        }
        assert_eq!(plot.svg.matches("<rect").count(), 2, "{}", plot.svg);
        assert!(plot.svg.trim_end().ends_with("</svg>"), "{}", plot.svg);
        assert_eq!(
            plot.words,
            "Time for a hit: flipcache 65.1 ns; a <map> 23.0 ns."
        );
    }

    #[test]
    fn bar_that_was_not_measured_says_so() {
        let plot = drawn(&[bar("flipcache", Some(65.0)), bar("Python", None)]);
        let plot = plot.expect("one is enough");
        assert_eq!(plot.svg.matches("<rect").count(), 1, "{}", plot.svg);
        assert!(plot.svg.contains("not measured"), "{}", plot.svg);
        assert!(
            plot.words.ends_with("Python not measured."),
            "{}",
            plot.words
        );
    }

    #[test]
    fn bars_without_a_figure_are_refused() {
        for none in [drawn(&[]), drawn(&[bar("flipcache", None)])] {
            assert!(matches!(none, Err(PlotError::NoFigure)), "{none:?}");
        }
    }
}
