//! The hash of a complete key, which places it in tables, on stripes and in shards.

use std::hash::{BuildHasher, Hasher};

use foldhash::SharedSeed;
use foldhash::quality::SeedableRandomState;

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
        let mut complete = Vec::with_capacity(name.len() + 1 + key.len());
        complete.extend_from_slice(name.as_bytes());
        complete.push(b':');
        complete.extend_from_slice(key.as_bytes());
        self.hash_bytes(&complete)
    }

    /// The hash of bytes as they are.
    pub fn hash_bytes(&self, bytes: &[u8]) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write(bytes);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_one_complete_key_divided_differently_is_the_same() {
        let seed = Seed::new(1);
        assert_eq!(seed.hash("user", "admin:1"), seed.hash("user:admin", "1"));
    }

    #[test]
    fn hash_other_seed_is_another() {
        assert_ne!(Seed::new(1).hash("n", "k"), Seed::new(2).hash("n", "k"));
    }
}
