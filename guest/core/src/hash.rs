//! The hash of a complete key, which places it in tables, on stripes and in shards.

use std::hash::{BuildHasher, Hasher};

use foldhash::SharedSeed;
use foldhash::quality::SeedableRandomState;

/// The length up to which a complete key is put together without an allocation.
const SHORT: usize = 128;

/// Hashes keys, from a seed that those who choose the keys do not know.
#[derive(Clone, Debug)]
pub struct Seed(SeedableRandomState);

impl Seed {
    /// A hash function of its own for every `seed`.
    pub fn new(seed: u64) -> Self {
        Self(SeedableRandomState::with_seed(
            seed,
            SharedSeed::global_fixed(),
        ))
    }

    /// The hash of the complete key `name:key`, however it is divided: `user` and `admin:1` hash as
    /// `user:admin` and `1` do, because they are one key of the shared tier.
    pub fn hash(&self, name: &str, key: &str) -> u64 {
        self.of_cache(name).hash(key)
    }

    /// The hashes of one cache's keys, for a driver that hashes many.
    pub fn of_cache(&self, name: &str) -> KeySeed {
        let prefix = [name.as_bytes(), b":"].concat();
        let mut short = [0; SHORT];
        if let Some(start) = short.get_mut(..prefix.len()) {
            start.copy_from_slice(&prefix);
        }
        KeySeed {
            seed: self.clone(),
            prefix: prefix.into(),
            short,
        }
    }

    /// The hash of bytes as they are.
    #[inline]
    pub fn hash_bytes(&self, bytes: &[u8]) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write(bytes);
        hasher.finish()
    }
}

/// Hashes the keys of one cache, as [`Seed::hash`] does.
#[derive(Clone, Debug)]
pub struct KeySeed {
    seed: Seed,
    /// The name and a colon.
    prefix: Box<[u8]>,
    /// A complete key begins so: what is hashed has to be in one piece.
    short: [u8; SHORT],
}

impl KeySeed {
    /// The hash of the complete key.
    #[inline]
    pub fn hash(&self, key: &str) -> u64 {
        let (start, end) = (self.prefix.len(), self.prefix.len() + key.len());
        let mut short = self.short;
        match short.get_mut(start..end) {
            Some(place) => {
                place.copy_from_slice(key.as_bytes());
                self.seed.hash_bytes(&short[..end])
            }
            None => self.hash_long(key),
        }
    }

    fn hash_long(&self, key: &str) -> u64 {
        let complete = [&*self.prefix, key.as_bytes()].concat();
        self.seed.hash_bytes(&complete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_one_complete_key_divided_differently_is_the_same() {
        let seed = Seed::new(1);
        for long in ["", &"x".repeat(SHORT)] {
            let key = format!("admin:1{long}");
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
