//! The rules one by one: what may be served and stored after which event.

mod absences;
mod bounds;
mod extensions;
mod fencing;
mod removals;
mod staleness;
mod ttl;

use std::cell::Cell;
use std::time::Duration;

use super::*;
use crate::catalog::Catalog;
use crate::hash::Seed;
use crate::options::{Eviction, Options};
use crate::time::Moment;
use crate::value::ValueType;

const SECOND: Duration = Duration::from_secs(1);

/// An absent key, whose absence is not cached.
const NOTHING: BackendReply<'_> = BackendReply::Absent {
    remember: Duration::ZERO,
};

/// A shard with a seed and a clock that moves only on demand.
struct Fixture {
    catalog: Catalog,
    shard: Shard,
    seed: Seed,
    nanos: Cell<u64>,
}

impl Fixture {
    fn new() -> Self {
        Self::with_budget(u64::MAX)
    }

    fn with_budget(max_bytes: u64) -> Self {
        Self {
            catalog: Catalog::new(),
            shard: Shard::new(0, max_bytes),
            seed: Seed::new(1),
            nanos: Cell::new(1),
        }
    }

    fn open(&mut self, name: &str, local_max: u32, eviction: Eviction) -> Opened {
        let options = Options {
            local_max,
            eviction,
            ..Options::default()
        };
        self.open_with(name, &options)
    }

    fn open_with(&mut self, name: &str, options: &Options) -> Opened {
        let id = self.catalog.open(name, options).expect("a valid opening");
        self.shard.open(id, name, Bounds::from(options));
        Opened {
            id,
            name: name.to_owned(),
        }
    }

    fn hash(&self, cache: &Opened, key: &str) -> u64 {
        self.seed.hash(&cache.name, key)
    }

    fn advance(&self, by: Duration) {
        let nanos = u64::try_from(by.as_nanos()).expect("a short time");
        self.nanos.set(self.nanos.get() + nanos);
    }

    /// Reads a key, with a hit's value as text.
    fn read(&mut self, cache: &Opened, key: &str, ttl_on_read: Option<Duration>) -> Outcome {
        let (hash, nanos) = (self.hash(cache, key), self.nanos.get());
        let clock = || Moment::from_nanos(nanos);
        match self.shard.read(cache.id, hash, key, ttl_on_read, &clock) {
            Read::Hit(wire) => Outcome::Hit(String::from_utf8_lossy(wire).into_owned()),
            Read::ExtendTtl(ticket) => Outcome::ExtendTtl(ticket),
            Read::Absent => Outcome::Absent,
            Read::Miss(ticket) => Outcome::Miss(ticket),
        }
    }

    fn get(&mut self, cache: &Opened, key: &str) -> Option<String> {
        match self.read(cache, key, None) {
            Outcome::Hit(value) => Some(value),
            _ => None,
        }
    }

    fn ask(&mut self, cache: &Opened, key: &str) -> Ticket {
        match self.read(cache, key, None) {
            Outcome::Miss(ticket) => ticket,
            other => panic!("{key} should have been a miss, not {other:?}"),
        }
    }

    fn settle(
        &mut self,
        cache: &Opened,
        key: &str,
        ticket: Ticket,
        value: &str,
        ttl: Option<Duration>,
    ) -> FillOutcome {
        let reply = BackendReply::Entry {
            value: value.as_bytes(),
            ttl,
        };
        let hash = self.hash(cache, key);
        self.shard.settle(cache.id, hash, key, ticket, reply)
    }

    fn fill(&mut self, cache: &Opened, key: &str, value: &str) {
        let ticket = self.ask(cache, key);
        assert_eq!(
            self.settle(cache, key, ticket, value, None),
            FillOutcome::Stored
        );
    }

    fn begin(&mut self, cache: &Opened, key: &str) -> Ticket {
        let (hash, nanos) = (self.hash(cache, key), self.nanos.get());
        self.shard
            .begin_write(cache.id, hash, key, &|| Moment::from_nanos(nanos))
    }

    fn end(&mut self, cache: &Opened, key: &str, ticket: Ticket, written: Option<&str>) {
        let hash = self.hash(cache, key);
        let written = written.map(|value| (value.as_bytes(), None));
        self.shard.end_write(cache.id, hash, key, ticket, written);
    }

    /// Begins a read that extends the TTL of one key.
    fn begin_extension(&mut self, cache: &Opened, key: &str) -> Ticket {
        let (hash, nanos) = (self.hash(cache, key), self.nanos.get());
        let clock = || Moment::from_nanos(nanos);
        let begun = self
            .shard
            .begin_extensions(cache.id, &[(hash, key)], &clock);
        begun[0]
    }

    /// Ends it and returns the ticket to settle its reply with.
    fn end_extension(&mut self, cache: &Opened, key: &str, ticket: Ticket) -> Ticket {
        let keys = [(self.hash(cache, key), key)];
        self.shard.end_extensions(cache.id, &keys, &[ticket])[0]
    }

    fn set(&mut self, cache: &Opened, key: &str, value: &str) {
        let ticket = self.begin(cache, key);
        self.end(cache, key, ticket, Some(value));
    }

    fn invalidate(&mut self, full_key: &str) {
        let hash = self.seed.hash_bytes(full_key.as_bytes());
        self.shard.invalidate(hash, full_key);
    }

    fn keys(&mut self, cache: &Opened) -> String {
        self.shard.validate();
        let nanos = self.nanos.get();
        self.shard
            .local_keys(cache.id, &|| Moment::from_nanos(nanos))
            .concat()
    }
}

struct Opened {
    id: CacheId,
    name: String,
}

#[derive(Debug)]
enum Outcome {
    Hit(String),
    ExtendTtl(Ticket),
    Absent,
    Miss(Ticket),
}
