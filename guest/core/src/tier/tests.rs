//! S3-FIFO step by step. Queues are drawn `small|main`, from front to back, with the uses after a
//! key.

use std::time::Duration;

use super::*;
use crate::hash::Seed;
use crate::time::{Moment, Now};

fn bounds(eviction: Eviction, max_entries: u32, max_bytes: u64) -> Bounds {
    Bounds {
        max_entries,
        max_bytes,
        eviction,
        value_type: ValueType::Text,
        keep_expired: Duration::ZERO,
    }
}

/// Returns a tier of this many entries, into which these keys were inserted in turn.
fn tier(max_entries: u32, keys: &str) -> Tier {
    let mut tier = Tier::new(bounds(Eviction::S3Fifo, max_entries, u64::MAX), 0);
    put_all(&mut tier, keys);
    tier
}

fn hash(key: &str) -> u64 {
    Seed::new(1).hash_bytes(key.as_bytes())
}

fn put(tier: &mut Tier, key: &str, value: &str) {
    let value = Some(value.as_bytes());
    assert!(tier.put(hash(key), key, value, Deadline::NEVER), "{key}");
    tier.validate();
}

fn put_all(tier: &mut Tier, keys: &str) {
    for key in keys.chars() {
        put(tier, &key.to_string(), "v");
    }
}

/// Reads keys, each of which must be present.
fn read(tier: &mut Tier, keys: &str) {
    for key in keys.chars().map(|key| key.to_string()) {
        let slot = tier.hit(hash(&key), key.as_bytes(), None, &Now::new(&now));
        slot.expect("a hit");
    }
}

fn now() -> Moment {
    Moment::from_nanos(1)
}

fn draw(tier: &Tier) -> String {
    let draw_one = |slot| {
        let key = tier.table.key(slot)?;
        let uses = tier.table.meta(slot)?.uses();
        Some(if uses == 0 {
            key.to_owned()
        } else {
            format!("{key}{uses}")
        })
    };
    let draw = |queue| -> String { tier.table.slots(queue).filter_map(draw_one).collect() };
    format!("{}|{}", draw(Queue::Small), draw(Queue::Main))
}

#[test]
fn put_while_the_tier_fills_uses_the_small_queue_and_then_the_main_one() {
    let mut tier = tier(10, "a");
    assert_eq!(draw(&tier), "a|");
    put_all(&mut tier, "bcdefghij");
    assert_eq!(draw(&tier), "a|bcdefghij");
    // After the first eviction, new entries enter the small queue.
    put_all(&mut tier, "k");
    assert_eq!(draw(&tier), "k|bcdefghij");
}

#[test]
fn put_of_keys_read_once_does_not_change_the_main_queue() {
    let mut tier = tier(10, "abcdefghij");
    put_all(&mut tier, "klmnopqrstuvwxyz");
    assert_eq!(draw(&tier), "z|bcdefghij");
}

#[test]
fn hit_moves_nothing_and_counts_up_to_three() {
    let mut tier = tier(3, "abc");
    read(&mut tier, "bbbbbac");
    assert_eq!(draw(&tier), "a1|b3c1");
}

#[test]
fn put_promotes_an_entry_used_twice_in_the_small_queue_and_evicts_one_used_once() {
    let mut tier = tier(3, "abc");
    read(&mut tier, "aa");
    assert_eq!(draw(&tier), "a2|bc");
    // `a` moves to the main queue without its uses. The small queue is empty, so `b` is evicted.
    put_all(&mut tier, "d");
    assert_eq!(draw(&tier), "d|ca");
    read(&mut tier, "d");
    assert_eq!(draw(&tier), "d1|ca");
    put_all(&mut tier, "e");
    assert_eq!(draw(&tier), "e|ca");
}

#[test]
fn put_of_a_ghost_enters_the_main_queue() {
    let mut tier = tier(3, "abc");
    put_all(&mut tier, "d");
    assert_eq!((draw(&tier).as_str(), tier.ghosts.len()), ("d|bc", 1));
    // `a` was a ghost. `d` is evicted, as the small queue exceeds its target.
    put_all(&mut tier, "a");
    assert_eq!((draw(&tier).as_str(), tier.ghosts.len()), ("|bca", 1));
    // An entry evicted from the main queue becomes no ghost.
    put_all(&mut tier, "e");
    assert_eq!((draw(&tier).as_str(), tier.ghosts.len()), ("e|ca", 1));
    put_all(&mut tier, "b");
    assert_eq!(draw(&tier), "b|ca");
}

#[test]
fn put_consumes_a_use_of_the_front_of_the_main_queue_instead_of_evicting_it() {
    let mut tier = tier(3, "abc");
    tier.remove(hash("a"), "a", RemovalCause::Explicit);
    put_all(&mut tier, "d");
    read(&mut tier, "bbc");
    assert_eq!(draw(&tier), "d|b2c1");
    tier.remove(hash("d"), "d", RemovalCause::Explicit);
    tier.bounds.max_entries = 2;
    // b2 c1 · c1 b1 · b1 c · c b
    put_all(&mut tier, "e");
    assert_eq!(draw(&tier), "e|b");
}

#[test]
fn put_over_an_entry_counts_a_use_and_keeps_its_position() {
    let mut tier = tier(3, "abc");
    for (key, drawn) in [("a", "a1|bc"), ("c", "a1|bc1")] {
        tier.clear_value_keep_slot(hash(key), key);
        put(&mut tier, key, "new");
        assert_eq!(draw(&tier), drawn);
    }
}

#[test]
fn put_over_an_entry_that_grows_evicts_others() {
    let mut tier = Tier::new(bounds(Eviction::S3Fifo, 10, 10), 0);
    put_all(&mut tier, "abc");
    assert_eq!(draw(&tier), "a|bc");
    // 9 bytes: only this entry fits, though it is the next to be evicted.
    put(&mut tier, "a", "12345678");
    assert_eq!(draw(&tier), "a1|");
    put(&mut tier, "d", "v");
    assert_eq!(draw(&tier), "d|");
}

#[test]
fn put_evicts_an_entry_that_is_being_written_in_its_turn() {
    let mut tier = tier(3, "abc");
    tier.clear_value_keep_slot(hash("a"), "a");
    put_all(&mut tier, "d");
    assert_eq!(draw(&tier), "d|bc");
    // Its write ends: it was a ghost.
    put_all(&mut tier, "a");
    assert_eq!(draw(&tier), "|bca");
}

#[test]
fn put_of_an_absence_is_queued_like_a_value() {
    let mut tier = tier(2, "a");
    let deadline = Deadline::after(now(), Some(Duration::from_secs(1)));
    assert!(tier.put(hash("b"), "b", None, deadline));
    assert_eq!(draw(&tier), "a|b");
    assert!(tier.knows_absent(hash("b"), b"b", &Now::new(&now)));
    put_all(&mut tier, "c");
    assert_eq!(draw(&tier), "c|b");
}

#[test]
fn remove_from_any_position_keeps_the_order_and_leaves_no_ghost() {
    let mut tier = tier(20, "abcdefghijklmnopqrst");
    for (key, drawn) in [
        ("c", "ab|defghijklmnopqrst"),
        ("a", "b|defghijklmnopqrst"),
        ("t", "b|defghijklmnopqrs"),
        ("k", "b|defghijlmnopqrs"),
    ] {
        tier.remove(hash(key), key, RemovalCause::Invalidated);
        tier.validate();
        assert_eq!((draw(&tier).as_str(), tier.ghosts.len()), (drawn, 0));
    }
}

#[test]
fn find_live_of_an_expired_entry_removes_it_and_its_uses() {
    let mut tier = tier(3, "a");
    let deadline = Deadline::after(now(), Some(Duration::from_nanos(1)));
    assert!(tier.put(hash("b"), "b", Some(b"v"), deadline));
    read(&mut tier, "bb");
    assert_eq!(draw(&tier), "a|b2");
    let later = || Moment::from_nanos(2);
    assert_eq!(tier.find_live(hash("b"), b"b", &Now::new(&later)), None);
    put_all(&mut tier, "cb");
    assert_eq!((draw(&tier).as_str(), tier.ghosts.len()), ("a|cb", 0));
}

#[test]
fn put_beyond_the_bytes_evicts_large_new_ones_before_small_old_ones() {
    let mut tier = Tier::new(bounds(Eviction::S3Fifo, 1_000, 100), 0);
    put_all(&mut tier, "abcdefghijklmnopqrstuvwxyz");
    // A tenth of the bytes: five entries of two.
    assert_eq!(draw(&tier), "abcde|fghijklmnopqrstuvwxyz");
    put(&mut tier, "1", &"x".repeat(39));
    assert_eq!(draw(&tier), "abcde|fghijklmnopqrstuvwxyz1");
    put(&mut tier, "2", &"x".repeat(39));
    // 32 bytes were evicted: from the small queue while it exceeded its target, then from the main.
    assert_eq!(draw(&tier), "de2|stuvwxyz1");
    put(&mut tier, "3", &"x".repeat(39));
    assert_eq!(draw(&tier), "3|stuvwxyz1");
}

#[test]
fn evict_first_takes_the_small_queue_by_its_weight_until_nothing_is_left() {
    let mut tier = tier(20, "abcdefghijklmnopqrst");
    let mut left = vec![draw(&tier)];
    while tier.evict_first() {
        tier.validate();
        left.push(draw(&tier));
    }
    assert_eq!(left.len(), 21);
    assert_eq!(left[1], "b|cdefghijklmnopqrst");
    assert_eq!(left[2], "b|defghijklmnopqrst");
    assert_eq!((left[20].as_str(), tier.weight()), ("|", 0));
}

fn live_keys(tier: &Tier, now: &Now<'_>) -> Vec<String> {
    let (mut keys, mut listing) = (Vec::new(), tier.listing());
    while tier.list(&mut listing, now, &mut |key| keys.push(key.to_owned())) {}
    keys
}

#[test]
fn live_keys_are_in_eviction_order() {
    let mut tier = tier(20, "abcdefghijklmnopqrst");
    read(&mut tier, "bbcccdde");
    assert_eq!(draw(&tier), "ab2|c3d2e1fghijklmnopqrst");
    let keys = live_keys(&tier, &Now::new(&now));
    assert_eq!(keys.concat(), "afghijklmnopqrstbedc");
    for len in (0..20).rev() {
        tier.bounds.max_entries = len;
        tier.evict_to_fit();
        let left = keys.len() - len as usize;
        assert_eq!(live_keys(&tier, &Now::new(&now)), keys[left..]);
    }
}

#[test]
fn ghosts_are_as_many_as_the_target_of_the_main_queue_and_have_weight() {
    let mut tier = tier(20, "abcdefghijklmnopqrst");
    let before = tier.weight();
    for key in 0..100 {
        put(&mut tier, &format!("{key:03}"), "v");
    }
    // 19 entries remain after an eviction.
    assert_eq!(tier.ghosts.len(), 18);
    // The two in the small queue have keys of three bytes.
    assert_eq!(tier.weight(), before + 4 + tier.ghosts.weight());
    tier.bounds.max_entries = 1;
    tier.evict_to_fit();
    tier.validate();
    assert_eq!(tier.ghosts.len(), 1);
    tier.clear(RemovalCause::Explicit);
    assert_eq!((tier.ghosts.len(), tier.weight()), (0, 0));
}

#[test]
fn put_into_small_tiers_keeps_their_bounds() {
    for (max_entries, drawn) in [(1, "d|"), (2, "d|b"), (3, "d|bc")] {
        assert_eq!(draw(&tier(max_entries, "abcd")), drawn);
    }
    let mut none = tier(0, "");
    assert!(!none.put(hash("a"), "a", Some(b"v"), Deadline::NEVER));
    assert_eq!((draw(&none).as_str(), none.weight()), ("|", 0));
}

#[test]
fn set_bounds_to_another_eviction_keeps_the_order_and_drops_uses_and_ghosts() {
    for eviction in [Eviction::Fifo, Eviction::Lru] {
        let mut tier = tier(5, "abcdef");
        read(&mut tier, "bbcf");
        assert_eq!((draw(&tier).as_str(), tier.ghosts.len()), ("f1|b2c1de", 1));
        tier.set_bounds(bounds(eviction, 5, u64::MAX));
        tier.evict_to_fit();
        tier.validate();
        assert_eq!((draw(&tier).as_str(), tier.ghosts.len()), ("|fdecb", 0));
        // And back: new entries enter the small queue and evict the oldest.
        tier.set_bounds(bounds(Eviction::S3Fifo, 5, u64::MAX));
        tier.evict_to_fit();
        put_all(&mut tier, "gh");
        assert_eq!(draw(&tier), "h|decb");
    }
}

#[test]
fn set_bounds_to_less_and_more_room_evicts_in_order_and_refills() {
    let mut tier = tier(5, "abcdef");
    tier.set_bounds(bounds(Eviction::S3Fifo, 2, u64::MAX));
    tier.evict_to_fit();
    // f|bcde · |bcde · |cde · |de
    assert_eq!(draw(&tier), "|de");
    tier.set_bounds(bounds(Eviction::S3Fifo, 4, u64::MAX));
    tier.evict_to_fit();
    put_all(&mut tier, "gh");
    assert_eq!(draw(&tier), "gh|de");
    put_all(&mut tier, "i");
    assert_eq!(draw(&tier), "hi|de");
}

#[test]
fn clear_restarts_the_filling() {
    let mut tier = tier(3, "abcd");
    tier.clear(RemovalCause::Explicit);
    tier.validate();
    put_all(&mut tier, "abcd");
    assert_eq!(draw(&tier), "d|bc");
}
