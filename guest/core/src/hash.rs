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
        let parts = [name.as_bytes(), b":", key.as_bytes()];
        let mut short = [0; SHORT];
        match short.get_mut(..name.len() + 1 + key.len()) {
            Some(complete) => {
                let mut rest = &mut *complete;
                for part in parts {
                    let (start, end) = rest.split_at_mut(part.len());
                    start.copy_from_slice(part);
                    rest = end;
                }
                self.hash_bytes(complete)
            }
            None => self.hash_bytes(&parts.concat()),
        }
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
