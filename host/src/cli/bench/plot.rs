//! The report as bars on a logarithmic scale, in an SVG.
//!
//! The background is transparent; every colour is visible on white and on black.

use anyhow::{Context, Result};
use plotters::coord::combinators::LogCoord;
use plotters::coord::ranged1d::{SegmentValue, SegmentedCoord};
use plotters::coord::types::RangedCoordusize;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::report::{Report, Row};
use super::units::{count, time};

/// Has the same contrast to black as to white: 4.5 to 1, what WCAG requires for text.
const GREY: RGBColor = RGBColor(118, 118, 118);
const PLAIN: RGBColor = RGBColor(201, 116, 32);
const CACHE: RGBColor = RGBColor(33, 136, 190);
const PYTHON: RGBColor = RGBColor(150, 110, 200);

const FONT: (&str, i32) = ("sans-serif", 16);
const TITLE: (&str, i32) = ("sans-serif", 20);
const WIDTH: u32 = 860;
const BAR_HEIGHT: u32 = 34;
/// Space above and below the bars.
const FRAME_HEIGHT: u32 = 112;
/// Space for names at the left and figures at the right.
const NAMES_WIDTH: u32 = 205;
const FIGURES_WIDTH: u32 = 80;

type Chart<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<LogCoord<f64>, SegmentedCoord<RangedCoordusize>>>;

/// Draws the medians of all rows, in the order of the table.
///
/// # Errors
///
/// If there is no figure to draw.
pub(super) fn svg(report: &Report) -> Result<String> {
    let mut svg = String::new();
    // The axis runs from bottom to top.
    let rows: Vec<&Row> = report.rows.iter().rev().collect();
    let (low, high) = decades(&rows).context("there is no figure to draw")?;
    let last = rows.len().saturating_sub(1);
    let height = FRAME_HEIGHT + BAR_HEIGHT * u32::try_from(rows.len())?;
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        let title = format!("Time per operation on {}", report.store);
        let mut chart = ChartBuilder::on(&area)
            .caption(title, TITLE.into_font().color(&GREY))
            .margin(10)
            .margin_right(FIGURES_WIDTH)
            .set_label_area_size(LabelAreaPosition::Left, NAMES_WIDTH)
            .set_label_area_size(LabelAreaPosition::Bottom, 50)
            .build_cartesian_2d((low..high).log_scale(), (0..last).into_segmented())?;
        draw_axes(&mut chart, &rows, &scale(report))?;
        draw_bars(&mut chart, &rows, low)?;
        area.present()?;
    }
    Ok(svg)
}

fn draw_axes(chart: &mut Chart<'_, '_>, rows: &[&Row], scale: &str) -> Result<()> {
    let name = |at: &SegmentValue<usize>| match at {
        SegmentValue::CenterOf(at) => rows.get(*at).map(|row| row.name.clone()),
        SegmentValue::Exact(_) | SegmentValue::Last => None,
    };
    chart
        .configure_mesh()
        .disable_y_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GREY.mix(0.35))
        .axis_style(GREY)
        .label_style(FONT.into_font().color(&GREY))
        .x_desc(scale)
        .x_label_formatter(&|ns| tick(*ns))
        .y_labels(rows.len())
        .y_label_formatter(&|at| name(at).unwrap_or_default())
        .draw()?;
    Ok(())
}

fn draw_bars(chart: &mut Chart<'_, '_>, rows: &[&Row], low: f64) -> Result<()> {
    let style = FONT.into_font().color(&GREY);
    let style = style.pos(Pos::new(HPos::Left, VPos::Center));
    for (at, row) in rows.iter().enumerate() {
        let median = row.figures.median;
        let from = (low, SegmentValue::Exact(at));
        let to = (median, SegmentValue::Exact(at + 1));
        let mut bar = Rectangle::new([from, to], colour(row).filled());
        bar.set_margin(5, 5, 0, 0);
        chart.draw_series([bar])?;
        let figure = Text::new(time(median), (6, 0), style.clone());
        let end = EmptyElement::at((median, SegmentValue::CenterOf(at)));
        chart.draw_series([end + figure])?;
    }
    Ok(())
}

/// Returns the caption of the axis.
fn scale(report: &Report) -> String {
    let rounds = count(report.rounds);
    let scale = format!("median of {rounds} rounds, logarithmic scale; shorter is faster");
    if Report::IS_OPTIMIZED {
        scale
    } else {
        format!("{scale}; BUILT WITHOUT OPTIMIZATION")
    }
}

/// Returns the powers of ten around all medians, with some length for the shortest bar. Returns
/// `None` if no row has a time.
fn decades(rows: &[&Row]) -> Option<(f64, f64)> {
    let medians = || rows.iter().map(|row| row.figures.median);
    let (low, high) = (medians().reduce(f64::min)?, medians().reduce(f64::max)?);
    if low <= 0.0 {
        return None;
    }
    let low = 10_f64.powf((low / 2.0).log10().floor());
    let high = 10_f64.powf(high.log10().ceil());
    Some((low, high))
}

/// Returns a power of ten as a whole number of its unit.
fn tick(ns: f64) -> String {
    let (value, unit) = match ns {
        ns if ns < 999.5 => (ns, "ns"),
        ns if ns < 999.5e3 => (ns / 1e3, "µs"),
        ns if ns < 999.5e6 => (ns / 1e6, "ms"),
        ns => (ns / 1e9, "s"),
    };
    format!("{} {unit}", (value * 100.0).round() / 100.0)
}

fn colour(row: &Row) -> RGBColor {
    match row.name.split('_').next() {
        Some("python") => PYTHON,
        Some("flipcache") => CACHE,
        _ => PLAIN,
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::example;
    use super::*;

    #[test]
    fn svg_has_every_name_and_figure() {
        let svg = svg(&example()).expect("the example must be drawn");
        for text in ["redis_get", "flipcache_get", "40.0 µs", "160 ns", "1 µs"] {
            assert!(svg.contains(text), "write {text} into the plot: {svg}");
        }
        assert!(svg.trim_end().ends_with("</svg>"), "end the file: {svg}");
    }

    #[test]
    fn svg_without_a_time_is_refused() {
        let mut report = example();
        report.rows[0].figures.median = 0.0;
        assert!(
            svg(&report).is_err(),
            "0 has no place on a logarithmic scale"
        );
        report.rows.clear();
        assert!(svg(&report).is_err(), "do not draw an empty plot");
    }

    #[test]
    fn decades_are_powers_of_ten_around_all() {
        let report = example();
        let rows: Vec<&Row> = report.rows.iter().collect();
        let (low, high) = decades(&rows).expect("the example has times");
        assert!((low - 10.0).abs() < 1e-6, "160 ns needs a bar: {low}");
        assert!((high - 100_000.0).abs() < 1e-6, "40 µs fits in: {high}");
    }

    #[test]
    fn tick_is_in_whole_numbers_of_its_unit() {
        let ticks = [0.1, 10.0, 1e3, 1e5, 1e6, 1e9].map(tick);
        assert_eq!(ticks, ["0.1 ns", "10 ns", "1 µs", "100 µs", "1 ms", "1 s"]);
    }
}
