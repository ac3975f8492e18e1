//! Under which cause an entry that leaves is counted.

use super::*;
use crate::stats::Removals;

impl Bench {
    fn removals(&mut self, cache: &Opened) -> Removals {
        self.shard.validate();
        self.shard.stats(cache.id).removals
    }
}

/// What one entry `k` of the cache `n`, which has room for two, is counted under after `work`.
fn after(work: impl FnOnce(&mut Bench, &Opened)) -> Removals {
    let mut bench = Bench::new();
    let cache = bench.open("n", 2, Eviction::Fifo);
    let ticket = bench.ask(&cache, "k");
    bench.settle(&cache, "k", ticket, "v", Some(SECOND));
    work(&mut bench, &cache);
    bench.removals(&cache)
}

#[test]
fn drop_for_room_or_at_the_end_of_a_life_is_size_or_expired() {
    let made_room = after(|bench, cache| {
        bench.fill(cache, "a", "v");
        bench.fill(cache, "b", "v");
    });
    let size = Removals {
        size: 1,
        ..Removals::default()
    };
    assert_eq!(made_room, size);
    let expired = after(|bench, cache| {
        bench.advance(SECOND);
        bench.get(cache, "k");
        bench.get(cache, "k");
    });
    assert_eq!((expired.expired, expired.total()), (1, 1), "met once");
}

#[test]
fn drop_by_an_own_write_is_replaced_or_explicit() {
    let set = after(|bench, cache| bench.set(cache, "k", "new"));
    assert_eq!((set.replaced, set.total()), (1, 1));
    let deleted = after(|bench, cache| {
        let ticket = bench.begin(cache, "k");
        assert_eq!(
            bench.removals(cache),
            Removals::default(),
            "its place is held"
        );
        bench.end(cache, "k", ticket, None);
    });
    assert_eq!((deleted.explicit, deleted.total()), (1, 1));
    let cleared = after(|bench, cache| {
        bench.shard.clear_local(cache.id);
        bench.shard.invalidate_bucket("n");
    });
    assert_eq!((cleared.explicit, cleared.total()), (1, 1));
}

#[test]
fn drop_by_others_is_told_and_by_all_is_voided() {
    let told = after(|bench, _| bench.invalidate("n:k"));
    assert_eq!((told.invalidated, told.total()), (1, 1));
    let bucket = after(|bench, _| bench.shard.invalidate_bucket("n"));
    assert_eq!((bucket.invalidated, bucket.total()), (1, 1));
    let voided = after(|bench, _| bench.shard.invalidate_all());
    assert_eq!((voided.flushed, voided.total()), (1, 1));
    let deaf = after(|bench, _| {
        bench.shard.suspend();
        bench.shard.resume();
    });
    assert_eq!((deaf.flushed, deaf.total()), (1, 1));
}

#[test]
fn drop_of_what_was_killed_twice_has_the_first_cause() {
    let told = after(|bench, _| {
        bench.shard.invalidate_bucket("n");
        bench.shard.invalidate_all();
        bench.shard.invalidate_bucket("n");
    });
    assert_eq!((told.invalidated, told.total()), (1, 1));
    let voided = after(|bench, cache| {
        bench.shard.invalidate_all();
        bench.shard.invalidate_bucket("n");
        assert_eq!(bench.removals(cache).total(), 1, "it is dropped here");
        bench.shard.invalidate_bucket("n");
        bench.shard.invalidate_all();
    });
    assert_eq!((voided.flushed, voided.total()), (1, 1));
}
