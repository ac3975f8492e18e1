//! What a table knows of an entry beside its key and value, in eight bytes: the hash of its key, the queue
//! that it stands in, and how often it was used there.

use crate::list::Queue;

/// The hash of an entry's key, but for three bits that tell where it stands. They are among those that a hash
/// index makes the least of, whatever the size of a word: neither low nor high.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tag(u64);

impl Tag {
    /// The most uses that are counted.
    pub(crate) const MAX_USES: u8 = 3;

    const USE: u64 = 1 << 54;
    const USES: u64 = Self::USE * Self::MAX_USES as u64;
    const SMALL: u64 = 1 << 56;
    const MARKS: u64 = Self::USES | Self::SMALL;

    /// Of a new entry, which nobody has used.
    pub(crate) const fn new(hash: u64, queue: Queue) -> Self {
        Self(hash).placed(queue, 0)
    }

    /// What is kept of the entry's hash.
    #[inline]
    pub(crate) const fn hash(self) -> u64 {
        Self::kept_of(self.0)
    }

    /// What would be kept of a hash.
    #[inline]
    pub(crate) const fn kept_of(hash: u64) -> u64 {
        hash & !Self::MARKS
    }

    #[inline]
    pub(crate) const fn is_of(self, hash: u64) -> bool {
        Self::kept_of(self.0 ^ hash) == 0
    }

    pub(crate) const fn queue(self) -> Queue {
        if self.0 & Self::SMALL == 0 {
            Queue::Main
        } else {
            Queue::Small
        }
    }

    /// The uses since the entry got its place, at most [`MAX_USES`](Self::MAX_USES).
    pub(crate) const fn uses(self) -> u8 {
        ((self.0 & Self::USES) / Self::USE) as u8
    }

    /// Counts a use, unless so many are counted already.
    #[inline]
    pub(crate) const fn count_use(&mut self) {
        if self.0 & Self::USES != Self::USES {
            self.0 += Self::USE;
        }
    }

    /// The same entry in this place, with so many uses.
    pub(crate) const fn placed(self, queue: Queue, uses: u8) -> Self {
        let small = match queue {
            Queue::Small => Self::SMALL,
            Queue::Main => 0,
        };
        Self(self.hash() | small | ((Self::USE * uses as u64) & Self::USES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn count_use_saturates_and_leaves_the_rest() {
        for (hash, queue) in [(0, Queue::Small), (u64::MAX, Queue::Main)] {
            let mut tag = Tag::new(hash, queue);
            for uses in [0, 1, 2, 3, 3, 3] {
                assert_eq!((tag.uses(), tag.queue()), (uses, queue));
                assert!(tag.is_of(hash) && !tag.is_of(!hash));
                tag.count_use();
            }
        }
    }

    #[test]
    fn placed_takes_queue_and_uses_and_keeps_the_hash() {
        let tag = Tag::new(u64::MAX, Queue::Small).placed(Queue::Main, 2);
        assert_eq!((tag.queue(), tag.uses()), (Queue::Main, 2));
        assert_eq!(tag.hash(), Tag::new(u64::MAX, Queue::Small).hash());
    }
}
