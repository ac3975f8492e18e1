//! The outcome as bars on a logarithmic scale, in an SVG.
//!
//! The background is transparent, and every colour stands out from white and from black alike.

use std::error::Error;

use plotters::coord::ranged1d::SegmentValue;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::report::{Report, Row};
use super::units::{count, time};

/// As far from black as from white: 4.5 to 1, what WCAG asks of text.
const GREY: RGBColor = RGBColor(118, 118, 118);
const PLAIN: RGBColor = RGBColor(201, 116, 32);
const CACHE: RGBColor = RGBColor(33, 136, 190);
const PYTHON: RGBColor = RGBColor(150, 110, 200);

const FONT: &str = "sans-serif";
const WIDTH: u32 = 860;
const BAR_HEIGHT: u32 = 34;
/// Above and below the bars.
const FRAME_HEIGHT: u32 = 112;
/// For names at the left, for figures at the right.
const NAMES_WIDTH: u32 = 205;
const FIGURES_WIDTH: u32 = 80;

/// The medians of all rows, in the order of the table.
///
/// # Errors
///
/// If there is nothing to draw.
pub(super) fn svg(report: &Report) -> Result<String, DrawingError> {
    let mut svg = String::new();
    draw(report, &mut svg).map_err(|error| DrawingError(error.to_string()))?;
    Ok(svg)
}

/// Why there is no plot.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct DrawingError(String);

fn draw(report: &Report, svg: &mut String) -> Result<(), Box<dyn Error>> {
    let rows = &report.rows;
    let height = FRAME_HEIGHT + BAR_HEIGHT * u32::try_from(rows.len())?;
    let area = SVGBackend::with_string(svg, (WIDTH, height)).into_drawing_area();
    let (low, high) = decades(rows).ok_or("there is no figure to draw")?;
    let title = format!("Time per operation on {}", report.backend);
    let mut chart = ChartBuilder::on(&area)
        .caption(title, (FONT, 20).into_font().color(&GREY))
        .margin(10)
        .margin_right(FIGURES_WIDTH)
        .set_label_area_size(LabelAreaPosition::Left, NAMES_WIDTH)
        .set_label_area_size(LabelAreaPosition::Bottom, 50)
        .build_cartesian_2d((low..high).log_scale(), (0..rows.len()).into_segmented())?;
    // The first row is the uppermost, and the axis counts from below.
    let row_at = |at: usize| rows.len().checked_sub(at + 1).and_then(|at| rows.get(at));
    let rounds = count(report.rounds);
    chart
        .configure_mesh()
        .disable_y_mesh()
        .max_light_lines(0)
        .bold_line_style(GREY.mix(0.35))
        .axis_style(GREY)
        .label_style((FONT, 16).into_font().color(&GREY))
        .x_desc(format!("median of {rounds} rounds, logarithmic scale: shorter is faster"))
        .x_label_formatter(&|ns| tick(*ns))
        .y_labels(rows.len())
        .y_label_formatter(&|at| match at {
            SegmentValue::CenterOf(at) => row_at(*at).map(|row| row.name.clone()),
            SegmentValue::Exact(_) | SegmentValue::Last => None,
        }.unwrap_or_default())
        .draw()?;
    let figure = (FONT, 16).into_font().color(&GREY);
    let figure = figure.pos(Pos::new(HPos::Left, VPos::Center));
    for (at, row) in (0..rows.len()).filter_map(|at| Some((at, row_at(at)?))) {
        let median = row.figures.median;
        let corners = [(low, SegmentValue::Exact(at)), (median, SegmentValue::Exact(at + 1))];
        let mut bar = Rectangle::new(corners, colour(row).filled());
        bar.set_margin(5, 5, 0, 0);
        chart.draw_series([bar])?;
        let label = Text::new(time(median), (6, 0), figure.clone());
        let end = (median, SegmentValue::CenterOf(at));
        chart.draw_series([EmptyElement::at(end) + label])?;
    }
    area.present()?;
    drop(chart);
    Ok(())
}
