//! The table: to standard output, and with plots into a page of the guide if one is named.

use std::{env, iter};

use flipcache_bench_page::{Page, PageError, Plot};

use crate::figures::Figures;
use crate::rows::{self, Ratio, Row, Side, Target};
use crate::{machine, measure, plots};

/// Names a Markdown file, and the block of it that is replaced.
const VARIABLE: &str = "FLIPCACHE_BENCH_MARKDOWN";
const BLOCK: &str = "figures";

const COLUMNS: [&str; 6] = [
    "what",
    "flipcache",
    "beside it",
    "ratio",
    "target",
    "reached",
];

/// Cells of a row.
type Line = [String; COLUMNS.len()];

/// Tells what was measured in this run.
pub(crate) fn tell(figures: &Figures) {
    let rows = rows::all();
    let lines: Vec<Line> = rows.iter().filter_map(|row| line(row, figures)).collect();
    if lines.is_empty() {
        return;
    }
    let machine = machine::lines(&figures.python);
    println!("\n{}\n{}", machine.join("\n"), text(&lines));
    if measure::is_quick() {
        println!("a quick run: the figures mean nothing");
    }
    if lines.len() < rows.len() {
        let (some, all) = (lines.len(), rows.len());
        println!("only {some} of {all} rows were measured: no page is written");
        return;
    }
    let plots = plots::all(figures).expect("what they show was measured");
    let page = env::var_os(VARIABLE).filter(|_| !measure::is_quick());
    if let Some(file) = page {
        let written = write(&Page::new(file), &machine, &plots, &lines);
        written.expect("the page must be written");
    }
}

fn write(
    page: &Page,
    machine: &[String],
    plots: &[(&str, Plot)],
    lines: &[Line],
) -> Result<(), PageError> {
    let mut shown = String::new();
    for (name, plot) in plots {
        shown += &format!("\n{}", page.add(name, plot)?);
    }
    page.replace(BLOCK, &markdown(machine, &shown, lines))
}

/// `None` if our side was not measured.
fn line(row: &Row, figures: &Figures) -> Option<Line> {
    let ours = told(&row.ours, row.ours.figure(figures)?);
    let beside = row.beside.as_ref().map(|(name, side)| {
        let figure = side.figure(figures);
        let figure = figure.map_or_else(|| "not measured".to_owned(), |it| told(side, it));
        format!("{name}: {figure}")
    });
    let ratio = row.ratio(figures);
    let target = row.target.map(|target| match target {
        Target::AtMost(most) => format!("≤ {most}"),
        Target::AtLeast(least) => format!("≥ {least}"),
    });
    let is_reached = row.target.zip(ratio);
    let is_reached = is_reached.map(|(target, ratio)| target.is_reached(ratio));
    Some([
        row.what.to_owned(),
        ours,
        beside.unwrap_or_default(),
        ratio.map_or_else(String::new, |ratio| match row.ratio {
            Ratio::Cost => format!("{ratio:.2}"),
            Ratio::Throughput => format!("{ratio:.2} × the throughput"),
        }),
        target.unwrap_or_default(),
        is_reached
            .map_or("", |is| if is { "yes" } else { "**no**" })
            .to_owned(),
    ])
}

/// Returns a figure with its unit.
fn told(side: &Side, figure: f64) -> String {
    match figure {
        bytes if side.is_memory() => format!("{bytes:.0} B"),
        nanos if nanos < 1e3 => format!("{nanos:.1} ns"),
        nanos if nanos < 1e6 => format!("{:.1} µs", nanos / 1e3),
        nanos => format!("{:.1} ms", nanos / 1e6),
    }
}

fn text(lines: &[Line]) -> String {
    let lines = || iter::once(COLUMNS.map(str::to_owned)).chain(lines.iter().cloned());
    let width = |column: usize| lines().map(|line| line[column].chars().count()).max();
    let widths: Vec<usize> = (0..COLUMNS.len()).filter_map(width).collect();
    let mut text = String::new();
    for line in lines() {
        let cells = line.iter().zip(&widths);
        let cells: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text += cells.join("  ").replace("**", "").trim_end();
        text.push('\n');
    }
    text
}

fn markdown(machine: &[String], plots: &str, lines: &[Line]) -> String {
    let mut text = machine
        .iter()
        .map(|line| format!("- {line}\n"))
        .collect::<String>();
    text += &format!(
        "{plots}\n| {} |\n|{}\n",
        COLUMNS.join(" | "),
        "---|".repeat(COLUMNS.len())
    );
    for line in lines {
        text += &format!("| {} |\n", line.join(" | "));
    }
    text
}
