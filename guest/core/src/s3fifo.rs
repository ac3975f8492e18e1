//! The eviction policy [S3-FIFO](https://doi.org/10.1145/3600006.3613147) (Yang, Zhang, Qiu, Yue,
//! Rashmi: FIFO queues are all you need for cache eviction, SOSP 2023).
//!
//! A new entry enters the small queue, a tenth of the tier. If it is evicted from there without
//! being reused, it becomes a ghost, and enters the main queue if it is inserted again soon. If it
//! was reused, it moves to the main queue instead. There an entry passes as many rounds as it was
//! used, and is evicted in the next one. So keys that are read once do not evict keys that are read
//! often.
//!
//! FIFO and LRU follow the same rules with all entries in the main queue and no use counts.

use crate::entry_meta::EntryMeta;
use crate::linked_slab::Queue;

/// The small queue is one of this many parts of the tier.
const SMALL_FRACTION: usize = 10;

/// Uses in the small queue that move an entry to the main one. A single use may be the second read
/// of one client.
const PROMOTE_USES: u8 = 2;

/// Returns the target size of the small queue, given the size of the tier: a tenth, and at least
/// one.
pub(crate) const fn small_target(all: u64) -> u64 {
    let target = all / SMALL_FRACTION as u64;
    if target == 0 { 1 } else { target }
}

/// Returns the queue to evict from, given the sizes of the small queue and of both.
pub(crate) const fn next_queue(small: u64, all: u64) -> Queue {
    if small >= small_target(all) {
        Queue::Small
    } else {
        Queue::Main
    }
}

/// Returns where an entry at the front of its queue moves instead of being evicted: the queue, at
/// whose back it goes, and its new use count. `None`: it is evicted.
pub(crate) const fn second_chance(meta: EntryMeta) -> Option<(Queue, u8)> {
    match (meta.queue(), meta.uses()) {
        (Queue::Small, PROMOTE_USES..) => Some((Queue::Main, 0)),
        (Queue::Main, uses @ 1..) => Some((Queue::Main, uses - 1)),
        _ => None,
    }
}

/// Returns the maximum number of ghosts for this many entries: the target size of the main queue,
/// so that there is no ghost without an entry.
pub(crate) const fn max_ghosts(entries: usize) -> usize {
    entries - entries / SMALL_FRACTION
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_queue_is_the_small_one_from_a_tenth_unless_it_is_empty() {
        for (small, all, next) in [
            (0, 0, Queue::Main),
            (0, 1, Queue::Main),
            (1, 1, Queue::Small),
            (1, 19, Queue::Small),
            (1, 20, Queue::Main),
            (10, 101, Queue::Small),
        ] {
            assert_eq!(next_queue(small, all), next, "{small} of {all}");
        }
    }

    #[test]
    fn second_chance_takes_two_uses_in_the_small_queue_and_one_a_round_in_the_main_one() {
        let chance =
            |queue, uses| second_chance(EntryMeta::new(0, 1, Queue::Main).placed(queue, uses));
        let main = |uses| Some((Queue::Main, uses));
        let small = [0, 1, 2, 3].map(|uses| chance(Queue::Small, uses));
        assert_eq!(small, [None, None, main(0), main(0)]);
        let rounds = [0, 1, 2, 3].map(|uses| chance(Queue::Main, uses));
        assert_eq!(rounds, [None, main(0), main(1), main(2)]);
    }

    #[test]
    fn max_ghosts_of_no_entries_are_none() {
        assert_eq!([0, 1, 9, 10, 100].map(max_ghosts), [0, 1, 9, 9, 90]);
    }
}
