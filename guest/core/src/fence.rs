//! The fence: decides whether a reply of L2 may be stored.
//!
//! Every event that can make a reply outdated (a write, an invalidation, a clear) *bumps* what it
//! touches to a number never used before. A request carries the version that its key had before it
//! was sent. Its reply is stored only if the key still has that version. These are rules 1, 2 and 4
//! of a correct hybrid cache; the leases of Facebook's memcache are the ancestor (Nishtala et al.,
//! NSDI 2013).

use crate::time::Moment;

/// Number of stripes. Keys share them, so that the fence has a fixed size. A collision costs only a
/// miss.
const STRIPES: usize = 1024;

/// Proof of when a request was sent. Holds no state in the shard, so it may be dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The highest bump of the key's stripe, its cache and the whole shard.
    pub version: u64,
    /// The moment before the request; TTLs are counted from it.
    pub asked: Moment,
}

impl Ticket {
    /// A ticket that is never current. Versions are not 0 either, unless the incarnation is.
    pub const VOID: Self = Self {
        version: 0,
        asked: Moment::from_nanos(0),
    };

    /// Returns whether this is [`VOID`](Self::VOID).
    pub const fn is_void(self) -> bool {
        self.version == 0
    }

    /// Returns whether the reply to a request with the ticket `request` may go to the caller with
    /// this one: nothing has happened to the key between the two. A void ticket joins nothing, not
    /// even another void one, because what happened between them is unknown.
    pub const fn joins(self, request: Self) -> bool {
        !self.is_void() && self.version == request.version
    }
}

/// The bumps of one shard.
#[derive(Debug)]
pub(crate) struct Fence {
    /// The last number used.
    last: u64,
    /// The last bump of each stripe of keys.
    stripes: Box<[u64]>,
    /// The last reply of L2 for each stripe.
    observed: Box<[u64]>,
    /// The last bump of the whole shard.
    all: u64,
}

impl Fence {
    /// Creates a fence whose numbers are above those of all earlier incarnations. One incarnation
    /// has 2^40 numbers.
    pub(crate) fn new(incarnation: u32) -> Self {
        let start = u64::from(incarnation) << 40;
        Self {
            last: start,
            stripes: vec![start; STRIPES].into(),
            observed: vec![start; STRIPES].into(),
            all: start,
        }
    }

    /// Returns a number never used before.
    pub(crate) fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Gives all keys of a key's stripe a new version.
    pub(crate) fn bump(&mut self, hash: u64) {
        let next = self.next();
        self.stripes[stripe(hash)] = next;
    }

    /// Records that L2 has replied to a read of a key.
    pub(crate) fn observe(&mut self, hash: u64) {
        let next = self.next();
        self.observed[stripe(hash)] = next;
    }

    /// Returns whether L2 has replied to a read of the key since it had this version.
    pub(crate) fn was_observed_since(&self, hash: u64, version: u64) -> bool {
        self.observed[stripe(hash)] > version
    }

    /// Gives every key a new version. O(1).
    pub(crate) fn bump_all(&mut self) {
        self.all = self.next();
    }

    /// Returns the last bump of the whole shard.
    pub(crate) fn all(&self) -> u64 {
        self.all
    }

    /// Returns the version of a key whose cache was last bumped at `min_version`.
    pub(crate) fn version(&self, hash: u64, min_version: u64) -> u64 {
        self.stripes[stripe(hash)].max(min_version).max(self.all)
    }
}

/// Returns the stripe of a hash, from its middle bits: tables use the low and the high ones.
fn stripe(hash: u64) -> usize {
    ((hash >> 24) % STRIPES as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_after_any_bump_is_new() {
        let mut fence = Fence::new(0);
        let before = fence.version(0, 0);
        fence.bump(0);
        let stripe = fence.version(0, 0);
        fence.bump_all();
        let all = fence.version(0, 0);
        let min_version = fence.next();
        assert!(before < stripe && stripe < all && all < fence.version(0, min_version));
    }

    #[test]
    fn joins_void_ticket_joins_nothing() {
        let ticket = |version, nanos| Ticket {
            version,
            asked: Moment::from_nanos(nanos),
        };
        assert!(ticket(7, 1).joins(ticket(7, 2)), "of one version");
        assert!(!ticket(7, 1).joins(ticket(8, 1)));
        assert!(!Ticket::VOID.joins(Ticket::VOID));
        assert!(!Ticket::VOID.joins(ticket(7, 1)) && !ticket(7, 1).joins(Ticket::VOID));
    }

    #[test]
    fn version_of_another_stripe_stays() {
        let mut fence = Fence::new(0);
        let other = fence.version(1 << 24, 0);
        fence.bump(0);
        assert_eq!(fence.version(1 << 24, 0), other);
    }

    #[test]
    fn new_later_incarnation_starts_above_all_before() {
        let mut old = Fence::new(6);
        for _ in 0..1_000 {
            old.bump(0);
        }
        assert!(Fence::new(7).version(0, 0) > old.version(0, 0));
    }
}
