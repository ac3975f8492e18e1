//! The cause under which a removed entry is counted.

use super::*;
use crate::stats::Removals;

impl Fixture {
    fn removals(&mut self, cache: &Opened) -> Removals {
        self.shard.validate();
        self.shard.stats(cache.id).removals
    }
}

/// Returns the removals after `work` on a cache `n` for two entries that holds an entry `k`.
fn after(work: impl FnOnce(&mut Fixture, &Opened)) -> Removals {
    let mut fixture = Fixture::new();
    let cache = fixture.open("n", 2, Eviction::Fifo);
    let ticket = fixture.ask(&cache, "k");
    fixture.settle(&cache, "k", ticket, "v", Some(SECOND));
    work(&mut fixture, &cache);
    fixture.removals(&cache)
}

#[test]
fn removal_for_room_or_at_the_deadline_is_size_or_expired() {
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
    assert_eq!((expired.expired, expired.total()), (1, 1), "removed once");
}

#[test]
fn removal_by_an_own_write_is_replaced_or_explicit() {
    let set = after(|fixture, cache| fixture.set(cache, "k", "new"));
    assert_eq!((set.replaced, set.total()), (1, 1));
    let deleted = after(|fixture, cache| {
        let ticket = fixture.begin(cache, "k");
        assert_eq!(
            fixture.removals(cache),
            Removals::default(),
            "its slot is kept"
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
fn removal_by_another_client_is_invalidated_and_by_all_is_flushed() {
    let invalidated = after(|fixture, _| fixture.invalidate("n:k"));
    assert_eq!((invalidated.invalidated, invalidated.total()), (1, 1));
    let bucket = after(|fixture, _| fixture.shard.invalidate_bucket("n"));
    assert_eq!((bucket.invalidated, bucket.total()), (1, 1));
    let flushed = after(|fixture, _| fixture.shard.invalidate_all());
    assert_eq!((flushed.flushed, flushed.total()), (1, 1));
    let lost = after(|fixture, _| {
        fixture.shard.suspend();
        fixture.shard.resume();
    });
    assert_eq!((lost.flushed, lost.total()), (1, 1));
}

#[test]
fn removal_of_an_entry_invalidated_twice_has_the_first_cause() {
    let invalidated = after(|fixture, _| {
        fixture.shard.invalidate_bucket("n");
        fixture.shard.invalidate_all();
        fixture.shard.invalidate_bucket("n");
    });
    assert_eq!((invalidated.invalidated, invalidated.total()), (1, 1));
    let flushed = after(|fixture, cache| {
        fixture.shard.invalidate_all();
        fixture.shard.invalidate_bucket("n");
        assert_eq!(fixture.removals(cache).total(), 1, "it is removed here");
        fixture.shard.invalidate_bucket("n");
        fixture.shard.invalidate_all();
    });
    assert_eq!((flushed.flushed, flushed.total()), (1, 1));
}
