//! Prints hit ratios as a table in Markdown.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use flipcache_bench_page::Page;
use flipcache_hit_ratio::capacity::Capacity;
use flipcache_hit_ratio::trace::Trace;
use flipcache_hit_ratio::{plot, table};

/// How many points S3-FIFO may be under LRU.
const TOLERANCE: f64 = 0.5;

/// Replays access traces through the core and through other caches, and prints how many percent of
/// the requests are hits.
#[derive(Parser)]
struct Options {
    /// The folder of the traces: files *.u32.zst, little-endian key numbers of 32 bits, compressed
    /// with zstd.
    traces: PathBuf,
    /// How many entries a cache holds: a number, or a share of a trace's keys, as 10%. May be given
    /// repeatedly.
    #[arg(long, default_values = ["10%", "1%"])]
    capacity: Vec<Capacity>,
    /// Fails if S3-FIFO has fewer hits than LRU, by more than half a point.
    #[arg(long)]
    check: bool,
    /// Also writes them into this page of the guide, and a plot beside it.
    #[arg(long)]
    page: Option<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    let traces = Trace::read_all(&options.traces)?;
    let rows = table::rows(&traces, &options.capacity);
    let table = table::markdown(&rows);
    print!("{table}");
    if let Some(page) = options.page {
        let page = Page::new(page);
        let shown = page.add("hit-ratio", &plot::plot(&rows)?)?;
        page.replace("hit ratios", &format!("{shown}\n{table}"))?;
    }
    let under = table::under_lru(&rows, TOLERANCE);
    for row in &under {
        eprintln!(
            "{} with {} entries: S3-FIFO is {:.2} points under LRU",
            row.trace,
            row.entries,
            -row.points_over_lru()
        );
    }
    Ok(match options.check && !under.is_empty() {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}
