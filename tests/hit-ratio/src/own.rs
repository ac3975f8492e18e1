//! The core, as drivers use it: a miss asks L2, whose answer is settled.

use flipcache_core::{
    BackendReply, Bounds, Catalog, Eviction, FillOutcome, Moment, Options, Read, Seed, Shard,
};

const NAME: &str = "trace";

/// Returns how many of the requests are hits.
///
/// # Panics
///
/// If the core does not store a value of L2, or does not count a hit that it served.
pub(crate) fn hits(requests: &[u32], local_max: u32, eviction: Eviction) -> u32 {
    let options = Options {
        local_max,
        eviction,
        ..Options::default()
    };
    let clock = || Moment::from_nanos(0);
    let mut shard = Shard::new(0, u64::MAX);
    let cache = Catalog::new().open(NAME, &options);
    let cache = cache.expect("the options are valid");
    shard.open(cache, NAME, Bounds::from(&options));
    let seed = Seed::new(7).of_cache(NAME);
    let mut hits = 0_u32;
    for request in requests {
        let key = request.to_string();
        let hash = seed.hash(&key);
        let Read::Miss(ticket) = shard.read(cache, hash, &key, None, &clock) else {
            hits += 1;
            continue;
        };
        let answer = BackendReply::Entry {
            value: b"v",
            ttl: None,
        };
        let settled = shard.settle(cache, hash, &key, ticket, answer);
        assert_eq!(settled, FillOutcome::Stored, "an answer must be kept");
    }
    let counted = shard.stats(cache).local_hits;
    assert_eq!(counted, u64::from(hits), "hits must be counted");
    hits
}
