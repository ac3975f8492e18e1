//! Figures over powers of two, a line for each series.

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use crate::plot::{Plot, PlotError, told, top};
use crate::style::{
    GREY, OTHER, OWN, WIDTH, grouped, label, label_at_right, label_below, tick, title,
};

const HEIGHT: u32 = 400;
/// For the names of series, at the right.
const NAMES_WIDTH: u32 = 210;
/// From one name to the next, at least.
const NAME_HEIGHT: i32 = 20;

type Area<'b> = DrawingArea<SVGBackend<'b>, Shift>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// What was measured at the same places as the others.
#[derive(Clone, Debug)]
pub struct Series<'n> {
    /// What was measured.
    pub name: &'n str,
    /// One for each place; `None`: it was not measured.
    pub figures: Vec<Option<f64>>,
    /// Whether it is highlighted by its colour.
    pub is_own: bool,
}

/// The lines over `places`, which are powers of two in ascending order. `across` says what these
/// are, and
/// `scale` what the height means.
///
/// # Errors
///
/// [`PlotError`] if no series has a figure, or one has a figure without a place on an axis.
pub fn lines(
    caption: &str,
    [across, scale]: [&str; 2],
    places: &[u32],
    series: &[Series<'_>],
) -> Result<Plot, PlotError> {
    let figures = series.iter().flat_map(|series| series.figures.iter());
    let top = top(figures.copied())?;
    let last = places.last().copied().map_or(1.0, position);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
        let mut chart = ChartBuilder::on(&area)
            .caption(caption, title())
            .margin(10)
            .margin_right(NAMES_WIDTH)
            .set_label_area_size(LabelAreaPosition::Left, 70)
            .set_label_area_size(LabelAreaPosition::Bottom, 50)
            .build_cartesian_2d(0.0..last, 0.0..top)?;
        draw_axes(&mut chart, across, scale)?;
        draw_places(&area, &mut chart, places, top)?;
        for (series, colour) in series.iter().zip(colours(series)) {
            draw_line(&mut chart, &points(places, series), colour)?;
        }
        draw_names(&area, &chart, places, series)?;
        area.present()?;
    }
    let words = words(caption, [across, scale], places, series);
    Ok(Plot { svg, words })
}

fn draw_axes(chart: &mut Chart<'_, '_>, across: &str, scale: &str) -> Result<(), PlotError> {
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(0)
        .light_line_style(TRANSPARENT)
        .bold_line_style(GREY.mix(0.35))
        .axis_style(GREY)
        .label_style(label())
        .x_desc(across)
        .y_desc(scale)
        .y_label_formatter(&tick)
        .draw()?;
    Ok(())
}

/// The axis itself knows no powers of two.
fn draw_places(
    area: &Area<'_>,
    chart: &mut Chart<'_, '_>,
    places: &[u32],
    top: f64,
) -> Result<(), PlotError> {
    for place in places {
        let at = position(*place);
        let line = PathElement::new([(at, 0.0), (at, top)], GREY.mix(0.35));
        chart.draw_series([line])?;
        let (x, y) = chart.backend_coord(&(at, 0.0));
        area.draw(&Text::new(grouped(*place), (x, y + 6), label_below()))?;
    }
    Ok(())
}

fn draw_line(
    chart: &mut Chart<'_, '_>,
    points: &[(f64, f64)],
    colour: RGBColor,
) -> Result<(), PlotError> {
    chart.draw_series([PathElement::new(points, colour.stroke_width(2))])?;
    let point = |at: &(f64, f64)| Circle::new(*at, 4, colour.filled());
    chart.draw_series(points.iter().map(point))?;
    Ok(())
}

/// To the right of the last points, none over another.
fn draw_names(
    area: &Area<'_>,
    chart: &Chart<'_, '_>,
    places: &[u32],
    series: &[Series<'_>],
) -> Result<(), PlotError> {
    let (right, _) = chart.backend_coord(&(places.last().copied().map_or(1.0, position), 0.0));
    let end = |series| points(places, series).last().copied();
    let end = |series| chart.backend_coord(&end(series).unwrap_or_default()).1;
    let mut ends: Vec<_> = series.iter().map(end).enumerate().collect();
    // From below, where there is no more room.
    ends.sort_by_key(|(_, y)| -y);
    let (colours, mut highest) = (colours(series), i32::MAX);
    for (at, y) in ends {
        highest = y.min(highest.saturating_sub(NAME_HEIGHT));
        let style = label_at_right().color(&colours[at]);
        area.draw(&Text::new(name(&series[at]), (right + 12, highest), style))?;
    }
    Ok(())
}

/// Two series of each kind are distinguishable.
fn colours(series: &[Series<'_>]) -> Vec<RGBColor> {
    let (mut own, mut other) = (OWN.into_iter().cycle(), OTHER.into_iter().cycle());
    let colour = |series: &Series<'_>| match series.is_own {
        true => own.next(),
        false => other.next(),
    };
    series.iter().filter_map(colour).collect()
}

fn name(series: &Series<'_>) -> String {
    match series.figures.iter().any(Option::is_some) {
        true => series.name.to_owned(),
        false => format!("{}: {}", series.name, told(None, 0)),
    }
}

fn words(
    caption: &str,
    [across, scale]: [&str; 2],
    places: &[u32],
    series: &[Series<'_>],
) -> String {
    let places: Vec<_> = places.iter().copied().map(grouped).collect();
    let series = series.iter().map(|series| {
        let figures = series.figures.iter().map(|figure| told(*figure, 1));
        let figures: Vec<_> = figures.collect();
        format!("{} {}", series.name, figures.join(", "))
    });
    let series: Vec<_> = series.collect();
    let places = places.join(", ");
    let series = series.join("; ");
    format!("{caption}, {scale}, for {places} {across}: {series}.")
}

/// Returns what was measured.
fn points(places: &[u32], series: &Series<'_>) -> Vec<(f64, f64)> {
    let figures = places.iter().copied().map(position).zip(&series.figures);
    let points = figures.filter_map(|(place, figure)| Some((place, (*figure)?)));
    points.collect()
}

fn position(place: u32) -> f64 {
    f64::from(place).log2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(series: &[Series<'_>]) -> Result<Plot, PlotError> {
        let scales = ["misses at once", "thousands a second"];
        lines("Misses", scales, &[1, 64, 1_024], series)
    }

    fn series<'n>(name: &'n str, figures: &[Option<f64>]) -> Series<'n> {
        Series {
            name,
            figures: figures.to_vec(),
            is_own: name == "flipcache",
        }
    }

    #[test]
    fn lines_have_every_name_place_and_point() {
        let own = series("flipcache", &[Some(22.78), Some(285.0), Some(454.0)]);
        let other = series("redis-rs", &[Some(15.5), Some(263.0), Some(450.0)]);
        let plot = drawn(&[own, other]).expect("it must be drawn");
        let texts = [
            "Misses",
            "misses at once",
            "thousands a second",
            "flipcache",
            "redis-rs",
        ];
        for text in texts.into_iter().chain(["\n1\n", "\n64\n", "\n1,024\n"]) {
            assert!(plot.svg.contains(text), "{text:?}: {}", plot.svg);
        }
        assert_eq!(plot.svg.matches("<circle").count(), 6, "{}", plot.svg);
        let words = "Misses, thousands a second, for 1, 64, 1,024 misses at once: \
                     flipcache 22.8, 285.0, 454.0; redis-rs 15.5, 263.0, 450.0.";
        assert_eq!(plot.words, words);
    }

    #[test]
    fn names_of_lines_that_end_together_do_not_meet() {
        let names = ["one", "two", "three", "four"];
        let all = names.map(|name| series(name, &[Some(1.0), Some(2.0), Some(0.0)]));
        let plot = drawn(&all).expect("it must be drawn");
        let height = |name: &str| -> i32 {
            let (before, _) = plot
                .svg
                .split_once(&format!("\n{name}\n"))
                .expect("it is named");
            let (_, y) = before.rsplit_once(" y=\"").expect("it has a place");
            y.split('"')
                .next()
                .and_then(|y| y.parse().ok())
                .expect("it is a number")
        };
        let mut heights = names.map(height);
        heights.sort_unstable();
        let gaps = heights.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(gaps.min() >= Some(NAME_HEIGHT), "{heights:?}");
        assert!(heights[0] > 0, "{heights:?}");
    }

    #[test]
    fn point_that_was_not_measured_is_left_out_and_told() {
        let own = series("flipcache", &[Some(22.0), None, Some(454.0)]);
        let other = series("redis-rs", &[None, None, None]);
        let plot = drawn(&[own, other]).expect("two points are enough");
        assert_eq!(plot.svg.matches("<circle").count(), 2, "{}", plot.svg);
        assert!(plot.svg.contains("redis-rs: not measured"), "{}", plot.svg);
        let words = "flipcache 22.0, not measured, 454.0;";
        assert!(plot.words.contains(words), "{}", plot.words);
    }

    #[test]
    fn lines_without_a_figure_are_refused() {
        for none in [drawn(&[]), drawn(&[series("flipcache", &[None; 3])])] {
            assert!(matches!(none, Err(PlotError::NoFigure)), "{none:?}");
        }
    }
}
