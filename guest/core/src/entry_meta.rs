//! What a table knows of an entry beside its bytes and its value, in eight bytes: part of the hash of its key, how
//! long its key is, whether there is a payload, the queue that it stands in, and how often it was used there.

use crate::linked_slab::Queue;

/// Low half: what is kept of the hash of an entry's key. High half: the length of the key, and four bits of marks
/// above it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntryMeta(u64);

impl EntryMeta {
    /// The most uses that are counted.
    pub(crate) const MAX_USES: u8 = 3;

    /// The longest key, in bytes.
    pub(crate) const MAX_KEY_LEN: usize = (1 << Self::KEY_BITS) - 1;

    const HASH_BITS: u32 = 32;
    const KEY_BITS: u32 = 28;
    const USE: u64 = 1 << (Self::HASH_BITS + Self::KEY_BITS);
    const USES: u64 = Self::USE * Self::MAX_USES as u64;
    const SMALL: u64 = 1 << 62;
    const PAYLOAD: u64 = 1 << 63;

    /// Of a new entry, which nobody has used, and which has no payload. The key is no longer than
    /// [`MAX_KEY_LEN`](Self::MAX_KEY_LEN).
    pub(crate) const fn new(hash: u64, key_len: usize, queue: Queue) -> Self {
        let key_len = (key_len & Self::MAX_KEY_LEN) as u64;
        Self(half_of(hash) | key_len << Self::HASH_BITS).placed(queue, 0)
    }

    /// A hash for the entry's place in an index, which takes its low bits and its highest.
    #[inline]
    pub(crate) const fn hash(self) -> u64 {
        Self::index_hash(self.0)
    }

    /// The same of a whole hash.
    #[inline]
    pub(crate) const fn index_hash(hash: u64) -> u64 {
        half_of(hash) | hash << Self::HASH_BITS
    }

    #[inline]
    pub(crate) const fn is_of(self, hash: u64) -> bool {
        half_of(self.0 ^ hash) == 0
    }

    /// The length of the key, in bytes.
    #[inline]
    pub(crate) const fn key_len(self) -> usize {
        (self.0 >> Self::HASH_BITS) as usize & Self::MAX_KEY_LEN
    }

    #[inline]
    pub(crate) const fn has_payload(self) -> bool {
        self.0 & Self::PAYLOAD != 0
    }

    pub(crate) const fn with_payload(self, has_payload: bool) -> Self {
        Self(match has_payload {
            true => self.0 | Self::PAYLOAD,
            false => self.0 & !Self::PAYLOAD,
        })
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

    /// The same with one use more, unless so many are counted already.
    #[inline]
    #[must_use]
    pub(crate) const fn with_use(self) -> Self {
        match self.0 & Self::USES {
            Self::USES => self,
            _ => Self(self.0 + Self::USE),
        }
    }

    /// The same entry in this place, with so many uses.
    pub(crate) const fn placed(self, queue: Queue, uses: u8) -> Self {
        let small = match queue {
            Queue::Small => Self::SMALL,
            Queue::Main => 0,
        };
        let rest = self.0 & !(Self::SMALL | Self::USES);
        Self(rest | small | ((Self::USE * uses as u64) & Self::USES))
    }
}

/// The low half of a hash.
const fn half_of(hash: u64) -> u64 {
    hash & u32::MAX as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_use_saturates_and_leaves_the_rest() {
        for (hash, key_len, queue) in [
            (0, EntryMeta::MAX_KEY_LEN, Queue::Small),
            (u64::MAX, 0, Queue::Main),
        ] {
            let mut meta = EntryMeta::new(hash, key_len, queue);
            for uses in [0, 1, 2, 3, 3, 3] {
                assert_eq!((meta.uses(), meta.queue()), (uses, queue));
                assert_eq!((meta.key_len(), meta.has_payload()), (key_len, false));
                assert!(meta.is_of(hash) && !meta.is_of(!hash));
                meta = meta.with_use();
            }
        }
    }

    #[test]
    fn placed_takes_queue_and_uses_and_keeps_the_rest() {
        let meta = EntryMeta::new(u64::MAX, 7, Queue::Small).with_payload(true);
        let placed = meta.placed(Queue::Main, 2);
        assert_eq!((placed.queue(), placed.uses()), (Queue::Main, 2));
        assert_eq!((placed.key_len(), placed.has_payload()), (7, true));
        assert_eq!(placed.hash(), meta.hash());
        assert!(!placed.with_payload(false).has_payload());
    }

    #[test]
    fn hash_equals_index_hash_of_the_full_hash() {
        for hash in [0, 1, u64::MAX, 0x0123_4567_89ab_cdef] {
            let meta = EntryMeta::new(hash, 3, Queue::Main);
            assert_eq!(meta.hash(), EntryMeta::index_hash(hash));
        }
    }
}
