//! What caches do when things go wrong, or may: stale answers, absences that are remembered, lives
//! that do not end together, and values that are loaded before they end. By the door and by the
//! component's exports.

mod absences;
mod ahead;
mod jitter;
mod stale;

use std::sync::Arc;
use std::time::Duration;

use flipcache::{Cache, CacheBuilder, Client, Found, Resilience, Shards, Source, Text, TextKeys};

use crate::component::world::FakeClock;
use crate::faulty_backend::FaultyBackend;

const SECOND: Duration = Duration::from_secs(1);

/// A client over a store that can be made to fail, both by a clock that moves on demand.
struct World {
    clock: FakeClock,
    faulty: Arc<FaultyBackend>,
    client: Client,
}

impl World {
    fn new() -> Self {
        let clock = FakeClock::default();
        let faulty = FaultyBackend::over(clock.backend());
        let client = Client::builder(faulty.clone()).shards(clock.shards(Shards::default()));
        Self {
            clock,
            faulty,
            client: client.build().expect("there must be memory for its shards"),
        }
    }

    fn cache(&self) -> CacheBuilder<Text, TextKeys> {
        self.client.cache("n")
    }

    fn open(&self, resilience: Resilience) -> Cache {
        let cache = self.cache().ttl(SECOND).resilience(resilience);
        cache.open().expect("the options are valid")
    }
}

async fn read(cache: &Cache, key: &str) -> Found<String> {
    let found = cache.get_detailed(key).await;
    found.unwrap_or_else(|error| panic!("{key} must be answered: {error:?}"))
}

fn found(value: &str, source: Source) -> Found<String> {
    Found {
        value: Some(value.to_owned()),
        source,
    }
}

fn nothing() -> Found<String> {
    Found {
        value: None,
        source: Source::None,
    }
}
