//! The rows as bars, a panel for each capacity.

use flipcache_bench_page::{Group, Panel, Plot, PlotError, grouped, groups};

use crate::capacity::Capacity;
use crate::policy::Policy;
use crate::table::Row;

/// Draws the rows.
///
/// # Errors
///
/// If there are none.
pub fn plot(rows: &[Row]) -> Result<Plot, PlotError> {
    let mut panels: Vec<(Capacity, Panel)> = Vec::new();
    for row in rows {
        let at = panels.iter().position(|(of, _)| *of == row.capacity);
        let at = at.unwrap_or_else(|| {
            panels.push((row.capacity, panel(row.capacity)));
            panels.len() - 1
        });
        panels[at].1.groups.push(Group {
            name: vec![row.trace.clone(), entries(row.entries)],
            figures: row.percentages.map(Some).to_vec(),
        });
    }
    let panels: Vec<_> = panels.into_iter().map(|(_, panel)| panel).collect();
    let names = Policy::ALL.map(|policy| policy.to_string());
    groups("Hit ratio", "percent of requests", &names, &panels)
}

fn panel(capacity: Capacity) -> Panel {
    let name = match capacity {
        Capacity::Percent(percent) => format!("Room for {percent}% of the keys"),
        Capacity::Entries(count) => format!("Room for {}", entries(count)),
    };
    let groups = Vec::new();
    Panel { name, groups }
}

fn entries(count: u32) -> String {
    match count {
        1 => "1 entry".to_owned(),
        _ => format!("{} entries", grouped(count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::rows;
    use crate::trace::Trace;

    #[test]
    fn plot_has_a_panel_for_each_capacity_and_a_bar_for_each_figure() {
        let traces = [
            Trace::new("even", (0..2_000).map(|i| 2 * i % 2_400).collect()),
            Trace::new("web", vec![1, 1, 2, 1]),
        ];
        let capacities = [Capacity::Percent(100.0), Capacity::Entries(1)];
        let rows = rows(&traces, &capacities);
        let Plot { svg, words } = plot(&rows).expect("there are four rows");
        for text in [
            "Room for 100% of the keys",
            "Room for 1 entry",
            "1,200 entries",
            "2 entries",
        ] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        for policy in Policy::ALL {
            assert!(svg.contains(&policy.to_string()), "{policy}: {svg}");
        }
        let (bars, marks) = (rows.len() * Policy::ALL.len(), Policy::ALL.len());
        assert_eq!(svg.matches("<rect").count(), bars + marks, "{svg}");
        let web = "web, 2 entries: FIFO 50, LRU 50, S3-FIFO 50, moka 50,";
        assert!(words.contains(web), "{words}");
        assert_eq!(words.matches("even").count(), 2, "{words}");
    }

    #[test]
    fn plot_of_no_rows_is_refused() {
        assert!(matches!(plot(&[]), Err(PlotError::NoFigure)));
    }
}
