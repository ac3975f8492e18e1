//! Where the keys of a cache are: spread over all shards, or at home in one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use flipcache_core::{Bounds, Options};

/// Fewer entries a shard than this are not spread: their order would be far from exact.
const ENTRIES_A_SHARD: u64 = 64;

/// Fewer bytes a shard than this are not spread: a value could be larger than a shard's share, though the cache has
/// room for it.
const BYTES_A_SHARD: u64 = 1 << 20;

/// The place of one cache among so many shards. Handles share it with the caches that have keys in
/// common with theirs.
pub(super) struct Place {
    /// Whether keys are spread by their hashes.
    is_spread: AtomicBool,
    /// Where they are if they are not spread.
    home: usize,
    shards: usize,
    /// Caches whose names begin with this one's, and those with whose names this one's begins: a
    /// complete key may be a key of both.
    kin: RwLock<Vec<Arc<Place>>>,
}

impl Place {
    pub(super) fn new(number: u32, shards: usize, is_spread: bool) -> Arc<Self> {
        Arc::new(Self {
            is_spread: AtomicBool::new(is_spread),
            home: number as usize % shards,
            shards,
            kin: RwLock::default(),
        })
    }

    /// Whether a cache with these options would be spread over so many shards.
    pub(super) fn spreads(options: &Options, shards: usize) -> bool {
        let shards = shards as u64;
        shards > 1
            && u64::from(options.local_max) >= ENTRIES_A_SHARD * shards
            && options
                .local_max_bytes
                .is_none_or(|bytes| bytes >= BYTES_A_SHARD * shards)
    }

    /// Moves the keys. The caller has locked all shards.
    pub(super) fn move_to(&self, is_spread: bool) {
        self.is_spread.store(is_spread, Ordering::Release);
    }

    /// Whether keys are spread by their hashes.
    pub(super) fn is_spread(&self) -> bool {
        self.is_spread.load(Ordering::Acquire)
    }

    /// The shard of a key.
    #[inline]
    pub(super) fn shard(&self, hash: u64) -> usize {
        self.shard_if(self.is_spread(), hash)
    }

    /// The shard of a key where keys are spread, or are not.
    #[inline]
    pub(super) fn shard_if(&self, is_spread: bool, hash: u64) -> usize {
        if is_spread {
            spread(hash, self.shards)
        } else {
            self.home
        }
    }

    /// The other shards where caches may have the same complete key.
    pub(super) fn elsewhere(&self, hash: u64) -> Vec<usize> {
        let kin = self.kin();
        let here = self.shard(hash);
        let mut shards: Vec<_> = kin.iter().map(|kin| kin.shard(hash)).collect();
        shards.retain(|shard| *shard != here);
        shards.sort_unstable();
        shards.dedup();
        shards
    }

    /// Whether any cache may have keys in common with this one.
    pub(super) fn has_kin(&self) -> bool {
        !self.kin().is_empty()
    }

    fn kin(&self) -> RwLockReadGuard<'_, Vec<Arc<Self>>> {
        self.kin.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes a place from those that have keys in common with others.
    pub(super) fn unrelate(one: &Arc<Self>) {
        let kin = std::mem::take(&mut *one.kin.write().unwrap_or_else(PoisonError::into_inner));
        for other in kin {
            let mut known = other.kin.write().unwrap_or_else(PoisonError::into_inner);
            known.retain(|place| !Arc::ptr_eq(place, one));
        }
    }

    /// Notes that both have keys in common.
    pub(super) fn relate(one: &Arc<Self>, other: &Arc<Self>) {
        for (place, kin) in [(one, other), (other, one)] {
            let mut known = place.kin.write().unwrap_or_else(PoisonError::into_inner);
            known.push(Arc::clone(kin));
        }
    }

    /// What shard number `index` holds of a cache with these options.
    pub(super) fn share(&self, options: &Options, index: usize) -> Bounds {
        let whole = Bounds::from(options);
        let part = |all: u64| {
            let (index, shards) = (index as u64, self.shards as u64);
            all / shards + u64::from(index < all % shards)
        };
        if !self.is_spread() {
            let max_entries = if index == self.home {
                whole.max_entries
            } else {
                0
            };
            return Bounds {
                max_entries,
                ..whole
            };
        }
        Bounds {
            max_entries: u32::try_from(part(whole.max_entries.into())).unwrap_or(u32::MAX),
            max_bytes: match whole.max_bytes {
                u64::MAX => u64::MAX,
                bytes => part(bytes),
            },
            ..whole
        }
    }
}

/// The shard that a hash falls to: by the high bits, as tables take the low ones.
fn spread(hash: u64, shards: usize) -> usize {
    let share = u128::from(hash) * shards as u128;
    usize::try_from(share >> 64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(local_max: u32, local_max_bytes: Option<u64>) -> Options {
        Options {
            local_max,
            local_max_bytes,
            ..Options::default()
        }
    }

    #[test]
    fn spreads_from_sixty_four_entries_a_shard_on() {
        assert!(!Place::spreads(&options(255, None), 4));
        assert!(Place::spreads(&options(256, None), 4));
        assert!(!Place::spreads(&options(256, Some((4 << 20) - 1)), 4));
        assert!(Place::spreads(&options(256, Some(4 << 20)), 4));
        assert!(!Place::spreads(&options(u32::MAX, None), 1));
    }

    #[test]
    fn share_of_all_shards_is_the_whole() {
        let options = options(1_001, Some(1 << 20));
        for is_spread in [false, true] {
            let place = Place::new(5, 4, is_spread);
            let shares = (0..4).map(|index| place.share(&options, index));
            let entries: u32 = shares.map(|share| share.max_entries).sum();
            assert_eq!(entries, 1_001);
        }
    }

    #[test]
    fn spread_any_hash_is_a_shard_and_all_are_used() {
        let used: std::collections::BTreeSet<_> = (0..64)
            .map(|high| spread(high << 58 | 0x00ff_ffff, 3))
            .collect();
        assert_eq!(used.into_iter().collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn elsewhere_of_kin_in_another_shard_is_that_shard() {
        let [user, admin] = [0, 1].map(|number| Place::new(number, 2, false));
        assert!(user.elsewhere(7).is_empty());
        Place::relate(&user, &admin);
        assert_eq!((user.elsewhere(7), admin.elsewhere(7)), (vec![1], vec![0]));
        Place::unrelate(&admin);
        assert!(user.elsewhere(7).is_empty() && !admin.has_kin());
    }
}
