//! What an entry takes: what the process's resident memory grows by, divided by their number.

use std::collections::HashMap;
use std::fs;
use std::hint::black_box;
use std::sync::Arc;

use flipcache::{Client, Shards};

use crate::figures::Figures;
use crate::measure::{is_quick, is_wanted};
use null_backend::NullBackend;

#[path = "../../src/cli/bench/null_backend.rs"]
mod null_backend;

/// As the original was measured: keys and values of 10 characters.
const ENTRIES: u32 = 100_000;

/// Nothing is given back before all are measured: what was freed would be used again, and not be
/// counted.
pub(crate) fn measure(figures: &mut Figures) {
    if !is_wanted("memory") {
        return;
    }
    let entries = if is_quick() { ENTRIES / 10 } else { ENTRIES };
    let texts = || (0..entries).map(|i| format!("{i:010}"));
    let mut growth = |case: &str, fill: &mut dyn FnMut()| {
        let before = resident_bytes();
        fill();
        if let Some((before, after)) = before.zip(resident_bytes()) {
            figures.take(case, (after - before) / f64::from(entries));
        }
    };

    let mut caches = Vec::new();
    for (case, shards) in [
        ("memory/flipcache", Shards::default()),
        (
            "memory/flipcache-in-process",
            Shards::default().in_process(),
        ),
    ] {
        let client = Client::builder(Arc::new(NullBackend))
            .shards(shards)
            .build();
        let client = client.expect("the client must be made");
        // More than there are, as shards do not get equal shares.
        let cache = client.cache("bench").local_max(2 * entries).open();
        let cache = cache.expect("the options are valid");
        growth(case, &mut || {
            for text in texts() {
                let written = pollster::block_on(cache.set(&text, &text));
                written.expect("all is taken");
            }
        });
        assert_eq!(cache.local().len(), u64::from(entries), "all must be held");
        caches.push(cache);
    }

    let mut map = HashMap::new();
    growth("memory/hash-map", &mut || {
        map.extend(texts().map(|text| (text.clone(), text)));
    });

    let moka = moka::future::Cache::<String, String>::new(2 * u64::from(entries));
    growth("memory/moka", &mut || {
        pollster::block_on(async {
            for text in texts() {
                moka.insert(text.clone(), text).await;
            }
            moka.run_pending_tasks().await;
        });
    });
    black_box((caches, map, moka));
}

/// Memory of this process that is in use and no file's, as Linux counts it page by page:
/// <https://docs.kernel.org/filesystems/proc.html>.
fn resident_bytes() -> Option<f64> {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").ok()?;
    let mut lines = rollup.lines();
    let line = lines.find_map(|line| line.strip_prefix("Anonymous:"))?;
    let kilobytes: u32 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(f64::from(kilobytes) * 1024.0)
}
