//! Under which cause an entry that leaves is counted.

use super::*;
use crate::stats::Removals;

impl Fixture {
    fn removals(&mut self, cache: &Opened) -> Removals {
        self.shard.validate();
        self.shard.stats(cache.id).removals
    }
}

/// What one entry `k` of the cache `n`, which has room for two, is counted under after `work`.
fn after(work: impl FnOnce(&mut Fixture, &Opened)) -> Removals {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 2, Eviction::Fifo);
    let ticket = fixture.ask(&cache, "k");
    fixture.settle(&cache, "k", ticket, "v", Some(SECOND));
    work(&mut fixture, &cache);
    fixture.removals(&cache)
}

#[test]
fn drop_for_room_or_at_the_end_of_a_life_is_size_or_expired() {
    let made_room = after(|fixture, cache| {
        fixture.fill(cache, "a", "v");
        fixture.fill(cache, "b", "v");
    });
    let size = Removals {
        size: 1,
        ..Removals::default()
    };
    assert_eq!(made_room, size);
    let expired = after(|fixture, cache| {
        fixture.advance(SECOND);
        fixture.get(cache, "k");
        fixture.get(cache, "k");
    });
    assert_eq!((expired.expired, expired.total()), (1, 1), "met once");
}

#[test]
fn drop_by_an_own_write_is_replaced_or_explicit() {
    let set = after(|fixture, cache| fixture.set(cache, "k", "new"));
    assert_eq!((set.replaced, set.total()), (1, 1));
    let deleted = after(|fixture, cache| {
        let ticket = fixture.begin(cache, "k");
        assert_eq!(
            fixture.removals(cache),
            Removals::default(),
            "its place is held"
        );
        fixture.end(cache, "k", ticket, None);
    });
    assert_eq!((deleted.explicit, deleted.total()), (1, 1));
    let cleared = after(|fixture, cache| {
        fixture.shard.clear_local(cache.id);
        fixture.shard.invalidate_bucket("n");
    });
    assert_eq!((cleared.explicit, cleared.total()), (1, 1));
}

#[test]
fn drop_by_others_is_told_and_by_all_is_voided() {
    let told = after(|fixture, _| fixture.invalidate("n:k"));
    assert_eq!((told.invalidated, told.total()), (1, 1));
    let bucket = after(|fixture, _| fixture.shard.invalidate_bucket("n"));
    assert_eq!((bucket.invalidated, bucket.total()), (1, 1));
    let voided = after(|fixture, _| fixture.shard.invalidate_all());
    assert_eq!((voided.flushed, voided.total()), (1, 1));
    let deaf = after(|fixture, _| {
        fixture.shard.suspend();
        fixture.shard.resume();
    });
    assert_eq!((deaf.flushed, deaf.total()), (1, 1));
}

#[test]
fn drop_of_what_was_killed_twice_has_the_first_cause() {
    let told = after(|fixture, _| {
        fixture.shard.invalidate_bucket("n");
        fixture.shard.invalidate_all();
        fixture.shard.invalidate_bucket("n");
    });
    assert_eq!((told.invalidated, told.total()), (1, 1));
    let voided = after(|fixture, cache| {
        fixture.shard.invalidate_all();
        fixture.shard.invalidate_bucket("n");
        assert_eq!(fixture.removals(cache).total(), 1, "it is dropped here");
        fixture.shard.invalidate_bucket("n");
        fixture.shard.invalidate_all();
    });
    assert_eq!((voided.flushed, voided.total()), (1, 1));
}
