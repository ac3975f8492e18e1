//! The report as a table.

use super::footprint::ENTRIES;
use super::report::{Report, Row};
use super::units::{count, time, times};

/// The space between columns.
const GAP: &str = "   ";

/// Returns a line with the settings, a table of the figures, and notes.
pub(super) fn text(report: &Report) -> String {
    let (keys, rounds) = (count(report.keys), count(report.rounds));
    let backend = if report.is_temporary {
        format!("{} (temporary)", report.backend)
    } else {
        report.backend.clone()
    };
    let mut text = format!("{keys} keys, {rounds} rounds on {backend}\nTime per operation:\n\n");
    text += &table(report);
    text += "\n";
    for note in notes(report) {
        text += &note;
        text += "\n";
    }
    text
}

fn table(report: &Report) -> String {
    let faster = format!("vs {}", report.baseline);
    let head = ["operation", "median", "mean", "deviation", &faster].map(str::to_owned);
    let rows = report.rows.iter().map(|row| cells(report, row));
    let lines: Vec<[String; 5]> = [head].into_iter().chain(rows).collect();
    let length = |cell: &String| cell.chars().count();
    let width = |column: usize| lines.iter().map(|line| length(&line[column])).max();
    let widths = [0, 1, 2, 3, 4].map(|column| width(column).unwrap_or_default());
    let mut table = String::new();
    for line in &lines {
        table += &format!("{:<width$}", line[0], width = widths[0]);
        for (cell, width) in line.iter().zip(widths).skip(1) {
            table += &format!("{GAP}{cell:>width$}");
        }
        table += "\n";
    }
    table
}

fn cells(report: &Report, row: &Row) -> [String; 5] {
    let figures = row.figures;
    [
        row.name.clone(),
        time(figures.median),
        time(figures.mean),
        format!("± {}", time(figures.deviation)),
        report.ratio(row).map_or_else(|| "-".to_owned(), times),
    ]
}

fn notes(report: &Report) -> Vec<String> {
    let mut notes = vec![match report.bytes_per_entry {
        Some(bytes) => format!(
            "Local tier: {bytes:.0} bytes per entry, by resident memory, over {} entries with keys and values of 10 characters",
            count(ENTRIES)
        ),
        None => {
            "Local tier: bytes per entry were not measured, as this system does not report them"
                .to_owned()
        }
    }];
    notes.extend(
        report
            .python
            .as_ref()
            .map(|python| format!("Python: {python}")),
    );
    if !Report::IS_OPTIMIZED {
        notes.push(
            "This program was built without optimization: measure with a release build".to_owned(),
        );
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::example;
    use super::*;

    #[test]
    fn table_lines_end_in_one_column() {
        let table = table(&example());
        let expected = "\
operation        median      mean   deviation   vs redis_get
redis_get       40.0 µs   44.0 µs   ± 4.00 µs          1.00×
flipcache_get    160 ns    176 ns   ± 16.0 ns           250×
";
        assert_eq!(table, expected, "align names left and figures right");
    }

    #[test]
    fn text_on_a_temporary_backend_says_so() {
        let mut report = example();
        assert!(!text(&report).contains("temporary"));
        report.is_temporary = true;
        assert!(
            text(&report).contains("temporary"),
            "say which backend it is"
        );
    }

    #[test]
    fn text_without_memory_says_so() {
        let mut report = example();
        assert!(text(&report).contains("123 bytes per entry"));
        report.bytes_per_entry = None;
        assert!(
            text(&report).contains("not measured"),
            "say that a figure is left out"
        );
    }
}
