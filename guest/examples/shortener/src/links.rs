//! The entries of the cache: the links, and how many there are.

use std::time::Duration;

use flipcache_guest::{Cache, Error, Found, Integer, Stats};

use crate::code::code;

/// The TTL of a link after its last use.
const LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Maximum number of taken codes to skip: codes of links from before the number was lost.
const CODES_TRIED: u32 = 100;

/// The two caches. Opening them costs no round trip, so every request does.
pub(crate) struct Links {
    /// URLs by code.
    urls: Cache,
    numbers: Cache<Integer>,
}

impl Links {
    pub(crate) fn open() -> Result<Self, Error> {
        let urls = Cache::builder("shortener:url")
            .local_max(10_000)
            .ttl(LIFE)
            .refresh_ttl_on_get(true)
            .open()?;
        // Numbers are never read from the local tier.
        let numbers = Cache::builder("shortener:number").integers().local_max(0);
        Ok(Self {
            urls,
            numbers: numbers.open()?,
        })
    }

    /// Adds a URL under a new code; `None` if too many codes were taken. No link is overwritten.
    pub(crate) fn add(&self, url: &str) -> Result<Option<String>, Error> {
        for _ in 0..CODES_TRIED {
            let number = self.numbers.increment("last", 1)?;
            let code = code(number.unsigned_abs());
            if self.urls.set_if_absent(&code, url)? {
                return Ok(Some(code));
            }
        }
        Ok(None)
    }

    /// Returns the URL of a code, and the tier that had it.
    pub(crate) fn find(&self, code: &str) -> Result<Found<String>, Error> {
        self.urls.get_detailed(code)
    }

    /// Returns the counters of the cache of URLs.
    pub(crate) fn stats(&self) -> Stats {
        self.urls.stats()
    }
}
