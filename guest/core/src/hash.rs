//! The hash of a complete key, which selects its bucket in tables, its stripe and its shard.
//!
//! It is [foldhash](https://docs.rs/foldhash), fed with words of 8 bytes from the start of the
//! complete key, so that the common prefix of a cache's keys is hashed once.

use std::hash::Hasher;

use foldhash::{SharedSeed, fast, quality};

/// The size of a word, in bytes.
const WORD: usize = 8;

/// The seed of the key hash. Clients that choose keys must not know it.
#[derive(Clone, Debug)]
pub struct Seed {
    shared: SharedSeed,
    own: u64,
}

impl Seed {
    /// Creates a hash function that is different for every `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            shared: SharedSeed::from_u64(seed),
            own: seed,
        }
    }

    /// Returns the hash of the complete key `name:key`, wherever it is split: `user` and `admin:1`
    /// hash as `user:admin` and `1` do, because they are one key of L2.
    pub fn hash(&self, name: &str, key: &str) -> u64 {
        self.of_cache(name).hash(key)
    }

    /// Returns the hash function for one cache's keys, for drivers that hash many.
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

    /// Returns the hash of bytes as they are.
    pub fn hash_bytes(&self, bytes: &[u8]) -> u64 {
        let begun = Begun {
            state: self.own,
            held: 0,
            len: 0,
        };
        begun.hash(&self.shared, bytes)
    }
}

/// The hash function for the keys of one cache; equal to [`Seed::hash`].
#[derive(Clone, Debug)]
pub struct KeySeed {
    shared: SharedSeed,
    begun: Begun,
}

impl KeySeed {
    /// Returns the hash of the complete key.
    #[inline]
    pub fn hash(&self, key: &str) -> u64 {
        self.begun.hash(&self.shared, key.as_bytes())
    }
}

/// The state of a hash after its first bytes.
#[derive(Clone, Debug)]
struct Begun {
    /// The state after the whole words.
    state: u64,
    /// The bytes after them.
    held: u64,
    /// The number of bytes so far.
    len: usize,
}

impl Begun {
    /// Returns the hash of the bytes so far followed by `bytes`.
    #[inline]
    fn hash(&self, shared: &SharedSeed, bytes: &[u8]) -> u64 {
        let mut hasher = quality::FoldHasher::with_seed(self.state, shared);
        let mut held = self.held;
        let held_len = self.len % WORD;
        // The input is not aligned to the held bytes: each word is split over two.
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
        // At most 7 bytes are left: the low byte of the length fills the word.
        let len = (self.len + bytes.len()) as u64;
        take(&mut hasher, held | len << 56);
        hasher.finish()
    }
}

/// Feeds one word. The hasher itself would buffer it until a second one arrives.
#[inline]
fn take(hasher: &mut impl Hasher, word: u64) {
    hasher.write_u128(u128::from(word));
}

/// Returns fewer bytes than a word as a word, padded with zeros.
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
