//! The hash of a complete key, which places it in tables, on stripes and in shards.
//!
//! It is [foldhash](https://docs.rs/foldhash), given the bytes in words of 8 that begin where the
//! complete key begins, so that what comes first in the keys of a cache is hashed once.

use std::hash::Hasher;

use foldhash::{SharedSeed, fast, quality};

/// The size of a word, in bytes.
const WORD: usize = 8;

/// Hashes keys, from a seed that those who choose the keys do not know.
#[derive(Clone, Debug)]
pub struct Seed {
    shared: SharedSeed,
    own: u64,
}

impl Seed {
    /// A hash function of its own for every `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            shared: SharedSeed::from_u64(seed),
            own: seed,
        }
    }

    /// The hash of the complete key `name:key`, however it is divided: `user` and `admin:1` hash as
    /// `user:admin` and `1` do, because they are one key of the shared tier.
    pub fn hash(&self, name: &str, key: &str) -> u64 {
        self.of_cache(name).hash(key)
    }

    /// The hashes of one cache's keys, for a driver that hashes many.
    pub fn of_cache(&self, name: &str) -> KeySeed {
        let prefix = [name.as_bytes(), b":"].concat();
        let (words, rest) = prefix.as_chunks::<WORD>();
        let mut hasher = fast::FoldHasher::with_seed(self.own, &self.shared);
        for word in words {
            take(&mut hasher, u64::from_le_bytes(*word));
        }
        KeySeed {
            shared: self.shared.clone(),
            begun: Begun {
                state: hasher.finish(),
                held: partial_word(rest),
                len: prefix.len(),
            },
        }
    }

    /// The hash of bytes as they are.
    pub fn hash_bytes(&self, bytes: &[u8]) -> u64 {
        let begun = Begun {
            state: self.own,
            held: 0,
            len: 0,
        };
        begun.hash(&self.shared, bytes)
    }
}

/// Hashes the keys of one cache, as [`Seed::hash`] does.
#[derive(Clone, Debug)]
pub struct KeySeed {
    shared: SharedSeed,
    begun: Begun,
}

impl KeySeed {
    /// The hash of the complete key.
    #[inline]
    pub fn hash(&self, key: &str) -> u64 {
        self.begun.hash(&self.shared, key.as_bytes())
    }
}

/// A hash whose first bytes are taken in.
#[derive(Clone, Debug)]
struct Begun {
    /// Of the whole words so far.
    state: u64,
    /// The bytes behind them.
    held: u64,
    /// How many bytes there were.
    len: usize,
}

impl Begun {
    /// The hash of the bytes so far and of these.
    #[inline]
    fn hash(&self, shared: &SharedSeed, bytes: &[u8]) -> u64 {
        let mut hasher = quality::FoldHasher::with_seed(self.state, shared);
        let mut held = self.held;
        let held_len = self.len % WORD;
        // Each word is divided between the one that is held and the next.
        let bits = 8 * held_len;
        let (words, rest) = bytes.as_chunks::<WORD>();
        for word in words {
            let word = u64::from_le_bytes(*word);
            take(&mut hasher, held | word << bits);
            held = word >> 1 >> (63 - bits);
        }
        let word = partial_word(rest);
        held |= word << bits;
        if held_len + rest.len() >= WORD {
            take(&mut hasher, held);
            held = word >> 1 >> (63 - bits);
        }
        // At most 7 bytes are left: the length makes the word whole.
        let len = (self.len + bytes.len()) as u64;
        take(&mut hasher, held | len << 56);
        hasher.finish()
    }
}

/// Takes in one word. By itself a hasher would wait for a second one, to take both at once.
#[inline]
fn take(hasher: &mut impl Hasher, word: u64) {
    hasher.write_u128(u128::from(word));
}

/// Fewer bytes than a word has; the others are 0.
#[inline]
fn partial_word(bytes: &[u8]) -> u64 {
    // Where the first and the last bytes overlap, they are the same.
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let [first, last] = [first, last].map(|bytes| u64::from(u32::from_le_bytes(*bytes)));
        return first | last << (8 * (bytes.len() - 4));
    }
    let byte = |word: u64, byte: &u8| word << 8 | u64::from(*byte);
    bytes.iter().rev().fold(0, byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_one_complete_key_divided_differently_is_the_same() {
        let seed = Seed::new(1);
        for long in 0..3 * WORD {
            let key = format!("admin:1{}", "x".repeat(long));
            let complete = format!("user:{key}");
            assert_eq!(
                seed.hash("user", &key),
                seed.hash("user:admin", &key["admin:".len()..])
            );
            assert_eq!(
                seed.hash("user", &key),
                seed.hash_bytes(complete.as_bytes())
            );
        }
    }

    #[test]
    fn hash_other_seed_is_another() {
        assert_ne!(Seed::new(1).hash("n", "k"), Seed::new(2).hash("n", "k"));
    }
}
