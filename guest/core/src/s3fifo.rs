//! Which entry leaves next: [S3-FIFO](https://doi.org/10.1145/3600006.3613147) (Yang, Zhang, Qiu, Yue, Rashmi:
//! FIFO queues are all you need for cache eviction, SOSP 2023).
//!
//! What is new enters the small queue, a tenth of the tier. What leaves that unused is remembered as a ghost,
//! and enters the main queue if it comes back soon; what was used there is put in the main queue instead, which
//! is left after as many rounds as it was used in, and one. So what is read once does not push out what is read often.
//!
//! FIFO and LRU are the same rules where all is in the main queue, and no use is counted.

use crate::entry_meta::EntryMeta;
use crate::linked_slab::Queue;

/// The small queue is one of so many parts of what there is.
const SMALL_FRACTION: usize = 10;

/// Uses in the small queue that are worth a place in the main one. Fewer may be one reader's, who came
/// twice at once.
const PROMOTE_USES: u8 = 2;

/// What the small queue is to have, of all there is or may be: a tenth, and at least one.
pub(crate) const fn small_target(all: u64) -> u64 {
    let target = all / SMALL_FRACTION as u64;
    if target == 0 { 1 } else { target }
}

/// The queue in which the next to leave is looked for: how many there are in the small one, and in both.
pub(crate) const fn next_queue(small: u64, all: u64) -> Queue {
    if small >= small_target(all) {
        Queue::Small
    } else {
        Queue::Main
    }
}

/// Where an entry at the front of its queue goes instead of leaving, last in the queue and with so many
/// uses; `None`: it leaves.
pub(crate) const fn second_chance(meta: EntryMeta) -> Option<(Queue, u8)> {
    match (meta.queue(), meta.uses()) {
        (Queue::Small, PROMOTE_USES..) => Some((Queue::Main, 0)),
        (Queue::Main, uses @ 1..) => Some((Queue::Main, uses - 1)),
        _ => None,
    }
}

/// How many ghosts are remembered beside so many entries: as many as the main queue is to have, so that there is
/// none without an entry.
pub(crate) const fn max_ghosts(entries: usize) -> usize {
    entries - entries / SMALL_FRACTION
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_queue_is_the_small_one_from_a_tenth_on_and_never_of_nothing() {
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
    fn second_chance_in_the_small_queue_takes_two_uses_and_in_the_main_one_each_is_a_round() {
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
