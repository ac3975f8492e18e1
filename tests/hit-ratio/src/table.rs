//! What comes out: a row for each trace and capacity, a column for each policy.

use std::fmt::Write as _;

use flipcache_bench_page::grouped;
use flipcache_core::Eviction;

use crate::capacity::Capacity;
use crate::policy::Policy;
use crate::trace::Trace;

/// What every policy makes of one trace with one capacity.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The trace's name.
    pub trace: String,
    /// How many requests it has.
    pub requests: u32,
    /// How many keys.
    pub keys: u32,
    /// How many entries each cache holds, as printed.
    pub capacity: Capacity,
    /// The same for this trace.
    pub entries: u32,
    /// How many percent of the requests are hits, for each of [`Policy::ALL`].
    pub percentages: [f64; Policy::ALL.len()],
}

/// Replays every trace with every capacity.
pub fn rows(traces: &[Trace], capacities: &[Capacity]) -> Vec<Row> {
    let of_trace = |trace| {
        let row = move |capacity: &Capacity| Row::new(trace, *capacity);
        capacities.iter().map(row)
    };
    traces.iter().flat_map(of_trace).collect()
}

/// Those under S3-FIFO with fewer hits than under LRU, by more than so many points.
pub fn under_lru(rows: &[Row], points: f64) -> Vec<&Row> {
    let is_under = |row: &&Row| row.points_over_lru() < -points;
    rows.iter().filter(is_under).collect()
}

/// Returns the rows in Markdown.
pub fn markdown(rows: &[Row]) -> String {
    let mut table = String::from("| trace | requests | keys | entries |");
    for policy in Policy::ALL {
        // Writing to a string does not fail.
        let _ = write!(table, " {policy} |");
    }
    table += "\n|---|---|---|---|";
    table += &"---|".repeat(Policy::ALL.len());
    table.push('\n');
    for row in rows {
        let [requests, keys, entries] = [row.requests, row.keys, row.entries].map(grouped);
        let _ = write!(table, "| {} | {requests} | {keys} | {entries} |", row.trace);
        for percentage in row.percentages {
            let _ = write!(table, " {percentage:.2} |");
        }
        table.push('\n');
    }
    table
}

impl Row {
    fn new(trace: &Trace, capacity: Capacity) -> Self {
        let entries = capacity.entries(trace.keys);
        let requests = trace.count();
        let percentage = |policy: Policy| {
            let hits = policy.hits(&trace.requests, entries);
            100.0 * f64::from(hits) / f64::from(requests)
        };
        Self {
            trace: trace.name.clone(),
            requests,
            keys: trace.keys,
            capacity,
            entries,
            percentages: Policy::ALL.map(percentage),
        }
    }

    /// Returns how many percent of the requests are hits under a policy.
    pub fn percentage(&self, policy: Policy) -> f64 {
        let mut columns = Policy::ALL.iter().zip(self.percentages);
        let column = columns.find(|(column, _)| **column == policy);
        column.map_or(f64::NAN, |(_, percentage)| percentage)
    }

    /// Returns how many points S3-FIFO is over LRU.
    pub fn points_over_lru(&self) -> f64 {
        let of = |eviction| self.percentage(Policy::Own(eviction));
        of(Eviction::S3Fifo) - of(Eviction::Lru)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each key twice, four others in between: too late for a small queue, and soon enough for LRU.
    fn read_twice() -> Trace {
        let fives = (0..200).map(|five| 5 * five..5 * five + 5);
        let requests = fives.flat_map(|five| five.clone().chain(five));
        Trace::new("read-twice", requests.collect())
    }

    #[test]
    fn rows_are_one_for_each_trace_and_capacity() {
        let traces = [Trace::new("a", vec![1, 2, 1, 2]), read_twice()];
        let rows = rows(&traces, &[Capacity::Percent(50.0), Capacity::Entries(10)]);
        let told: Vec<_> = rows.iter().map(|row| (&*row.trace, row.entries)).collect();
        let expected = [("a", 1), ("a", 10), ("read-twice", 500), ("read-twice", 10)];
        assert_eq!(told, expected);
        let lru = rows[1].percentage(Policy::Own(Eviction::Lru));
        assert!((lru - 50.0).abs() < 1e-9, "two of four: {lru}");
    }

    #[test]
    fn under_lru_answers_rows_beyond_the_tolerance() {
        let rows = rows(&[read_twice()], &[Capacity::Entries(10)]);
        let points = -rows[0].points_over_lru();
        assert!(points > 10.0, "S3-FIFO must be far under LRU: {rows:?}");
        assert_eq!(under_lru(&rows, points - 0.1).len(), 1);
        assert!(under_lru(&rows, points + 0.1).is_empty());
    }

    #[test]
    fn markdown_has_a_line_for_each_row() {
        let rows = [Row {
            trace: "loop".to_owned(),
            requests: 1_505_500,
            keys: 1_011,
            capacity: Capacity::Percent(10.0),
            entries: 101,
            percentages: [0.0, 1.0, 8.977, 25.5, 50.0, 75.0, 99.999, 100.0],
        }];
        let table = markdown(&rows);
        let lines: Vec<&str> = table.lines().collect();
        let [names, rule, row] = lines[..] else {
            panic!("three lines: {table}");
        };
        assert!(
            names
                .starts_with("| trace | requests | keys | entries | FIFO | LRU | S3-FIFO | moka |")
        );
        assert_eq!(rule.matches('|').count(), names.matches('|').count());
        let expected = "| loop | 1,505,500 | 1,011 | 101 | 0.00 | 1.00 | 8.98 | 25.50 | 50.00 | 75.00 | 100.00 | 100.00 |";
        assert_eq!(row, expected);
    }
}
