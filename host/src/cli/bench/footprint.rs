//! The memory of an entry of the local tier.

use std::fs;
use std::sync::Arc;

use flipcache::Client;
use tokio::runtime::Handle;

use super::NAME;
use super::null_backend::NullBackend;
use crate::cli::failure::Failure;

/// The number of entries, as in the original's measurement, with keys and values of 10 characters.
pub(super) const ENTRIES: u32 = 100_000;

/// Returns by how much the process's resident memory grows for one entry, overhead included.
/// Returns `None` if the system does not report it.
///
/// Memory that was freed before is reused without being counted, so measure this first.
///
/// # Errors
///
/// The errors of the cache.
pub(super) async fn bytes_per_entry() -> Result<Option<f64>, Failure> {
    let client = Client::builder(Arc::new(NullBackend)).runtime(Handle::current());
    // Twice as many, because keys are not spread evenly over shards.
    let cache = client.build()?.cache(NAME).local_max(2 * ENTRIES).open()?;
    let before = resident_bytes();
    for i in 0..ENTRIES {
        let text = format!("{i:010}");
        cache.set(&text, &text).await?;
    }
    let after = resident_bytes();
    if cache.local().len() != u64::from(ENTRIES) {
        return Ok(None);
    }
    let grown = after.zip(before).map(|(after, before)| after - before);
    Ok(grown.map(|bytes| bytes / f64::from(ENTRIES)))
}

/// Returns the anonymous memory in use of this process, which Linux counts by the page:
/// <https://docs.kernel.org/filesystems/proc.html>.
fn resident_bytes() -> Option<f64> {
    anonymous_bytes(&fs::read_to_string("/proc/self/smaps_rollup").ok()?)
}

fn anonymous_bytes(rollup: &str) -> Option<f64> {
    let line = rollup
        .lines()
        .find_map(|line| line.strip_prefix("Anonymous:"));
    let kilobytes: u32 = line?.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(f64::from(kilobytes) * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anonymous_bytes_are_read_from_their_line() {
        let rollup = "Rss:     2000 kB\nAnonymous:           1500 kB\nAnonHugePages:    0 kB\n";
        assert_eq!(anonymous_bytes(rollup), Some(1_536_000.0));
    }

    #[test]
    fn anonymous_bytes_that_are_missing_are_none() {
        for rollup in ["", "Rss: 1 kB", "Anonymous: some", "Anonymous: -1 kB"] {
            assert_eq!(anonymous_bytes(rollup), None, "make nothing up: {rollup:?}");
        }
    }
}
