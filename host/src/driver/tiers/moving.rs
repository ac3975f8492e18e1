//! Moving of caches that are opened again with other bounds, and whose keys have to be in other shards from then on.
//!
//! A cache moves from one shard to all only if its old bounds were small, and the other way only if the new ones are.
//! So few entries move, and all shards can wait meanwhile.

use std::time::Duration;

use flipcache_core::{Bounds, CacheId, KeySeed, Ticket, Write};

use super::Tiers;
use super::place::Place;
use crate::shard::Shard;

/// A live entry on its way.
struct Entry {
    hash: u64,
    key: String,
    value: Vec<u8>,
    /// The TTL that was left at `asked`, or later.
    ttl: Option<Duration>,
    asked: flipcache_core::Moment,
}

impl Tiers {
    /// Moves the entries of a cache to where `place` has their keys when it is spread, or when it is not. Each shard
    /// holds as much as `whole` meanwhile.
    ///
    /// No step of any shard comes in between, and no change is told: nothing that is kept afterwards is older than
    /// what was kept before. Tickets from before are void.
    pub(super) fn move_cache(
        &self,
        (cache, name): (CacheId, &str),
        place: &Place,
        is_spread: bool,
        whole: Bounds,
    ) {
        let frozen = self.names.freeze();
        let mut shards: Vec<_> = (0..self.shards.len())
            .map(|index| self.lock(index))
            .collect();
        place.move_to(is_spread);
        let seed = self.seed.of_cache(name);
        let mut moving = Vec::new();
        for shard in &mut shards {
            shard.open(cache, name, whole);
            take_entries(&mut **shard, cache, &seed, &mut moving);
            shard.clear_local(cache);
        }
        for entry in moving {
            put_entry(&mut *shards[place.shard(entry.hash)], cache, &entry);
        }
        drop(shards);
        drop(frozen);
    }
}

/// Copies the live entries of a cache, the next to leave first.
fn take_entries(shard: &mut dyn Shard, cache: CacheId, seed: &KeySeed, taken: &mut Vec<Entry>) {
    for key in shard.local_keys(cache) {
        let hash = seed.hash(&key);
        // Before what is left of its life is asked for, so that it does not become longer.
        let asked = shard.ticket(cache, hash, &key).asked;
        let Some(ttl) = shard.remaining(cache, hash, &key) else {
            continue;
        };
        let value = shard.peek(cache, hash, &key).map(<[u8]>::to_vec);
        taken.extend(value.map(|value| Entry {
            hash,
            key,
            value,
            ttl,
            asked,
        }));
    }
}

fn put_entry(shard: &mut dyn Shard, cache: CacheId, entry: &Entry) {
    let (hash, key) = (entry.hash, entry.key.as_str());
    let begun = shard.begin_writes(cache, &[(hash, key)]);
    let writes = begun.into_iter().map(|ticket| Write {
        hash,
        key,
        ticket: Ticket {
            asked: entry.asked,
            ..ticket
        },
        written: Some((entry.value.as_slice(), entry.ttl)),
    });
    shard.end_writes(cache, &writes.collect::<Vec<_>>());
}
