//! What stands in the cache: the links, and how many there are.

use std::time::Duration;

use flipcache_guest::{Cache, Error, Found, Integer, Stats};

use crate::code::code;

/// How long a link lives after its last use.
const LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How many codes may turn out to be taken: by links that were there before the number was lost.
const CODES_TRIED: u32 = 100;

/// The two caches. Opening them asks nobody, so every request does.
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
        // Nobody reads numbers from the local tier.
        let numbers = Cache::builder("shortener:number").integers().local_max(0);
        Ok(Self {
            urls,
            numbers: numbers.open()?,
        })
    }

    /// A new code for a URL; `None` if too many were taken. No link is overwritten.
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

    /// The URL of a code, and which tier had it.
    pub(crate) fn find(&self, code: &str) -> Result<Found<String>, Error> {
        self.urls.get_detailed(code)
    }

    /// What the cache of URLs has done.
    pub(crate) fn stats(&self) -> Stats {
        self.urls.stats()
    }
}
