//! The metadata of a table's entry beside its bytes and its value, in eight bytes.

use crate::linked_slab::Queue;

/// Low half: 32 bits of the hash of the entry's key. High half: the length of the key, and above it
/// the use count, the queue, and whether there is a payload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntryMeta(u64);

impl EntryMeta {
    /// The largest use count.
    pub(crate) const MAX_USES: u8 = 3;

    /// The longest key, in bytes.
    pub(crate) const MAX_KEY_LEN: usize = (1 << Self::KEY_BITS) - 1;

    const HASH_BITS: u32 = 32;
    const KEY_BITS: u32 = 28;
    const USE: u64 = 1 << (Self::HASH_BITS + Self::KEY_BITS);
    const USES: u64 = Self::USE * Self::MAX_USES as u64;
    const SMALL: u64 = 1 << 62;
    const PAYLOAD: u64 = 1 << 63;

    /// Returns the metadata of a new entry without uses and payload. The key is no longer than
    /// [`MAX_KEY_LEN`](Self::MAX_KEY_LEN).
    pub(crate) const fn new(hash: u64, key_len: usize, queue: Queue) -> Self {
        let key_len = (key_len & Self::MAX_KEY_LEN) as u64;
        Self(half_of(hash) | key_len << Self::HASH_BITS).placed(queue, 0)
    }

    /// Returns a hash for an index, which uses its low bits and its highest.
    #[inline]
    pub(crate) const fn hash(self) -> u64 {
        Self::index_hash(self.0)
    }

    /// Returns the same hash, from the full hash of the key.
    #[inline]
    pub(crate) const fn index_hash(hash: u64) -> u64 {
        half_of(hash) | hash << Self::HASH_BITS
    }

    #[inline]
    pub(crate) const fn is_of(self, hash: u64) -> bool {
        half_of(self.0 ^ hash) == 0
    }

    /// Returns the length of the key, in bytes.
    #[inline]
    pub(crate) const fn key_len(self) -> usize {
        (self.0 >> Self::HASH_BITS) as usize & Self::MAX_KEY_LEN
    }

    #[inline]
    pub(crate) const fn has_payload(self) -> bool {
        self.0 & Self::PAYLOAD != 0
    }

    pub(crate) const fn with_payload(self, has_payload: bool) -> Self {
        if has_payload {
            Self(self.0 | Self::PAYLOAD)
        } else {
            Self(self.0 & !Self::PAYLOAD)
        }
    }

    pub(crate) const fn queue(self) -> Queue {
        if self.0 & Self::SMALL == 0 {
            Queue::Main
        } else {
            Queue::Small
        }
    }

    /// Returns the uses since the entry was placed in its queue, at most
    /// [`MAX_USES`](Self::MAX_USES).
    pub(crate) const fn uses(self) -> u8 {
        ((self.0 & Self::USES) / Self::USE) as u8
    }

    /// Returns the same with one more use, up to [`MAX_USES`](Self::MAX_USES).
    #[inline]
    #[must_use]
    pub(crate) const fn with_use(self) -> Self {
        match self.0 & Self::USES {
            Self::USES => self,
            _ => Self(self.0 + Self::USE),
        }
    }

    /// Returns the same entry in this queue with this many uses.
    pub(crate) const fn placed(self, queue: Queue, uses: u8) -> Self {
        let small = match queue {
            Queue::Small => Self::SMALL,
            Queue::Main => 0,
        };
        let rest = self.0 & !(Self::SMALL | Self::USES);
        Self(rest | small | ((Self::USE * uses as u64) & Self::USES))
    }
}

/// Returns the low half of a hash.
const fn half_of(hash: u64) -> u64 {
    hash & u32::MAX as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_use_saturates_and_keeps_the_rest() {
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
    fn placed_sets_queue_and_uses_and_keeps_the_rest() {
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
