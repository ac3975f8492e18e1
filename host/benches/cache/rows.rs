//! Which figure is held against which, and what is to be reached.

use crate::figures::Figures;

/// A comparison.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) ours: Side,
    pub(crate) beside: Option<(&'static str, Side)>,
    pub(crate) ratio: Ratio,
    pub(crate) target: Option<Target>,
}

/// A case, and how many of its iterations make up the figure.
#[derive(Clone, Copy)]
pub(crate) struct Side {
    case: &'static str,
    per: u32,
}

/// What is divided by what.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ratio {
    /// Our time, or memory, by theirs.
    Cost,
    /// Our throughput by theirs.
    Throughput,
}

#[derive(Clone, Copy)]
pub(crate) enum Target {
    AtMost(f64),
    AtLeast(f64),
}

impl Side {
    pub(crate) fn figure(&self, figures: &Figures) -> Option<f64> {
        Some(figures.get(self.case)? / f64::from(self.per))
    }

    pub(crate) fn is_memory(&self) -> bool {
        self.case.starts_with("memory/")
    }
}

impl Row {
    /// `None` where one side was not measured, or there is none.
    pub(crate) fn ratio(&self, figures: &Figures) -> Option<f64> {
        let (_, beside) = &self.beside?;
        let (ours, theirs) = (self.ours.figure(figures)?, beside.figure(figures)?);
        Some(match self.ratio {
            Ratio::Cost => ours / theirs,
            Ratio::Throughput => theirs / ours,
        })
    }
}

impl Target {
    pub(crate) fn is_reached(self, ratio: f64) -> bool {
        match self {
            Self::AtMost(target) => ratio <= target,
            Self::AtLeast(target) => ratio >= target,
        }
    }
}

/// Returns all comparisons, in the order of the table.
#[rustfmt::skip]
pub(crate) fn all() -> Vec<Row> {
    let hit = one("hit/flipcache");
    let cost = |what, ours, name, beside, target| Row {
        what, ours, beside: Some((name, beside)), ratio: Ratio::Cost, target,
    };
    let throughput = |what, ours, name, beside, target| Row {
        what, ours, beside: Some((name, beside)), ratio: Ratio::Throughput, target,
    };
    let alone = |what, ours| Row { what, ours, beside: None, ratio: Ratio::Cost, target: None };
    let (most, least) = (|ratio| Some(Target::AtMost(ratio)), |ratio| Some(Target::AtLeast(ratio)));
    let (one_thread, one_map) = (one("threads/apart/1"), one("threads/hash-map/1"));
    vec![
        cost("hit, Rust API", hit, "Python's FlipCache", one("hit/python"), most(0.75)),
        cost("hit, Rust API", hit, "moka::future", one("hit/moka"), most(0.25)),
        cost("hit, Rust API", hit, "HashMap and a copy", one("hit/hash-map"), most(2.0)),
        cost("hit, Rust API, blocking", one("hit/flipcache-blocking"), "asynchronous", hit, None),
        cost("hit, Rust API, rules in process", one("hit/flipcache-in-process"), "in the component", hit, None),
        cost("get_many of 1, per key", one("get-many/1"), "a single hit", one("get-many/single"), None),
        cost("get_many of 16, per key", per("get-many/16", 16), "a single hit", one("get-many/single"), None),
        cost("get_many of 256, per key", per("get-many/256", 256), "a single hit", one("get-many/single"), None),
        cost("get_many of 256, per key", per("get-many/256", 256), "HashMap and a copy", one("get-many/hash-map"), most(2.0)),
        cost("get_many of 256, per key", per("get-many/256", 256), "HashMap and copies into a vector", per("get-many/hash-map-256", 256), None),
        cost("hit by an application, sync store", one("application/cache-sync"), "its keyvalue", one("application/keyvalue-sync"), most(1.0)),
        cost("hit by an application, async store", one("application/cache-async"), "its keyvalue", one("application/keyvalue-async"), most(1.35)),
        cost("hit in a composed application", one("application/cache-composed"), "its keyvalue", one("application/keyvalue-composed"), most(0.5)),
        cost("a miss", one("miss/flipcache-1"), "redis-rs alone", one("miss/redis-1"), most(1.05)),
        cost("a miss, runtime of one thread", one("miss/flipcache-1-of-one-thread"), "redis-rs alone", one("miss/redis-1-of-one-thread"), None),
        throughput("64 misses at once, each", per("miss/flipcache-64", 64), "redis-rs alone", per("miss/redis-64", 64), None),
        throughput("1,024 misses at once, each", per("miss/flipcache-1024", 1_024), "redis-rs alone", per("miss/redis-1024", 1_024), least(0.9)),
        throughput("2 threads of hits, 2 shards", per("threads/apart/2", 2), "1 thread", one_thread, least(1.9)),
        throughput("4 threads of hits, 2 shards", per("threads/apart/4", 4), "1 thread", one_thread, None),
        throughput("2 threads of hits, mixed keys", per("threads/mixed/2", 2), "1 thread", one("threads/mixed/1"), None),
        throughput("4 threads of hits, mixed keys", per("threads/mixed/4", 4), "1 thread", one("threads/mixed/1"), None),
        throughput("2 threads, a HashMap each", per("threads/hash-map/2", 2), "1 thread", one_map, None),
        throughput("4 threads, a HashMap each", per("threads/hash-map/4", 4), "1 thread", one_map, None),
        alone("instantiate: a client, 1 shard", one("start/client")),
        alone("instantiate: the component", one("start/instance")),
        cost("memory of an entry", one("memory/flipcache"), "HashMap", one("memory/hash-map"), None),
        cost("memory of an entry", one("memory/flipcache"), "moka::future", one("memory/moka"), None),
        cost("memory of an entry, in process", one("memory/flipcache-in-process"), "HashMap", one("memory/hash-map"), None),
    ]
}

fn one(case: &'static str) -> Side {
    per(case, 1)
}

fn per(case: &'static str, per: u32) -> Side {
    Side { case, per }
}
