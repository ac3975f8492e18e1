//! The caches of the clients of a process.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use flipcache::backend::{self, BackendOptions, Coherence};
use flipcache::{Cache, Client, Integer, Resilience, Shards};

use super::Options;
use crate::names::{CACHE, COUNTERS};

/// The TTL that reads extend.
const TTL: Duration = Duration::from_millis(400);

/// How long an absence is cached.
const ABSENT: Duration = Duration::from_secs(3);

/// The caches of one client.
#[derive(Clone)]
pub(super) struct Caches {
    pub(super) text: Cache,
    /// The same entries; a read extends their TTL.
    pub(super) extending: Cache,
    /// Its name nests in the other one.
    pub(super) counters: Cache<Integer<i64>>,
}

/// Opens the caches of each client. All clients share one backend.
pub(super) fn open(options: &Options) -> Result<Vec<Caches>> {
    let runtime = flipcache::io::runtime().context("the cache needs threads")?;
    let coherence = if options.untracked {
        Coherence::Off
    } else {
        Coherence::Tracking
    };
    let backend_options = BackendOptions {
        deadline: Duration::from_millis(options.deadline_ms),
        coherence,
        staleness_bound: Duration::from_millis(options.staleness_bound_ms),
        ..BackendOptions::default()
    };
    let url = options.url.parse().context("the URL must be valid")?;
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
        // Without invalidations, a cached absence is as stale as it is old.
        absent_ttl: if options.untracked {
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
        extending: text().ttl(TTL).refresh_ttl_on_get(true).open()?,
        counters: counters.integers().resilience(resilience).open()?,
    })
}
