//! A bar for each name in each group, the groups beside each other in panels.

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use crate::plot::{Plot, PlotError, told, top};
use crate::style::{GREY, WIDTH, colour, label, label_at_right, label_below, tick, title};

const TITLE_HEIGHT: i32 = 44;
const LEGEND_LINE: i32 = 24;
const LEGEND_COLUMNS: usize = 4;
const PANEL_HEIGHT: i32 = 300;
/// Of a group's width, for its bars.
const BARS_WIDTH: f64 = 0.88;

type Area<'b> = DrawingArea<SVGBackend<'b>, Shift>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Groups beside each other.
#[derive(Clone, Debug)]
pub struct Panel {
    /// What they have in common.
    pub name: String,
    /// From left to right.
    pub groups: Vec<Group>,
}

/// Bars beside each other.
#[derive(Clone, Debug)]
pub struct Group {
    /// What they have in common, in lines.
    pub name: Vec<String>,
    /// One for each name; `None`: it was not measured.
    pub figures: Vec<Option<f64>>,
}

/// The panels from above to below, all on the same scale, which `scale` tells. `names` are those of
/// the bars of each group.
///
/// # Errors
///
/// [`PlotError`] if there is no figure, or one without a place on an axis.
pub fn groups(
    caption: &str,
    scale: &str,
    names: &[String],
    panels: &[Panel],
) -> Result<Plot, PlotError> {
    let groups = panels.iter().flat_map(|panel| &panel.groups);
    let top = top(groups.flat_map(|group| group.figures.iter().copied()))?;
    let count = |count| i32::try_from(count).unwrap_or(i32::MAX);
    let legend_height = count(names.len().div_ceil(LEGEND_COLUMNS)) * LEGEND_LINE;
    let head = TITLE_HEIGHT + legend_height;
    let height = head + PANEL_HEIGHT * count(panels.len());
    let mut svg = String::new();
    {
        let size = (WIDTH, height.unsigned_abs());
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let at_left = title().pos(label_at_right().pos);
        area.draw(&Text::new(caption, (20, TITLE_HEIGHT / 2), at_left))?;
        draw_legend(&area, names)?;
        let (_, below) = area.split_vertically(head);
        for (panel, below) in panels.iter().zip(below.split_evenly((panels.len(), 1))) {
            draw_panel(&area, &below, panel, (scale, top))?;
        }
        area.present()?;
    }
    let words = words(&format!("{caption}, {scale}"), names, panels);
    Ok(Plot { svg, words })
}

fn draw_legend(area: &Area<'_>, names: &[String]) -> Result<(), PlotError> {
    let (mut x, mut y) = (20, TITLE_HEIGHT + LEGEND_LINE / 2);
    for (at, name) in names.iter().enumerate() {
        if at > 0 && at % LEGEND_COLUMNS == 0 {
            (x, y) = (20, y + LEGEND_LINE);
        }
        let mark = [(x, y - 6), (x + 12, y + 6)];
        area.draw(&Rectangle::new(mark, colour(at).filled()))?;
        area.draw(&Text::new(name.as_str(), (x + 20, y), label_at_right()))?;
        x += 200;
    }
    Ok(())
}

/// Names of groups have lines, which an axis has not: they are written into the whole area.
fn draw_panel(
    area: &Area<'_>,
    part: &Area<'_>,
    panel: &Panel,
    (scale, top): (&str, f64),
) -> Result<(), PlotError> {
    let groups = || (0_u32..).map(f64::from).zip(&panel.groups);
    let end = groups().last().map_or(1.0, |(left, _)| left + 1.0);
    let mut chart = ChartBuilder::on(part)
        .caption(&panel.name, label())
        .margin(10)
        .set_label_area_size(LabelAreaPosition::Left, 60)
        .set_label_area_size(LabelAreaPosition::Bottom, 44)
        .build_cartesian_2d(0.0..end, 0.0..top)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .disable_x_axis()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GREY.mix(0.35))
        .axis_style(GREY)
        .label_style(label())
        .y_desc(scale)
        .y_label_formatter(&tick)
        .draw()?;
    for (left, group) in groups() {
        draw_bars(&mut chart, left, group)?;
        let (x, mut y) = chart.backend_coord(&(left + 0.5, 0.0));
        for line in &group.name {
            area.draw(&Text::new(line.as_str(), (x, y + 5), label_below()))?;
            y += 17;
        }
    }
    Ok(())
}

fn draw_bars(chart: &mut Chart<'_, '_>, left: f64, group: &Group) -> Result<(), PlotError> {
    let count = u32::try_from(group.figures.len()).unwrap_or(u32::MAX);
    let width = BARS_WIDTH / f64::from(count);
    let mut from = left + (1.0 - BARS_WIDTH) / 2.0;
    for (at, figure) in group.figures.iter().enumerate() {
        let to = from + width;
        if let Some(figure) = figure {
            let corners = [(from, 0.0), (to, *figure)];
            let mut bar = Rectangle::new(corners, colour(at).filled());
            bar.set_margin(0, 0, 1, 1);
            chart.draw_series([bar])?;
        }
        from = to;
    }
    Ok(())
}

fn words(caption: &str, names: &[String], panels: &[Panel]) -> String {
    let mut words = caption.to_owned();
    for panel in panels {
        let groups = panel.groups.iter().map(|group| {
            let figures = names.iter().zip(&group.figures);
            let figures = figures.map(|(name, figure)| format!("{name} {}", told(*figure, 0)));
            let figures: Vec<_> = figures.collect();
            format!("{}: {}", group.name.join(", "), figures.join(", "))
        });
        let groups: Vec<_> = groups.collect();
        words += &format!(". {}: {}", panel.name, groups.join("; "));
    }
    words + "."
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(name: &str, groups: &[(&str, [Option<f64>; 2])]) -> Panel {
        let group = |(name, figures): &(&str, [Option<f64>; 2])| Group {
            name: vec![(*name).to_owned(), "10 entries".to_owned()],
            figures: figures.to_vec(),
        };
        let groups = groups.iter().map(group).collect();
        Panel {
            name: name.to_owned(),
            groups,
        }
    }

    fn drawn(panels: &[Panel]) -> Result<Plot, PlotError> {
        let names = ["FIFO", "LRU"].map(str::to_owned);
        groups("Hit ratio", "percent", &names, panels)
    }

    #[test]
    fn groups_have_every_name_and_a_bar_for_each_figure() {
        let panels = [
            panel(
                "a tenth",
                &[("web", [Some(64.4), Some(68.5)]), ("loop", [Some(0.0); 2])],
            ),
            panel("a hundredth", &[("web", [Some(37.0), Some(39.0)])]),
        ];
        let plot = drawn(&panels).expect("it must be drawn");
        for text in [
            "Hit ratio",
            "percent",
            "FIFO",
            "LRU",
            "a tenth",
            "a hundredth",
            "web",
            "loop",
            "10 entries",
        ] {
            assert!(plot.svg.contains(text), "{text}: {}", plot.svg);
        }
        let marks = 2;
        assert_eq!(plot.svg.matches("<rect").count(), 6 + marks, "{}", plot.svg);
        let words = "Hit ratio, percent. a tenth: web, 10 entries: FIFO 64, LRU 68; loop, 10 entries: FIFO 0, LRU 0. \
                     a hundredth: web, 10 entries: FIFO 37, LRU 39.";
        assert_eq!(plot.words, words);
    }

    #[test]
    fn bar_of_a_group_that_was_not_measured_is_left_out_and_told() {
        let plot = drawn(&[panel("a tenth", &[("web", [None, Some(68.0)])])]);
        let plot = plot.expect("one is enough");
        assert_eq!(plot.svg.matches("<rect").count(), 1 + 2, "{}", plot.svg);
        assert!(
            plot.words.ends_with("FIFO not measured, LRU 68."),
            "{}",
            plot.words
        );
    }

    #[test]
    fn groups_without_a_figure_are_refused() {
        for none in [
            drawn(&[]),
            drawn(&[panel("a tenth", &[("web", [None; 2])])]),
        ] {
            assert!(matches!(none, Err(PlotError::NoFigure)), "{none:?}");
        }
    }
}
