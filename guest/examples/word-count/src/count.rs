//! The cached look-up, and the sums of a run.

use std::time::Duration;

use flipcache_guest::{Cache, Error, Eviction, Json, Source};

use crate::nearest::{Nearest, nearest};
use crate::table::{Origin, Table};
use crate::words::words;

/// The TTL of a cached result.
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The result of a run.
pub(crate) struct Counted {
    pub(crate) table: Table,
    /// The number of this run among all, from 1.
    pub(crate) run: i64,
    /// The words of all runs.
    pub(crate) words: i64,
}

/// Looks every word up, and adds to the sums that the cache keeps from run to run.
pub(crate) fn count(text: &str) -> Result<Counted, Error> {
    let known = Cache::builder("word-count:nearest")
        .json::<Nearest>()
        .local_max(1_000)
        .eviction(Eviction::Lru)
        .ttl(WEEK)
        .open()?;
    let mut table = Table::default();
    for word in words(text) {
        let (nearest, origin) = look_up(&known, &word)?;
        table.add(word, nearest, origin);
    }

    let sums = Cache::builder("word-count:sums").integers::<i64>().open()?;
    let words = i64::try_from(table.words()).unwrap_or(i64::MAX);
    Ok(Counted {
        run: sums.increment("runs", 1)?,
        words: sums.increment("words", words)?,
        table,
    })
}

/// Reads the cache, or computes and caches the result. If its origin does not matter,
/// `known.get_or_insert_with(word, || nearest(word))` is enough.
fn look_up(known: &Cache<Json<Nearest>>, word: &str) -> Result<(Nearest, Origin), Error> {
    let found = known.get_detailed(word)?;
    if let Some(answer) = found.value {
        let origin = match found.source {
            Source::Local | Source::Stale => Origin::Local,
            Source::Backend => Origin::Backend,
            // This cache has no default.
            Source::Default | Source::None => Origin::Computed,
        };
        return Ok((answer, origin));
    }
    let computed = nearest(word);
    // A result that cannot be cached is still a result.
    let _ = known.set(word, &computed);
    Ok((computed, Origin::Computed))
}
