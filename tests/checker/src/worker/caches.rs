//! The caches of a process, as many clients as it has.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use flipcache::backend::{self, BackendOptions, Coherence};
use flipcache::{Cache, Client, Integer, Resilience, Shards};

use super::Options;
use crate::names::{CACHE, COUNTERS};

/// The life that reads give to what they read, where they do.
const LIFE: Duration = Duration::from_millis(400);

/// How long an absence is remembered.
const ABSENT: Duration = Duration::from_secs(3);

/// Those of one client.
#[derive(Clone)]
pub(super) struct Caches {
    pub(super) text: Cache,
    /// The same entries; a read gives them their life anew.
    pub(super) prolonging: Cache,
    /// Its names nest in the other's.
    pub(super) counters: Cache<Integer<i64>>,
}

/// Opens those of each client. Clients have one backend.
pub(super) fn open(options: &Options) -> Result<Vec<Caches>> {
    let runtime = flipcache::io::runtime().context("the cache needs threads")?;
    let coherence = match options.untold {
        true => Coherence::Off,
        false => Coherence::Tracking,
    };
    let backend_options = BackendOptions {
        deadline: Duration::from_millis(options.deadline_ms),
        coherence,
        staleness_bound: Duration::from_millis(options.staleness_bound_ms),
        ..BackendOptions::default()
    };
    let url = options.url.parse().context("the URL must be right")?;
    let backend = backend::open(&url, &backend_options, runtime)?;
    let mut shards = Shards::default().count(const { NonZeroUsize::new(2).unwrap() });
    if !options.component {
        shards = shards.in_process();
    }
    let clients = if options.siblings { 2 } else { 1 };
    let caches = (0..clients).map(|_| {
        let client = Client::builder(Arc::clone(&backend)).shards(shards.clone());
        of_client(&client.build()?, options)
    });
    caches.collect()
}

fn of_client(client: &Client, options: &Options) -> Result<Caches> {
    let resilience = Resilience {
        stale_on_error: Duration::from_millis(options.stale_on_error_ms),
        // Where nobody tells of changes, one that is remembered may be as stale as it is old.
        absent_ttl: if options.untold {
            Duration::ZERO
        } else {
            ABSENT
        },
        ..Resilience::default()
    };
    let text = || {
        let cache = client.cache(CACHE).local_max(options.local_max);
        cache.resilience(resilience)
    };
    let counters = client.cache(COUNTERS).local_max(options.local_max);
    Ok(Caches {
        text: text().open()?,
        prolonging: text().ttl(LIFE).refresh_ttl_on_get(true).open()?,
        counters: counters.integers().resilience(resilience).open()?,
    })
}
