//! The report as one JSON object.

use serde_json::{Value, json};

use super::report::{Report, Row};

/// Returns one line. Times are nanoseconds per operation; what was not measured is null.
pub(super) fn line(report: &Report) -> String {
    let object = json!({
        "ok": true,
        "backend": report.backend,
        "temporary": report.is_temporary,
        "keys": report.keys,
        "rounds": report.rounds,
        "optimized": Report::IS_OPTIMIZED,
        "bytes_per_entry": report.bytes_per_entry,
        "python": report.python,
        "rows": report.rows.iter().map(|row| object(report, row)).collect::<Vec<_>>(),
    });
    format!("{object}\n")
}

fn object(report: &Report, row: &Row) -> Value {
    json!({
        "name": row.name,
        "median_ns": row.figures.median,
        "mean_ns": row.figures.mean,
        "deviation_ns": row.figures.deviation,
        "times_faster": report.ratio(row),
    })
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::example;
    use super::*;

    #[test]
    fn line_is_one_object_with_every_row() {
        let line = line(&example());
        assert_eq!(line.matches('\n').count(), 1, "write one line: {line}");
        let object: Value = serde_json::from_str(&line).expect("the line must be JSON");
        assert_eq!(object["rows"][1]["name"], "flipcache_get");
        assert_eq!(object["rows"][1]["median_ns"], 160.0);
        assert_eq!(object["rows"][1]["times_faster"], 250.0);
        assert_eq!(object["python"], Value::Null, "not measured is null");
    }
}
